// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// TestKillCommandAtEveryPoint: a command task that is killed is KILLED at once
// before it runs, and has its grace from then on.
func TestKillCommandAtEveryPoint(t *testing.T) {
	t.Run("fetching", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		want(t, r.step(kill("t1")), "master: update t1 TASK_KILLED TASK_KILLED_DURING_LAUNCH", "destroy c1")
		want(t, r.step(core.FetchFailed{Container: r.ids["c1"], Message: "interrupted"}))
		want(t, r.step(r.destroyed("c1")), "forget c1")
		want(t, r.step(r.ack("t1")))
		r.empty()
	})
	t.Run("fetched meanwhile", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(kill("t1"))
		want(t, r.step(r.fetched("c1")))
		want(t, r.step(r.destroyed("c1")), "forget c1")
	})
	t.Run("starting", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"))
		want(t, r.step(kill("t1")), "master: update t1 TASK_KILLED TASK_KILLED_DURING_LAUNCH", "destroy c1")
		want(t, r.step(r.started("c1")))
		want(t, r.step(r.exited("c1", sigkilled)))
		want(t, r.step(r.destroyed("c1")), "forget c1")
	})
	t.Run("running", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64"), capable(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"))
		want(t, r.step(kill("t1")), "master: update t1 TASK_KILLING", "signal c1 15")
		r.step(r.ack("t1"))
		want(t, r.step(r.exited("c1", 15)), "master: update t1 TASK_KILLED", "destroy c1")
	})
	t.Run("running, and it does not end", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"))
		want(t, r.step(kill("t1")), "signal c1 15")
		want(t, r.step(kill("t1", time.Second)))
		want(t, r.wait(time.Second), "destroy c1")
		want(t, r.step(kill("t1")))
		want(t, r.step(r.exited("c1", sigkilled)), "master: update t1 TASK_KILLED")
		want(t, r.step(r.destroyed("c1")), "forget c1")
	})
	t.Run("ended", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"), r.exited("c1", 0))
		want(t, r.step(kill("t1")))
	})
}

// TestKillCustomAtEveryPoint: a task that its executor does not have yet is
// KILLED at once; an executor that never got one, and has none to come, ends.
func TestKillCustomAtEveryPoint(t *testing.T) {
	killed := "master: update t1 TASK_KILLED TASK_KILLED_DURING_LAUNCH"
	t.Run("fetching, the only task", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")))
		want(t, r.step(kill("t1")), killed, "destroy c1")
		want(t, r.step(r.destroyed("c1")), "master: executor e exited -1", "forget c1")
		want(t, r.step(r.ack("t1")))
		r.empty()
	})
	t.Run("fetching, one of two", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")), run(custom("t2", "e", "cpus:1;mem:64")))
		want(t, r.step(kill("t1")), killed)
		want(t, r.step(r.fetched("c1")), "start c1 1.5 cpus 96 MB")
		r.step(r.started("c1"))
		want(t, r.step(r.subscribe(1, "c1")), "conn 1: SUBSCRIBED", "conn 1: LAUNCH t2")
	})
	t.Run("registering", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		want(t, r.step(kill("t1")), killed, "destroy c1")
		want(t, r.step(r.exited("c1", sigkilled)), "master: executor e exited 9")
		want(t, r.step(r.destroyed("c1")), "forget c1")
	})
	t.Run("queued in a running executor that has served", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(run(custom("t2", "e", "cpus:1;mem:64")))
		want(t, r.step(kill("t2")), "master: update t2 TASK_KILLED TASK_KILLED_DURING_LAUNCH")
		want(t, r.step(r.limitsUpdated("c1")), "update c1 1.5 cpus 96 MB")
	})
	t.Run("running", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(kill("t1")), "conn 1: KILL t1")
		want(t, r.step(kill("t1")), "conn 1: KILL t1")
		want(t, r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_KILLED, "u2")),
			"master: update t1 TASK_KILLED", "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
	})
	t.Run("running, not connected", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(core.ConnClosed{Conn: 1}))
		want(t, r.step(kill("t1")))
		want(t, r.step(r.subscribe(2, "c1")), "conn 2: SUBSCRIBED", "conn 2: KILL t1")
	})
	t.Run("terminating", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(shutdownExecutor("e"))
		want(t, r.step(kill("t1")))
	})
}

func TestKillUnknown(t *testing.T) {
	r := registered(t)
	r.fails(kill("t1"), "is not here")
	r.running()
	want(t, r.step(kill("t9")), "master: update t9 TASK_LOST EXECUTOR_TERMINATED")
	want(t, r.step(r.ack("t9")))
	r.fails(kill(".."), "task id")
}

func TestShutdownExecutor(t *testing.T) {
	t.Run("it ends by itself", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(shutdownExecutor("e")), "conn 1: SHUTDOWN")
		want(t, r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_KILLED, "u2")),
			"master: update t1 TASK_KILLED", "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
		want(t, r.step(r.exited("c1", 0)), "conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
	})
	t.Run("it does not end", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(shutdownExecutor("e"))
		want(t, r.step(shutdownExecutor("e")))
		want(t, r.wait(5*time.Second-1))
		want(t, r.wait(1), "destroy c1")
		want(t, r.step(r.exited("c1", sigkilled)), "master: update t1 TASK_LOST EXECUTOR_TERMINATED",
			"conn 1: hangup 7", "master: executor e exited 9")
		if got := r.updates["t1"].GetMessage(); got != "executor was shut down by its framework and terminated by signal SIGKILL (9)" {
			t.Errorf("message %q", got)
		}
	})
	t.Run("its own grace", func(t *testing.T) {
		r := registered(t)
		task := custom("t1", "e", "cpus:1;mem:64")
		task.Executor.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: new(int64(time.Minute))}
		r.step(run(task))
		r.step(r.fetched("c1"), r.started("c1"), r.subscribe(1, "c1"))
		r.step(shutdownExecutor("e"))
		want(t, r.wait(time.Minute-1))
		want(t, r.wait(1), "destroy c1")
	})
	t.Run("it is not connected", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(core.ConnClosed{Conn: 1})
		want(t, r.step(shutdownExecutor("e")))
		want(t, r.step(r.subscribe(2, "c1")), "conn 2: SHUTDOWN")
		want(t, r.wait(5*time.Second), "destroy c1")
	})
	t.Run("it is not here", func(t *testing.T) {
		r := registered(t)
		want(t, r.step(shutdownExecutor("e")))
	})
}

func TestShutdownFramework(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(command("t2", "cpus:1;mem:64")))
	r.step(run(command("t3", "cpus:1;mem:64")))
	r.step(r.fetched("c2"), r.started("c2"))
	r.step(r.ack("t2"))
	want(t, r.step(shutdownFramework()),
		"conn 1: SHUTDOWN", "master: update t3 TASK_KILLED TASK_KILLED_DURING_LAUNCH", "signal c2 15", "destroy c3")
	want(t, r.wait(3*time.Second), "destroy c2")
	want(t, r.step(r.exited("c2", sigkilled)), "master: update t2 TASK_KILLED")
	want(t, r.step(r.exited("c1", 0)), "master: update t1 TASK_LOST EXECUTOR_TERMINATED",
		"conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
	r.step(r.destroyed("c1"), r.destroyed("c2"), r.destroyed("c3"))
	want(t, r.step(shutdownFramework()))
	want(t, r.step(r.ack("t1"), r.ack("t2"), r.ack("t3")))
	r.empty()
}
