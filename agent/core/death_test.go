// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// TestExecutorDies: every task of it that has not ended ends with it, queued
// or running, in the step that hears of it.
func TestExecutorDies(t *testing.T) {
	for name, c := range map[string]struct {
		mod     []func(*mesos.FrameworkInfo)
		exit    core.Exit
		want    string
		code    string
		message string
	}{
		"killed":    {nil, exit(sigkilled), "TASK_LOST EXECUTOR_TERMINATED", "9", "executor terminated by signal SIGKILL (9)"},
		"clean":     {nil, exit(0), "TASK_LOST EXECUTOR_TERMINATED", "0", "executor exited with status 0"},
		"unknown":   {nil, core.Exit{Unknown: "no file"}, "TASK_LOST EXECUTOR_TERMINATED", "-1", "executor ended, wait status unknown: no file"},
		"aware":     {[]func(*mesos.FrameworkInfo){capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)}, exit(256), "TASK_FAILED EXECUTOR_TERMINATED", "256", "executor exited with status 1"},
		"memory":    {nil, core.Exit{Status: sigkilled, OOM: &core.OOM{Limit: 96 << 20, Peak: 96 << 20, Kills: 2}}, "TASK_FAILED CONTAINER_LIMITATION_MEMORY", "9", "memory limit of 96.0 MB reached: the peak was 96.0 MB, the kernel killed 2 processes"},
		"host full": {nil, core.Exit{Status: sigkilled, OOM: &core.OOM{Kills: 1, Outside: true}}, "TASK_LOST EXECUTOR_TERMINATED", "9", "the host ran out of memory and the kernel killed 1 processes; executor terminated by signal SIGKILL (9)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			r.running(c.mod...)
			r.step(run(custom("t2", "e", "cpus:1;mem:64"), c.mod...)) // queued: its limits are under way
			want(t, r.step(core.Exited{Container: r.ids["c1"], Exit: c.exit}),
				"master: update t1 "+c.want, "master: update t2 "+c.want,
				"conn 1: hangup 7", "master: executor e exited "+c.code, "destroy c1")
			if got := r.updates["t1"].GetMessage(); got != c.message {
				t.Errorf("message %q, want %q", got, c.message)
			}
			if l := r.updates["t1"].GetLimitation(); (l != nil) != strings.Contains(c.want, "LIMITATION") {
				t.Errorf("limitation %v", l)
			}
			want(t, r.step(r.limitsUpdated("c1"))) // a late answer
			want(t, r.step(r.destroyed("c1")), "forget c1")
			want(t, r.step(r.ack("t1"), r.ack("t2")))
			r.empty()
		})
	}
}

func TestExecutorDiesWithoutTasks(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_FINISHED, "u2"))
	want(t, r.step(r.ack("t1")))
	want(t, r.step(r.limitsUpdated("c1")))
	want(t, r.step(r.exited("c1", 0)), "conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
}

func TestExecutorDiesWhileRegistering(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"))
	want(t, r.step(r.exited("c1", 127<<8)),
		"master: update t1 TASK_LOST EXECUTOR_TERMINATED", "master: executor e exited 32512", "destroy c1")
}

func TestCommandRunsOutOfMemory(t *testing.T) {
	oom := core.Exit{Status: sigkilled, OOM: &core.OOM{Limit: 64 << 20, Kills: 1}}
	t.Run("by itself", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"), r.ack("t1"))
		r.step(r.ack("t1"))
		want(t, r.step(core.Exited{Container: r.ids["c1"], Exit: oom}),
			"master: update t1 TASK_FAILED CONTAINER_LIMITATION_MEMORY", "destroy c1")
		if got := r.updates["t1"].GetMessage(); got != "memory limit of 64.0 MB reached: the kernel killed 1 processes" {
			t.Errorf("message %q", got)
		}
	})
	t.Run("after a kill", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"), kill("t1"))
		want(t, r.step(core.Exited{Container: r.ids["c1"], Exit: oom}), "master: update t1 TASK_KILLED", "destroy c1")
	})
}

func TestCommandEndsUnheard(t *testing.T) {
	for name, c := range map[string]struct {
		before core.Input
		want   string
	}{
		"by itself":    {core.Tick{}, "master: update t1 TASK_LOST EXECUTOR_TERMINATED"},
		"after a kill": {kill("t1"), "master: update t1 TASK_KILLED EXECUTOR_TERMINATED"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			r.step(run(command("t1", "cpus:1;mem:64")))
			r.step(r.fetched("c1"), r.started("c1"))
			r.step(r.ack("t1"), c.before)
			want(t, r.step(core.Exited{Container: r.ids["c1"], Exit: core.Exit{Unknown: "lost"}}), c.want, "destroy c1")
		})
	}
}

func TestAnswersThatCannotBe(t *testing.T) {
	r := registered(t)
	r.running()
	r.fails(r.fetched("c1"), "cannot happen now")
	r.fails(r.started("c1"), "cannot happen now")
	r.fails(r.destroyed("c1"), "cannot happen now")
	r.fails(r.limitsUpdated("c1"), "cannot happen now")
	r.fails(core.Exited{Container: "nowhere"}, "no such container")
	r.fails(nil, "unknown input")
	r.step(r.exited("c1", 0))
	r.fails(r.exited("c1", 0), "exited twice")
}
