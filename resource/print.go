// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"strconv"
	"strings"
)

// String returns r as text that Parse reads back: items joined by ";", each a
// name, what sets it apart, and its value.
func (r Resources) String() string {
	var b strings.Builder
	for i := range r.items {
		it := &r.items[i]
		for range it.count {
			if b.Len() > 0 {
				b.WriteByte(';')
			}
			b.WriteString(it.label())
			b.WriteByte(':')
			b.WriteString(it.value())
		}
	}
	return b.String()
}

// rangesText returns "[1-2,5-5]".
func rangesText(rs []Range) string {
	parts := make([]string, len(rs))
	for i, r := range rs {
		parts[i] = r.String()
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// setText returns "{a,b}"; names with characters that have a meaning in the
// text are quoted as in Go.
func setText(items []string) string {
	parts := make([]string, len(items))
	for i, s := range items {
		parts[i] = s
		if q := strconv.Quote(s); s == "" || len(q) != len(s)+2 || strings.ContainsAny(s, special+" ") {
			parts[i] = q
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}
