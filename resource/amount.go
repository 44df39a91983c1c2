// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"iter"

	mesos "github.com/tepui/tepui/api/v1"
)

// Amount is a scalar with what matters to those who divide and limit.
type Amount struct {
	Name      string
	Value     Milli
	Role      string // for which it is reserved; empty for none
	Revocable bool
}

// Amounts yields every scalar, those of one name one after the other; copies of
// a shared volume are one. It does not allocate.
func (r Resources) Amounts() iter.Seq[Amount] {
	return func(yield func(Amount) bool) {
		for i := range r.items {
			it := &r.items[i]
			if it.kind != mesos.Value_SCALAR {
				continue
			}
			a := Amount{Name: it.name, Value: it.total(), Role: it.traits.reservedFor()}
			a.Revocable = it.traits != nil && it.traits.revocable
			if !yield(a) {
				return
			}
		}
	}
}

// IsPlain tells whether nothing in r is reserved, or special in any other way.
func (r Resources) IsPlain() bool {
	for i := range r.items {
		if r.items[i].traits != nil {
			return false
		}
	}
	return true
}

// Firm returns what cannot be taken away: all but the revocable.
func (r Resources) Firm() Resources {
	return r.filter(func(it *item) bool { return it.traits == nil || !it.traits.revocable })
}

// Unshared returns all but what several tasks can use at once.
func (r Resources) Unshared() Resources {
	return r.filter(func(it *item) bool { return it.traits == nil || !it.traits.shared })
}

// Cut returns r with no more of each scalar than most says of its name and of
// how much there is. Only what is neither reserved nor revocable is cut, and
// what cannot be split is left out where it is too much.
func (r Resources) Cut(most func(name string, have Milli) Milli) Resources {
	var out []item // a copy, once something is cut
	for i := 0; i < len(r.items); {
		end, have := r.loose(i)
		left := have
		if have > 0 {
			left = max(0, min(have, most(r.items[i].name, have)))
		}
		if left < have && out == nil {
			out = append(make([]item, 0, len(r.items)), r.items[:i]...)
		}
		for ; i < end; i++ {
			it := r.items[i]
			if out == nil {
				continue
			}
			if it.isLoose() {
				it = it.atMost(left)
			}
			if it.isEmpty() {
				continue
			}
			if out = append(out, it); it.isLoose() {
				left -= it.total()
			}
		}
	}
	if out == nil {
		return r
	}
	return Resources{out}
}

// loose returns the end of the items of one name from i on, and how much of it
// Cut may cut.
func (r Resources) loose(i int) (end int, have Milli) {
	for end = i; end < len(r.items) && r.items[end].name == r.items[i].name; end++ {
		if r.items[end].isLoose() {
			have = have.plus(r.items[end].total())
		}
	}
	return end, have
}

// isLoose tells whether the item is a scalar, not reserved and not revocable.
func (it *item) isLoose() bool {
	return it.kind == mesos.Value_SCALAR && it.traits.reservedFor() == "" && (it.traits == nil || !it.traits.revocable)
}

// atMost returns the item with no more than most of it.
func (it item) atMost(most Milli) item {
	switch {
	case it.total() <= most:
	case it.traits.isWhole():
		it.count = 0
	default:
		it.scalar = most
	}
	return it
}

// same tells whether r and o are one value, which equal ones often are that were
// handed on: a comparison that costs nothing.
func (r Resources) same(o Resources) bool {
	return len(r.items) == len(o.items) && (len(r.items) == 0 || &r.items[0] == &o.items[0])
}
