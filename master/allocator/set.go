// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import "math/bits"

// set is a set of small numbers, those of clients. The zero value is empty.
type set []uint64

func (s set) has(i int) bool { return i>>6 < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

func (s *set) add(i int) {
	for len(*s) <= i>>6 {
		*s = append(*s, 0)
	}
	(*s)[i>>6] |= 1 << (i & 63)
}

func (s set) remove(i int) {
	if i>>6 < len(s) {
		s[i>>6] &^= 1 << (i & 63)
	}
}

// addAll adds what is in o.
func (s *set) addAll(o set) {
	for len(*s) < len(o) {
		*s = append(*s, 0)
	}
	for i, w := range o {
		(*s)[i] |= w
	}
}

// removeAll removes what is in o.
func (s set) removeAll(o set) {
	for i := range min(len(s), len(o)) {
		s[i] &^= o[i]
	}
}

func (s set) isEmpty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// some appends the numbers that are in s and not in other to list, in order, as
// long as there is room in it; false if there was not.
func (s set) some(other set, list []int) ([]int, bool) {
	for i, w := range s {
		if i < len(other) {
			w &^= other[i]
		}
		for ; w != 0; w &= w - 1 {
			if len(list) == cap(list) {
				return list, false
			}
			list = append(list, i<<6|bits.TrailingZeros64(w))
		}
	}
	return list, true
}

// within returns what is in s and in other.
func (s set) within(other set) set {
	var both set
	for i := range min(len(s), len(other)) {
		both = append(both, s[i]&other[i])
	}
	return both
}
