// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const rest = " S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200"
	for name, want := range map[string]Process{
		"12 (sh)" + rest:          {PID: 12, Parent: 1, Name: "sh", State: 'S', Start: 98765},
		"12 (a) R 9 (b ()" + rest: {PID: 12, Parent: 1, Name: "a) R 9 (b (", State: 'S', Start: 98765},
	} {
		got, err := parseStat(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: -want +got\n%s", name, d)
		}
	}
	for _, bad := range []string{"", "12 sh S 1", "12 (sh) S 1 2", "x (sh)" + rest, ") ("} {
		if p, err := parseStat(bad); err == nil {
			t.Errorf("%q was read as %v", bad, p)
		}
	}
}

func TestAddedNamesWhatIsNew(t *testing.T) {
	before := Census{
		Groups:    []Group{"/g", "/g/a"},
		Processes: []Process{{PID: 1, Start: 1}, {PID: 7, Parent: 1, Start: 5, State: 'S'}, {PID: 8, Parent: 1, Start: 5, State: 'S'}},
		Mounts:    []string{"/ (ext4)", "/tmp (tmpfs)"},
		Links:     []string{"lo"},
	}
	after := Census{
		Groups: []Group{"/g", "/g/b"},
		Processes: []Process{
			{PID: 1, Start: 1},
			{PID: 7, Parent: 1, Start: 900, Name: "reused", State: 'S'},
			{PID: 8, Parent: 1, Start: 5, State: 'Z', Name: "undead"},
		},
		Mounts: []string{"/ (ext4)", "/tmp (tmpfs)", "/tmp (tmpfs)"},
		Links:  []string{"lo", "veth0"},
	}
	got := strings.Join(after.Added(before, 0), "\n")
	for _, want := range []string{"cgroup /g/b", "mount /tmp (tmpfs)", "interface veth0", `7 "reused"`, `8 "undead" (state Z`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not among\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 5 {
		t.Errorf("%d things, want 5:\n%s", n, got)
	}
	if left := before.Added(before, 0); len(left) != 0 {
		t.Errorf("nothing happened, and was added: %v", left)
	}
}

func TestAddedOnABusyHostCountsWhatConcernsTheTest(t *testing.T) {
	before := Census{Groups: []Group{"/g", "/g/old"}}
	after := Census{Groups: []Group{"/g", "/g/old"}, Processes: []Process{
		{PID: 50, Parent: 1, Name: "stranger", Group: "/old"},
		{PID: 60, Parent: 1, Name: "shell", Group: "/"},
		{PID: 61, Parent: 100, Name: "child", Group: "/"},
		{PID: 62, Parent: 61, Name: "grandchild", Group: "/"},
		{PID: 63, Parent: 1, Name: "orphan", Group: "/new"},
	}}
	got := strings.Join(after.Added(before, 100), "\n")
	for name, want := range map[string]bool{"stranger": false, "shell": false, `"child"`: true, "grandchild": true, "orphan": true} {
		if strings.Contains(got, name) != want {
			t.Errorf("%s counted: %t, want %t; in\n%s", name, !want, want, got)
		}
	}
}
