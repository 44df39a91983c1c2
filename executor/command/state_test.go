// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"testing"

	"github.com/tepui/tepui/internal/diagram"
)

func TestDiagramIsTheTable(t *testing.T) { diagram.Check(t, "state.go", next) }
