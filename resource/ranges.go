// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"cmp"
	"slices"
	"strconv"
)

// Range is the numbers from Begin to End, both included.
type Range struct {
	Begin, End uint64
}

// String returns "31000-32000".
func (r Range) String() string {
	return strconv.FormatUint(r.Begin, 10) + "-" + strconv.FormatUint(r.End, 10)
}

// A canonical list of ranges is sorted, and between two neighbours at least
// one number is missing. All functions below take and return canonical lists,
// and share no memory that anybody writes to.

// canonicalRanges sorts rs in place and joins what touches. The second result
// is a number that occurs twice, if the third is true.
func canonicalRanges(rs []Range) ([]Range, uint64, bool) {
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.Begin, b.Begin) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && r.Begin <= out[n-1].End {
			return nil, r.Begin, true
		}
		out = appendRange(out, r)
	}
	return out, 0, false
}

// appendRange adds r, which begins no earlier than the last of out, and joins
// the two if they overlap or touch.
func appendRange(out []Range, r Range) []Range {
	if n := len(out); n > 0 {
		last := &out[n-1]
		if r.Begin <= last.End || r.Begin-1 == last.End {
			last.End = max(last.End, r.End)
			return out
		}
	}
	return append(out, r)
}

// unionRanges returns the numbers that are in a or in b.
func unionRanges(a, b []Range) []Range {
	out := make([]Range, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].Begin <= b[0].Begin {
			out, a = appendRange(out, a[0]), a[1:]
		} else {
			out, b = appendRange(out, b[0]), b[1:]
		}
	}
	for _, r := range a {
		out = appendRange(out, r)
	}
	for _, r := range b {
		out = appendRange(out, r)
	}
	return out
}

// containsRanges tells whether every number of b is in a.
func containsRanges(a, b []Range) bool {
	for _, want := range b {
		for len(a) > 0 && a[0].End < want.Begin {
			a = a[1:]
		}
		if len(a) == 0 || want.Begin < a[0].Begin || want.End > a[0].End {
			return false
		}
	}
	return true
}

// minusRanges returns the numbers of a that are not in b; nil if there are none.
func minusRanges(a, b []Range) []Range {
	var out []Range
	for _, r := range a {
		for len(b) > 0 && b[0].End < r.Begin {
			b = b[1:]
		}
		left, some := r, true
		for k := 0; some && k < len(b) && b[k].Begin <= left.End; k++ {
			if b[k].Begin > left.Begin {
				out = append(out, Range{left.Begin, b[k].Begin - 1})
			}
			if some = b[k].End < left.End; some {
				left.Begin = b[k].End + 1
			}
		}
		if some {
			out = append(out, left)
		}
	}
	return out
}

// commonRanges returns the numbers that are both in a and in b; nil if there
// are none.
func commonRanges(a, b []Range) []Range {
	var out []Range
	for len(a) > 0 && len(b) > 0 {
		begin, end := max(a[0].Begin, b[0].Begin), min(a[0].End, b[0].End)
		if begin <= end {
			out = append(out, Range{begin, end})
		}
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}
