// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/kernel"
)

// leavesNothing takes a census now, and again when all that the test has
// started is stopped. The root of the agent's tree and its own leaf may stay.
func leavesNothing(t *testing.T) {
	t.Helper()
	root, err := kernel.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(string(root.Child("tepui/agent")), 0o755); err != nil {
		t.Fatal(err)
	}
	kernel.Guard(t)
}

// group waits until the executor's container runs and returns its cgroup.
func group(t *testing.T, ctx context.Context, a *cluster.Agent, executor string) kernel.Group {
	t.Helper()
	return kernel.Group(container(t, ctx, a, executor).GetCgroup())
}

// processes are the pids of a container in the order of their births, PID 1 first.
func processes(t *testing.T, g kernel.Group) []int {
	t.Helper()
	pids, err := g.Child("leaf").PIDs()
	if err != nil {
		t.Fatal(err)
	}
	return pids
}

// limits are what the kernel enforces on a container.
func limits(g kernel.Group) (string, error) {
	var values [5]string
	var errs [5]error
	for i, name := range []string{"cpu.weight", "cpu.max", "memory.max", "memory.swap.max", "memory.oom.group"} {
		values[i], errs[i] = g.Read(name)
		if name == "memory.swap.max" && errors.Is(errs[i], fs.ErrNotExist) {
			values[i], errs[i] = "0", nil // a kernel without swap
		}
	}
	return limitsText(values), errors.Join(errs[:]...)
}

func limitsText(v [5]string) string {
	return fmt.Sprintf("cpu.weight %s, cpu.max %s, memory.max %s, memory.swap.max %s, memory.oom.group %s", v[0], v[1], v[2], v[3], v[4])
}

// wantLimits is what limits must say for so many millicores and bytes.
func wantLimits(milli, memory int64) string {
	return limitsText([5]string{fmt.Sprint(milli / 10), fmt.Sprintf("%d 100000", milli*100), fmt.Sprint(memory), "0", "1"})
}

// shares are the CPUs that groups use on average over a while.
func shares(t *testing.T, ctx context.Context, groups ...kernel.Group) []float64 {
	t.Helper()
	got, err := kernel.CPUShares(ctx, measured, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// keyed reads one number of a file with lines of "key number".
func keyed(t *testing.T, g kernel.Group, file, key string) uint64 {
	t.Helper()
	entries, err := g.Keyed(file)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := entries[key]
	if !ok {
		t.Fatalf("%s/%s has no %s", g, file, key)
	}
	return v
}
