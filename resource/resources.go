// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

// Resources is an amount of any number of resources: what an agent has, what
// an offer gives, what a task uses. It is a value: nothing changes it, and it
// can be shared between goroutines. The zero value is nothing at all.
type Resources struct {
	items []item // sorted by identity, each identity once, none empty
}

// IsEmpty tells whether r is nothing.
func (r Resources) IsEmpty() bool {
	return len(r.items) == 0
}

// Same tells whether r and o are one value: a copy of the other, of which no part
// needs to be compared. Values that are Equal need not be the same.
func (r Resources) Same(o Resources) bool {
	return len(r.items) == len(o.items) && (len(r.items) == 0 || &r.items[0] == &o.items[0])
}

// Add returns r and o together. Ranges and sets are united: a number or a
// name that is in both is once in the sum. A scalar that would overflow an
// int64 stays at its largest value.
func (r Resources) Add(o Resources) Resources {
	switch {
	case len(o.items) == 0:
		return r
	case len(r.items) == 0:
		return o
	}
	a, b := r.items, o.items
	out := make([]item, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch c := compareItems(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0].plus(&b[0])), a[1:], b[1:]
		}
	}
	return Resources{append(append(out, a...), b...)}
}

// Subtract returns r without o. If r does not contain o, the error is a
// *NotContainedError that names the first missing item.
func (r Resources) Subtract(o Resources) (Resources, error) {
	switch {
	case len(o.items) == 0:
		return r, nil
	case r.same(o):
		return Resources{}, nil
	}
	a, b := r.items, o.items
	out := make([]item, 0, len(a))
	for len(a) > 0 && len(b) > 0 {
		switch c := compareItems(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			return Resources{}, notContained(&b[0], nil)
		default:
			if !a[0].contains(&b[0]) {
				return Resources{}, notContained(&b[0], &a[0])
			}
			if left := a[0].minus(&b[0]); !left.isEmpty() {
				out = append(out, left)
			}
			a, b = a[1:], b[1:]
		}
	}
	if len(b) > 0 {
		return Resources{}, notContained(&b[0], nil)
	}
	return Resources{append(out, a...)}, nil
}

// notContained describes why want cannot be taken from have; have is nil if
// there is no such item.
func notContained(want, have *item) *NotContainedError {
	e := &NotContainedError{Item: want.label(), Want: want.amount(), Have: "nothing"}
	if have != nil {
		e.Have = have.amount()
	}
	return e
}

// Contains tells whether o can be subtracted from r.
func (r Resources) Contains(o Resources) bool {
	if r.same(o) {
		return true
	}
	a := r.items
	for i := range o.items {
		want := &o.items[i]
		for len(a) > 0 && compareItems(&a[0], want) < 0 {
			a = a[1:]
		}
		if len(a) == 0 || compareItems(&a[0], want) != 0 || !a[0].contains(want) {
			return false
		}
	}
	return true
}

// Common returns what both r and o have: of each identity the smaller amount.
func (r Resources) Common(o Resources) Resources {
	a, b := r.items, o.items
	var out []item
	for len(a) > 0 && len(b) > 0 {
		switch c := compareItems(&a[0], &b[0]); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			if both := a[0].common(&b[0]); !both.isEmpty() {
				out = append(out, both)
			}
			a, b = a[1:], b[1:]
		}
	}
	return Resources{out}
}

// Without returns r without what o has of it; o need not be contained in r.
func (r Resources) Without(o Resources) Resources {
	left, _ := r.Subtract(r.Common(o)) // Common is contained in r
	return left
}

// Cover returns the least that contains both r and o.
func (r Resources) Cover(o Resources) Resources {
	return r.Add(o.Without(r))
}

// Equal tells whether r and o are the same amounts of the same resources.
func (r Resources) Equal(o Resources) bool {
	return r.same(o) || slices.EqualFunc(r.items, o.items, func(a, b item) bool {
		return compareItems(&a, &b) == 0 && a.count == b.count && a.scalar == b.scalar &&
			slices.Equal(a.ranges, b.ranges) && slices.Equal(a.set, b.set)
	})
}

// canonical makes a Resources of items in any order. It owns the items and
// their slices. What is stated twice is summed; a number or a name that is
// there twice, or a sum above MaxMilli, is an *InvalidError.
func canonical(items []item) (Resources, error) {
	items = slices.DeleteFunc(items, func(it item) bool { return it.isEmpty() })
	slices.SortStableFunc(items, func(a, b item) int { return compareItems(&a, &b) })
	var out []item
	for len(items) > 0 {
		n := 1
		for n < len(items) && compareItems(&items[0], &items[n]) == 0 {
			n++
		}
		it, err := join(items[:n])
		if err != nil {
			return Resources{}, err
		}
		out, items = append(out, it), items[n:]
	}
	return Resources{out}, nil
}

// join sums items of one identity, at least one.
func join(items []item) (item, error) {
	it := items[0]
	for i := range items[1:] {
		next := &items[1+i]
		switch {
		case it.traits.isWhole():
			it.count += next.count
		case it.kind == mesos.Value_SCALAR:
			it.scalar = it.scalar.plus(next.scalar)
		default:
			it.ranges = append(it.ranges, next.ranges...)
			it.set = append(it.set, next.set...)
		}
	}
	if it.scalar > MaxMilli {
		return item{}, &InvalidError{it.label(), it.value(), "must not exceed " + MaxMilli.String() + " in sum"}
	}
	var twice bool
	var number uint64
	var name string
	if it.ranges, number, twice = canonicalRanges(it.ranges); twice {
		return item{}, &InvalidError{it.label(), Range{number, number}.String(), "must not be there twice"}
	}
	if it.set, name, twice = canonicalSet(it.set); twice {
		return item{}, &InvalidError{it.label(), setText([]string{name}), "must not be there twice"}
	}
	return it, nil
}
