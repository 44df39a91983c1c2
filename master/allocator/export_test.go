// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"

	"github.com/tepui/tepui/master/core"
)

// WalkAlways makes it go through the order of all clients, however few matter.
func (f *Fair) WalkAlways() { f.few = 0 }

// Looks returns how often a client was looked at for an agent.
func (f *Fair) Looks() uint64 { return f.looks }

// CheckDenied checks after a pass that those who are known to be denied what an
// agent has free would be denied it if they were looked at.
func (f *Fair) CheckDenied() error {
	for _, a := range f.order {
		for _, c := range f.clients {
			if c == nil || a.stale || !f.eligible.has(c.number) || !a.denied.has(c.number) {
				continue
			}
			if found := f.look(a, c); found.verdict == core.VerdictWaiting {
				return fmt.Errorf("agent %s is denied to %s in %s, but may be granted: %s", a.id, c.framework.id, c.role.path, found.piece)
			}
		}
	}
	return nil
}
