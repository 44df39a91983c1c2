// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiagramIsTheTable(t *testing.T) {
	src, err := os.ReadFile("state.go")
	if err != nil {
		t.Fatal(err)
	}
	var drawn []string
	arrow := regexp.MustCompile(`(?m)^//\t(\w+) +-- (.+?) +--> (\w+)$`)
	for _, m := range arrow.FindAllStringSubmatch(string(src), -1) {
		drawn = append(drawn, strings.Join(m[1:], "|"))
	}
	var table []string
	for from, events := range transitions {
		for ev, to := range events {
			table = append(table, fmt.Sprintf("%v|%v|%v", from, ev, to))
		}
	}
	slices.Sort(drawn)
	slices.Sort(table)
	if diff := cmp.Diff(table, drawn); diff != "" {
		t.Errorf("the diagram is not the table (-table +diagram):\n%s", diff)
	}
}

func TestEveryStateBeforeTerminatingCanStop(t *testing.T) {
	for s := Fetching; s <= Terminating; s++ {
		if to, ok := transitions[s][stop]; !ok || to != Terminating {
			t.Errorf("%v: stop leads to %v, %v", s, to, ok)
		}
	}
}
