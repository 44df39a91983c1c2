// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"maps"
	"math"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// setMinimum sets the client's own minimum for an offer, in place of the one of
// the operator; nil for none of its own.
func (f *Fair) setMinimum(c *client, filters *mesos.OfferFilters) {
	if c.hasMinimum {
		f.ownMinimums--
	}
	own := filters.GetMinAllocatableResources()
	if c.hasMinimum, c.minimum = own != nil, nil; own == nil {
		return
	}
	f.ownMinimums++
	for _, q := range own.Quantities {
		set := floor{}
		for _, name := range slices.Sorted(maps.Keys(q.GetQuantities())) {
			set = append(set, amount{-1, name, atLeast(q.Quantities[name].GetValue())})
		}
		c.minimum = append(c.minimum, set)
	}
}

// atLeast reads a peer's quantity. What is none is one that nothing has.
func atLeast(v float64) resource.Milli {
	if v <= 0 {
		return 0
	}
	if m, err := resource.MilliFromFloat(v); err == nil {
		return m
	}
	return math.MaxInt64
}

// enough tells whether a piece is worth offering to the client.
func (f *Fair) enough(c *client, piece resource.Resources) bool {
	if c.hasMinimum {
		return !piece.IsEmpty() && meets(c.minimum, piece)
	}
	return meets(f.minimum, piece)
}

// worth tells whether what is free of the agent is worth a look.
func (f *Fair) worth(a *agent) bool {
	if f.ownMinimums > 0 {
		return !a.free.IsEmpty()
	}
	return a.worth
}
