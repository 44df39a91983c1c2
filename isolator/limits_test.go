// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tepui/tepui/resource"
)

func TestCPUValues(t *testing.T) {
	for _, c := range []struct {
		cpus          resource.Milli
		weight, quota string
	}{
		{0, "1", "1000 100000"},
		{1, "1", "1000 100000"},
		{10, "1", "1000 100000"},
		{15, "1", "1500 100000"},
		{100, "10", "10000 100000"},
		{125, "12", "12500 100000"},
		{500, "50", "50000 100000"},
		{1000, "100", "100000 100000"},
		{3000, "300", "300000 100000"},
		{100_000, "10000", "10000000 100000"},
		{256_000, "10000", "25600000 100000"},
	} {
		if got := weight(c.cpus); got != c.weight {
			t.Errorf("weight of %v cpus is %s, want %s", c.cpus, got, c.weight)
		}
		if got := quota(c.cpus); got != c.quota {
			t.Errorf("quota of %v cpus is %s, want %s", c.cpus, got, c.quota)
		}
	}
}

func TestMemoryValues(t *testing.T) {
	page := int64(os.Getpagesize())
	for _, c := range []struct {
		bytes int64
		want  string
		ok    bool
	}{
		{0, "max", true},
		{1, "", false},
		{page - 1, "", false},
		{page, strconv.FormatInt(page, 10), true},
		{2*page - 1, strconv.FormatInt(page, 10), true},
		{64 << 20, "67108864", true},
		{math.MaxInt64, strconv.FormatInt(math.MaxInt64/page*page, 10), true},
	} {
		got, err := memoryValue(c.bytes)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("memory of %d bytes is %q, %v; want %q, ok %t", c.bytes, got, err, c.want, c.ok)
		}
	}
}

// a group as the kernel makes it
var fresh = map[string]string{
	"cpu.weight": "100\n", "cpu.max": "max 100000\n", "memory.max": "max\n", "memory.swap.max": "max\n",
	"memory.oom.group": "0\n", "memory.current": "0\n", "memory.reclaim": "",
}

func TestFirstLimits(t *testing.T) {
	limits := Limits{CPUs: 500, Memory: 64 << 20}
	for _, c := range []struct {
		name string
		e    enforcement
		want map[string]string
	}{
		{"all", enforcement{cpu: true, memory: true, cfs: true}, map[string]string{
			"cpu.weight": "50", "cpu.max": "50000 100000", "memory.max": "67108864", "memory.swap.max": "0", "memory.oom.group": "1",
		}},
		{"no cfs", enforcement{cpu: true, memory: true}, map[string]string{
			"cpu.weight": "50", "cpu.max": "max 100000", "memory.max": "67108864", "memory.swap.max": "0", "memory.oom.group": "1",
		}},
		{"cpu", enforcement{cpu: true, cfs: true}, map[string]string{
			"cpu.weight": "50", "cpu.max": "50000 100000", "memory.max": "max", "memory.swap.max": "max", "memory.oom.group": "0",
		}},
		{"memory", enforcement{memory: true}, map[string]string{
			"cpu.weight": "100", "cpu.max": "max 100000", "memory.max": "67108864", "memory.swap.max": "0", "memory.oom.group": "1",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := fakeGroup(t, fresh)
			if err := c.e.first(g, limits); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, holds(t, g, "cpu.weight", "cpu.max", "memory.max", "memory.swap.max", "memory.oom.group")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// No file may be missing: a limit that is not written is not in force.
func TestEachMissingFileIsAnError(t *testing.T) {
	e := enforcement{cpu: true, memory: true, cfs: true}
	for _, file := range []string{"cpu.weight", "cpu.max", "memory.max", "memory.oom.group", "memory.current"} {
		g := fakeGroup(t, fresh)
		if err := os.Remove(filepath.Join(g.path, file)); err != nil {
			t.Fatal(err)
		}
		if err := e.first(g, Limits{CPUs: 500, Memory: 64 << 20}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

func TestShrinkThatReclaimsTooLittle(t *testing.T) {
	g := fakeGroup(t, fresh)
	e := enforcement{cpu: true, memory: true, cfs: true}
	if err := e.first(g, Limits{CPUs: 500, Memory: 64 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := g.write("memory.current", "50000000\n"); err != nil {
		t.Fatal(err)
	}
	var refused *LimitError
	if err := e.change(g, Limits{CPUs: 1000, Memory: 32 << 20}); !errors.As(err, &refused) || refused.Got != "50000000 bytes in use" {
		t.Fatalf("got %v", err)
	}
	// What is in use holds back the memory, and only the memory.
	want := map[string]string{"cpu.weight": "100", "cpu.max": "100000 100000", "memory.max": "67108864", "memory.reclaim": "16445568"}
	if diff := cmp.Diff(want, holds(t, g, "cpu.weight", "cpu.max", "memory.max", "memory.reclaim")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSwapping(t *testing.T) {
	dir := fakeDir(t, map[string]string{
		"none": "Filename\tType\tSize\tUsed\tPriority\n",
		"one":  "Filename\tType\tSize\tUsed\tPriority\n/dev/vda2 partition 1 0 -2\n",
	})
	for name, want := range map[string]bool{"none": false, "one": true, "no such file": false} {
		if got := swapping(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Without swap accounting a limit of swap cannot be written, and need not be.
func TestNoSwapAccounting(t *testing.T) {
	g := fakeGroup(t, fresh)
	if err := os.Remove(filepath.Join(g.path, "memory.swap.max")); err != nil {
		t.Fatal(err)
	}
	err := prepareMemory(g)
	if want := swapping("/proc/swaps"); (err != nil) != want {
		t.Errorf("got %v on a host where swapping is %t", err, want)
	}
}
