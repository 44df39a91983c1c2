// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"testing"

	"github.com/tepui/tepui/internal/diagram"
)

func TestTheDiagramOfAgentsIsTheTable(t *testing.T) {
	diagram.Check(t, "agentstate.go", agentTransitions)
}
