// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/kernel"
	"github.com/tepui/tepui/resource"

	mesos "github.com/tepui/tepui/api/v1"
)

// measured is how long CPU use is measured.
const measured = 5 * time.Second

// burn keeps one core busy; pinned, the first one.
const (
	burn       = "while :; do :; done"
	burnPinned = "exec taskset -c 0 sh -c 'while :; do :; done'"
)

// container waits until the executor's container runs and returns it.
func container(t *testing.T, ctx context.Context, a *cluster.Agent, executor string) *link.Container {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := a.Container(ctx, executor, "running")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHalfACoreIsHalfACore(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{AgentFlags: []string{"--cgroups_enable_cfs"}})
	launch(t, ctx, f, framework.Command("half", burn, 0.5, 32))
	await(t, ctx, f, "half", mesos.TaskState_TASK_RUNNING)
	half := group(t, ctx, c.Agents[0], "half")
	measure(t, "cores for a task with 0.5 cpus and --cgroups_enable_cfs", 0.45, 0.55, func() float64 {
		return shares(t, ctx, half)[0]
	})
}

// measure takes a figure until it lies between least and most. An emulated
// machine that had to wait for its host may spoil a measurement, not several.
func measure(t *testing.T, what string, least, most float64, figure func() float64) {
	t.Helper()
	const tries = 4
	for range tries {
		got := figure()
		t.Logf("%s: %.3f", what, got)
		if got >= least && got <= most {
			return
		}
	}
	t.Errorf("%s: none of %d measurements lies between %.3f and %.3f", what, tries, least, most)
}

func TestABusyCoreIsSharedByWeight(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{AgentFlags: []string{"--resources", "cpus:4;mem:512"}})
	launch(t, ctx, f, framework.Command("one", burnPinned, 1, 32), framework.Command("three", burnPinned, 3, 32))
	var groups []kernel.Group
	for _, task := range []string{"one", "three"} {
		await(t, ctx, f, task, mesos.TaskState_TASK_RUNNING)
		groups = append(groups, group(t, ctx, c.Agents[0], task))
	}
	kernel.Await(t, patience, "both shells have become the pinned loops", func() (bool, error) {
		busy := true
		for _, g := range groups {
			busy = busy && keyed(t, g, "cpu.stat", "usage_usec") > 200_000
		}
		return busy, nil
	})
	measure(t, "the share of 3 cpus over the share of 1", 2.7, 3.3, func() float64 {
		cores := shares(t, ctx, groups...)
		t.Logf("of one core: %.3f and %.3f", cores[0], cores[1])
		return cores[1] / cores[0]
	})
}

func TestATaskPastItsMemoryIsKilledAlone(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{})
	launch(t, ctx, f, framework.Command("neighbour", "exec sleep 3600", 0.1, 32), framework.Command("hog", "tail /dev/zero", 0.5, 48))
	await(t, ctx, f, "neighbour", mesos.TaskState_TASK_RUNNING)
	next := group(t, ctx, c.Agents[0], "neighbour")
	u := await(t, ctx, f, "hog", mesos.TaskState_TASK_FAILED)
	wantReason(t, u, mesos.TaskStatus_REASON_CONTAINER_LIMITATION_MEMORY)
	t.Logf("the status says: %s", u.GetMessage())
	for _, number := range []string{"limit", "peak", "48"} {
		if !strings.Contains(u.GetMessage(), number) {
			t.Errorf("the message %q does not say %q", u.GetMessage(), number)
		}
	}
	if kills := keyed(t, next, "memory.events", "oom_kill"); kills != 0 {
		t.Errorf("the neighbour's cgroup counts %d kills", kills)
	}
	if got := len(processes(t, next)); got != 2 {
		t.Errorf("the neighbour has %d processes, want its PID 1 and its command", got)
	}
	if got := f.Updates("neighbour"); len(got) != 1 {
		t.Errorf("the neighbour had updates %v, want RUNNING alone", got)
	}
}

// ledgerSays is what the kernel's files must be for what the ledger grants.
func ledgerSays(t *testing.T, c *link.Container) string {
	t.Helper()
	r, err := resource.FromProto(c.GetResources())
	if err != nil {
		t.Fatal(err)
	}
	return wantLimits(int64(r.CPUs()), r.MemBytes())
}

func TestLimitsEqualTheLedger(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{AgentFlags: []string{"--cgroups_enable_cfs", "--resources", "cpus:8;mem:512"}})
	agent, e := c.Agents[0], actor(t, "ledger", actIdle)
	// at waits until the files say what executor and live tasks come to, and
	// the ledger says the same.
	at := func(moment string, milli, memory int64) {
		t.Helper()
		want := wantLimits(milli, memory<<20)
		eventually(t, func() error {
			now := container(t, ctx, agent, "ledger")
			if got, err := limits(kernel.Group(now.GetCgroup())); err != nil || got != want {
				return fmt.Errorf("%s: %s, %v, want %s", moment, got, err, want)
			}
			if got := ledgerSays(t, now); got != want {
				return fmt.Errorf("%s: the ledger says %s, want %s", moment, got, want)
			}
			return nil
		})
	}
	launch(t, ctx, f, framework.In(e, "first", 0.5, 32))
	await(t, ctx, f, "first", mesos.TaskState_TASK_RUNNING)
	at("after launch", 600, 96)
	offer := launch(t, ctx, f, framework.In(e, "second", 1.25, 64))
	await(t, ctx, f, "second", mesos.TaskState_TASK_RUNNING)
	at("after the second task", 1850, 160)
	if _, err := f.Driver().SendFrameworkMessage(e.GetExecutorId(), offer.GetAgentId(), []byte("finish first")); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, f, "first", mesos.TaskState_TASK_FINISHED)
	at("after the first task's end", 1350, 128)
}
