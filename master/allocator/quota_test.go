// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"testing"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// What agents have to spare is counted only while something is guaranteed: one
// that goes in between must not be counted afterwards.
func TestAnAgentThatGoesWhileNothingIsGuaranteedIsNotToSpare(t *testing.T) {
	d := newDesk(t)
	guarantee := core.Quota{Guarantees: map[string]resource.Milli{"cpus": 2000}}
	d.framework("f")
	d.agent("a", "cpus:4;mem:100")
	d.agent("b", "cpus:1;mem:100")
	d.Suppress("f", []string{"*"})
	d.SetQuota("r", guarantee)
	d.SetQuota("r", core.Quota{})
	d.RemoveAgent("a")
	d.SetQuota("r", guarantee)
	d.Revive("f", []string{"*"})
	for _, p := range d.allocate() {
		if p.Resources.CPUs() > 0 {
			t.Errorf("%s is granted to f, but all cpus are to be held back for r", p.Resources)
		}
	}
}
