// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package diagram checks that the diagram in a state machine's file and its
// transition table say the same. It is for tests, and imports nothing of ours.
package diagram

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// arrow is one line of a diagram: "//<tab>from +-- event +--> to", with any
// number of spaces for each +.
var arrow = regexp.MustCompile(`(?m)^//\t(\w+) +-- (.+?) +--> (\w+)$`)

// Check fails the test unless the arrows in the comments of a Go file are the
// rows of table: by state, by event, the state that follows. States and
// events are drawn as they print.
func Check[S, E comparable](t testing.TB, file string, table map[S]map[E]S) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows(table), arrows(string(src))); diff != "" {
		t.Errorf("the diagram in %s is not the table (-table +diagram):\n%s", file, diff)
	}
}

func arrows(src string) []string {
	var drawn []string
	for _, m := range arrow.FindAllStringSubmatch(src, -1) {
		drawn = append(drawn, strings.Join(m[1:], "|"))
	}
	slices.Sort(drawn)
	return drawn
}

func rows[S, E comparable](table map[S]map[E]S) []string {
	var all []string
	for from, events := range table {
		for event, to := range events {
			all = append(all, fmt.Sprintf("%v|%v|%v", from, event, to))
		}
	}
	slices.Sort(all)
	return all
}
