// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import "slices"

// A canonical set is a sorted list of strings without doubles. All functions
// below take and return canonical sets, and share no memory that anybody
// writes to.

// canonicalSet sorts items in place. The second result is an item that occurs
// twice, if the third is true.
func canonicalSet(items []string) ([]string, string, bool) {
	slices.Sort(items)
	for i := 1; i < len(items); i++ {
		if items[i] == items[i-1] {
			return nil, items[i], true
		}
	}
	return items, "", false
}

// unionSets returns what is in a or in b.
func unionSets(a, b []string) []string {
	out := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// containsSet tells whether all of b is in a.
func containsSet(a, b []string) bool {
	for _, want := range b {
		for len(a) > 0 && a[0] < want {
			a = a[1:]
		}
		if len(a) == 0 || a[0] != want {
			return false
		}
	}
	return true
}

// minusSets returns what is in a and not in b; nil if there is nothing.
func minusSets(a, b []string) []string {
	var out []string
	for _, s := range a {
		for len(b) > 0 && b[0] < s {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != s {
			out = append(out, s)
		}
	}
	return out
}

// commonSets returns what is both in a and in b; nil if there is nothing.
func commonSets(a, b []string) []string {
	var out []string
	for _, s := range a {
		for len(b) > 0 && b[0] < s {
			b = b[1:]
		}
		if len(b) > 0 && b[0] == s {
			out = append(out, s)
		}
	}
	return out
}
