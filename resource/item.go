// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
)

// item is one identity with its quantity. Items are values that are never
// changed once they are part of a Resources: the slices and the traits are
// shared freely.
type item struct {
	name   string
	traits *traits // nil: neither reserved nor special in any way
	kind   mesos.Value_Type
	count  int32    // copies of a thing that cannot be split (traits.whole); otherwise 1
	scalar Milli    // kind SCALAR: > 0
	ranges []Range  // kind RANGES: canonical, not empty
	set    []string // kind SET: canonical, not empty
}

// compareItems orders by identity. Of what cannot be split the quantity is
// part of the identity.
func compareItems(a, b *item) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	if a.kind != b.kind {
		return cmp.Compare(a.kind, b.kind)
	}
	if a.traits != b.traits {
		if c := strings.Compare(a.traits.text(), b.traits.text()); c != 0 {
			return c
		}
	}
	if a.traits.isWhole() {
		return cmp.Compare(a.scalar, b.scalar)
	}
	return 0
}

// plus adds b, which has the identity of it.
func (it item) plus(b *item) item {
	switch {
	case it.traits.isWhole():
		it.count += b.count
	case it.kind == mesos.Value_SCALAR:
		it.scalar = it.scalar.plus(b.scalar)
	case it.kind == mesos.Value_RANGES:
		it.ranges = unionRanges(it.ranges, b.ranges)
	default:
		it.set = unionSets(it.set, b.set)
	}
	return it
}

// minus takes away b, which has the identity of it and is contained in it.
func (it item) minus(b *item) item {
	switch {
	case it.traits.isWhole():
		it.count -= b.count
	case it.kind == mesos.Value_SCALAR:
		it.scalar -= b.scalar
	case it.kind == mesos.Value_RANGES:
		it.ranges = minusRanges(it.ranges, b.ranges)
	default:
		it.set = minusSets(it.set, b.set)
	}
	return it
}

// common returns what both have, whatever their identities; both are of one
// kind, and what is whole has one identity.
func (it item) common(b *item) item {
	switch {
	case it.traits.isWhole():
		it.count = min(it.count, b.count)
	case it.kind == mesos.Value_SCALAR:
		it.scalar = min(it.scalar, b.scalar)
	case it.kind == mesos.Value_RANGES:
		it.ranges = commonRanges(it.ranges, b.ranges)
	default:
		it.set = commonSets(it.set, b.set)
	}
	return it
}

// contains tells whether b, which has the identity of it, can be taken away.
func (it *item) contains(b *item) bool {
	switch {
	case it.traits.isWhole():
		return it.count >= b.count
	case it.kind == mesos.Value_SCALAR:
		return it.scalar >= b.scalar
	case it.kind == mesos.Value_RANGES:
		return containsRanges(it.ranges, b.ranges)
	default:
		return containsSet(it.set, b.set)
	}
}

// isEmpty tells whether nothing is left.
func (it *item) isEmpty() bool {
	switch it.kind {
	case mesos.Value_SCALAR:
		return it.scalar == 0 || it.count == 0
	case mesos.Value_RANGES:
		return len(it.ranges) == 0
	default:
		return len(it.set) == 0
	}
}

// total returns the quantity of a scalar: copies of a shared volume are one
// volume.
func (it *item) total() Milli {
	switch n := Milli(it.count); {
	case n == 1 || it.traits.shared:
		return it.scalar
	case it.scalar > math.MaxInt64/n:
		return math.MaxInt64
	default:
		return it.scalar * n
	}
}

// label returns the item without its quantity: "cpus", "disk(ops)".
func (it *item) label() string {
	return it.name + it.traits.text()
}

// value returns the quantity as text: "4", "[1-2,5-5]", "{a,b}".
func (it *item) value() string {
	switch it.kind {
	case mesos.Value_SCALAR:
		return it.scalar.String()
	case mesos.Value_RANGES:
		return rangesText(it.ranges)
	default:
		return setText(it.set)
	}
}

// amount is value for a person: it tells how many of what cannot be split.
func (it *item) amount() string {
	if it.traits.isWhole() {
		return strconv.Itoa(int(it.count)) + " x " + it.value()
	}
	return it.value()
}
