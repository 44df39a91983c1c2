// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseContainers(t *testing.T) {
	const text = `container a-1
memory.max 67108864
cpu.max max 100000
process 12 /init sleep 9
process 34 sleep 9 
container b-2
memory.max `
	want := []Container{
		{
			ID:        "a-1",
			Files:     map[string]string{"memory.max": "67108864", "cpu.max": "max 100000"},
			Processes: []Process{{12, "/init sleep 9"}, {34, "sleep 9"}},
		},
		{ID: "b-2", Files: map[string]string{"memory.max": ""}},
	}
	got, err := parseContainers(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pid := got[0].Find("sleep 9"); pid != 34 {
		t.Errorf("found PID %d of the command, want 34", pid)
	}
}

func TestParseContainersRefuses(t *testing.T) {
	for _, text := range []string{"memory.max 1", "container a\nprocess x sleep"} {
		if got, err := parseContainers(text); err == nil {
			t.Errorf("parseContainers(%q) = %v, want an error", text, got)
		}
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote(`it's $x`), `'it'\''s $x'`; got != want {
		t.Errorf("quote = %s, want %s", got, want)
	}
}
