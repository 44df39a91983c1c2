// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"testing"

	"github.com/tepui/tepui/internal/diagram"
)

func TestDiagramIsTheTable(t *testing.T) { diagram.Check(t, "state.go", transitions) }

func TestEveryStateBeforeTerminatingCanStop(t *testing.T) {
	for s := Fetching; s <= Terminating; s++ {
		if to, ok := transitions[s][stop]; !ok || to != Terminating {
			t.Errorf("%v: stop leads to %v, %v", s, to, ok)
		}
	}
}
