// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// The rows of "KILL" whose place is the agent.
func TestKill4f(t *testing.T) {
	killed := func(ids ...string) (lines []string) {
		for _, id := range ids {
			lines = append(lines, "master: update "+id+" TASK_KILLED TASK_KILLED_DURING_LAUNCH")
		}
		return lines
	}
	t.Run("task queued: killed at once", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(run(custom("t2", "e", "cpus:1;mem:64")))
		want(t, r.step(kill("t2")), killed("t2")...)
	})
	t.Run("executor still registering: killed at once", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		want(t, r.step(kill("t1")), append(killed("t1"), "destroy c1")...)
	})
	t.Run("whole group if in a group", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(runGroup(custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1"), command("c", "cpus:1")))
		r.step(run(custom("t2", "e", "cpus:1")))
		want(t, r.step(kill("b")), killed("a", "b", "c")...)
		want(t, r.step(r.limitsUpdated("c1")), "update c1 2.5 cpus 96 MB")
		want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t2")
	})
	t.Run("a group that the executor has: the one task", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(runGroup(custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1")))
		want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH_GROUP a b")
		want(t, r.step(kill("b")), "conn 1: KILL b")
	})
	t.Run("executor that never got a task and has nothing queued is shut down", func(t *testing.T) {
		r := registered(t)
		r.step(runGroup(custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1")))
		want(t, r.step(kill("a")), append(killed("a", "b"), "destroy c1")...)
	})
	t.Run("executor that has something queued is not", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")), run(custom("t2", "e", "cpus:1;mem:64")))
		want(t, r.step(kill("t1")), killed("t1")...)
	})
	t.Run("otherwise forwarded, repeated kills too", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(kill("t1")), "conn 1: KILL t1")
		want(t, r.step(kill("t1", time.Second)), "conn 1: KILL t1")
	})
	t.Run("only shortening of grace", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"))
		want(t, r.step(kill("t1", 10*time.Second)), "signal c1 15")
		want(t, r.step(kill("t1", time.Minute)))
		want(t, r.step(kill("t1", 5*time.Second)))
		want(t, r.wait(5*time.Second-1))
		want(t, r.wait(1), "destroy c1")
	})
	t.Run("TASK_KILLING only if the framework has TASK_KILLING_STATE", func(t *testing.T) {
		for state, mod := range map[string][]func(*mesos.FrameworkInfo){
			"master: update t1 TASK_KILLING": {capable(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)}, "": nil,
		} {
			r := registered(t)
			r.step(run(command("t1", "cpus:1;mem:64"), mod...))
			r.step(r.fetched("c1"), r.started("c1"))
			r.step(r.ack("t1"))
			lines := []string{"signal c1 15"}
			if state != "" {
				lines = []string{state, "signal c1 15"}
			}
			want(t, r.step(kill("t1")), lines...)
		}
	})
	t.Run("during fetch or start: killed at once, nothing is started", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		want(t, r.step(kill("t1")), append(killed("t1"), "destroy c1")...)
		want(t, r.step(r.fetched("c1")))
	})
	t.Run("while the executor is terminating: ignored", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(shutdownExecutor("e"))
		want(t, r.step(kill("t1")))
		r.step(r.exited("c1", 0))
		want(t, r.step(kill("t1")))
	})
	t.Run("while its task is preempted: ignored", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(core.Preempt{Container: r.ids["c1"]})
		want(t, r.step(kill("t1")))
	})
}
