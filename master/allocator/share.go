// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"slices"

	"github.com/tepui/tepui/resource"
)

// kinds numbers the names of scalar resources in the order in which they are
// first seen.
type kinds struct {
	numbers  map[string]int
	names    []string
	skip     []bool   // it does not count into shares
	excluded []string // names of those
}

func (k *kinds) number(name string) int {
	n, ok := k.numbers[name]
	if !ok {
		n = len(k.names)
		k.numbers[name] = n
		k.names = append(k.names, name)
		k.skip = append(k.skip, slices.Contains(k.excluded, name))
	}
	return n
}

// quantities are sums of scalar resources, by kind.
type quantities []resource.Milli

// count adds resources, or with sign -1 subtracts them.
func (q *quantities) count(k *kinds, r resource.Resources, sign resource.Milli) {
	for a := range r.Amounts() {
		*q.at(k.number(a.Name)) += sign * a.Value
	}
}

func (q *quantities) at(n int) *resource.Milli {
	for len(*q) <= n {
		*q = append(*q, 0)
	}
	return &(*q)[n]
}

// get returns the sum of a kind; one that is missing is 0.
func (q quantities) get(n int) resource.Milli {
	if n < len(q) {
		return q[n]
	}
	return 0
}

func (q quantities) isZero() bool {
	for _, v := range q {
		if v != 0 {
			return false
		}
	}
	return true
}

// dominant returns the largest share that q is of total, by kind, and of which
// kind it is; -1 for none.
func (q quantities) dominant(k *kinds, total quantities) (float64, int) {
	largest, kind := 0.0, -1
	for n, v := range q {
		if v > 0 && n < len(total) && total[n] > 0 && !k.skip[n] {
			if share := float64(v) / float64(total[n]); share > largest {
				largest, kind = share, n
			}
		}
	}
	return largest, kind
}

// equal compares sums; one that is missing is 0.
func (q quantities) equal(o quantities) bool {
	for n := range max(len(q), len(o)) {
		if q.get(n) != o.get(n) {
			return false
		}
	}
	return true
}

// amount is a quantity of one kind.
type amount struct {
	kind  int // of a floor of the operator only: what frameworks ask for is not numbered
	name  string
	least resource.Milli
}

// floor are amounts of which a piece must have all; of several floors, one.
type floor []amount

// meets tells whether a piece has all amounts of one floor; without any floor
// all that is something will do.
func meets(floors []floor, r resource.Resources) bool {
	if len(floors) == 0 {
		return !r.IsEmpty()
	}
	return slices.ContainsFunc(floors, func(f floor) bool {
		return !slices.ContainsFunc(f, func(a amount) bool { return r.Scalar(a.name) < a.least })
	})
}
