// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

func TestExitInWords(t *testing.T) {
	for want, e := range map[string]Exit{
		"exited with status 0":                             {},
		"exited with status 3":                             {Status: 3 << 8},
		"ended by signal 15 (terminated)":                  {Status: 15},
		"ended by signal 6 (aborted)":                      {Status: 6 | 0x80},
		"killed for memory: limit 64 bytes, peak 63 bytes": {Status: 9, OOM: &OOM{Limit: 64, Peak: 63, Kills: 2}},
		"killed because memory ran out outside of the container; its own limit of 64 bytes was kept, peak 6 bytes": {Status: 9, OOM: &OOM{Limit: 64, Peak: 6, Kills: 2, Outside: true}},
	} {
		if got := e.String(); got != want {
			t.Errorf("%+v is %q, want %q", e, got, want)
		}
	}
}

// The verdict is read from the group and not guessed from a signal.
func TestFindOOM(t *testing.T) {
	for _, c := range []struct {
		name   string
		events string
		want   *OOM
	}{
		{"nothing happened", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n", nil},
		{"the limit was met", "low 0\nhigh 0\nmax 900\noom 0\noom_kill 0\n", nil},
		{"killed", "low 0\nhigh 0\nmax 90\noom 1\noom_kill 3\noom_group_kill 1\n", &OOM{Limit: 4096, Peak: 4000, Kills: 3}},
		{"killed from outside", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\n", &OOM{Limit: 4096, Peak: 4000, Kills: 1, Outside: true}},
	} {
		g := fakeGroup(t, map[string]string{"memory.events": c.events, "memory.max": "4096\n", "memory.peak": "4000\n"})
		got, err := findOOM(g)
		if err != nil || (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: got %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
	g := fakeGroup(t, map[string]string{"memory.events": "oom 1\noom_kill 1\n", "memory.max": "max\n"}) // before Linux 5.19
	if got, err := findOOM(g); err != nil || *got != (OOM{Kills: 1}) {
		t.Errorf("without memory.peak: got %+v, %v", got, err)
	}
	g = fakeGroup(t, map[string]string{"memory.events": "garbage"})
	if got, err := findOOM(g); err == nil {
		t.Errorf("garbage is taken for %+v", got)
	}
}

func TestMeasure(t *testing.T) {
	dir := fakeDir(t, map[string]string{
		"c/cpu.stat":       "usage_usec 3500000\nuser_usec 3000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250000\n",
		"c/memory.current": "1000\n", "c/memory.peak": "2000\n", "c/memory.max": "max\n",
		"c/memory.stat":   "anon 600\nfile 300\nkernel_stack 16\nslab 8\n",
		"c/memory.events": "low 0\nhigh 0\nmax 5\noom 1\noom_kill 2\n",
		"c/pids.current":  "7\n", "c/pids.max": "max\n",
	})
	i := &Isolator{tree: &tree{group: openFake(t, dir)}}
	got, err := i.measure("c")
	want := Usage{
		CPU:       CPUUsage{Total: 3500 * time.Millisecond, User: 3 * time.Second, System: 500 * time.Millisecond, Periods: 10, Throttled: 4, ThrottledTime: 250 * time.Millisecond},
		Memory:    MemoryUsage{Current: 1000, Peak: 2000, Anon: 600, File: 300, Kernel: 24, OOM: 1, OOMKills: 2},
		Processes: 7,
	}
	if got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := i.measure("gone"); err != nil || got != (Usage{}) {
		t.Errorf("of no files: %+v, %v", got, err)
	}
}

func TestStartErrorNamesEverything(t *testing.T) {
	e := &StartError{ID: "c", Step: StepLimits, Err: &LimitError{File: "f", Want: "1", Err: syscall.EINVAL}, Cleanup: syscall.EBUSY}
	want := "isolator: start container c: limits: limit f: want 1: invalid argument; cleanup: device or resource busy"
	if e.Error() != want {
		t.Errorf("got %q, want %q", e.Error(), want)
	}
	if !errors.Is(e, syscall.EINVAL) || !errors.Is(e, syscall.EBUSY) {
		t.Error("a cause is lost")
	}
}
