// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/resource"
)

// Check implements core.Allocator.
func (f *Fair) Check() error {
	if f.broken != nil {
		return fmt.Errorf("allocator: sums do not add up: %w", f.broken)
	}
	var total, taken quantities
	for _, id := range slices.Sorted(maps.Keys(f.agents)) {
		a := f.agents[id]
		if left, err := a.total.Subtract(a.taken); err != nil || !left.Equal(a.free) {
			return fmt.Errorf("allocator: agent %s: taken %s and free %s are not its total %s", id, a.taken, a.free, a.total)
		}
		total.add(f.kinds, a.total)
		taken.add(f.kinds, a.taken)
	}
	if !total.equal(f.total) {
		return fmt.Errorf("allocator: agents have %v in all, but counted are %v", total, f.total)
	}
	return f.checkRoles(taken)
}

// checkRoles checks that the accounts of clients add up to those of their roles
// and these to what is taken of all agents.
func (f *Fair) checkRoles(taken quantities) error {
	var all quantities
	for _, name := range slices.Sorted(maps.Keys(f.roles)) {
		r := f.roles[name]
		var sum quantities
		for _, id := range slices.Sorted(maps.Keys(r.clients)) {
			for n, v := range r.clients[id].used {
				if v < 0 {
					return fmt.Errorf("allocator: framework %s has %v of kind %d in role %s", id, v, n, name)
				}
				*sum.at(n) += v
				*all.at(n) += v
			}
		}
		if !sum.equal(r.used) {
			return fmt.Errorf("allocator: role %s has %v, but its frameworks %v", name, r.used, sum)
		}
	}
	if !all.equal(taken) {
		return fmt.Errorf("allocator: agents have %v taken, but roles have %v", taken, all)
	}
	return nil
}

// equal compares sums; one that is missing is 0.
func (q quantities) equal(o quantities) bool {
	for n := range max(len(q), len(o)) {
		var a, b resource.Milli
		if n < len(q) {
			a = q[n]
		}
		if n < len(o) {
			b = o[n]
		}
		if a != b {
			return false
		}
	}
	return true
}
