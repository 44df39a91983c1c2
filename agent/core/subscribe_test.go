// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

func TestSecondSubscribeReplacesTheFirst(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(r.subscribe(2, "c1")), "conn 1: hangup 5", "conn 2: SUBSCRIBED")
	r.refuses(r.update(1, "c1", "t1", taskFinished, "x"), core.Replaced, "another connection")
	want(t, r.step(core.ConnClosed{Conn: 1}))
	want(t, r.step(r.update(2, "c1", "t1", taskFinished, "x")),
		"master: update t1 TASK_FINISHED", "conn 2: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
}

func TestSecondSubscribeBeforeStarted(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"))
	want(t, r.step(r.subscribe(1, "c1")))
	want(t, r.step(r.subscribe(2, "c1")), "conn 1: hangup 5")
	want(t, r.step(core.ConnClosed{Conn: 1}))
	want(t, r.step(r.started("c1")), "conn 2: SUBSCRIBED", "conn 2: LAUNCH t1")
}

func TestConnectionLostBeforeStarted(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.subscribe(1, "c1"), core.ConnClosed{Conn: 1})
	want(t, r.step(r.started("c1")))
	want(t, r.step(r.subscribe(2, "c1")), "conn 2: SUBSCRIBED", "conn 2: LAUNCH t1")
}

// TestSubscribeAgain: updates first, in order and without what is known; then
// tasks that never arrived; those that did stay.
func TestSubscribeAgain(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(custom("t2", "e", "cpus:1;mem:64")), run(custom("t3", "e", "cpus:1;mem:64")))
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t2", "conn 1: LAUNCH t3")
	r.step(core.ConnClosed{Conn: 1})
	r.step(run(custom("t4", "e", "cpus:1;mem:64")))
	want(t, r.step(r.limitsUpdated("c1"))) // queued until it comes back
	again := r.subscribe(2, "c1", func(s *executor.Call_Subscribe) {
		s.UnacknowledgedTasks = []*mesos.TaskInfo{custom("t2", "e", "cpus:1;mem:64")}
		for _, u := range []*mesos.TaskStatus{
			status("t1", taskRunning, "u1"), status("t1", taskStarting, "u2"), status("t2", taskRunning, "u3"),
		} {
			s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, &executor.Call_Update{Status: u})
		}
	})
	want(t, r.step(again),
		"conn 2: SUBSCRIBED",
		"conn 2: ACKNOWLEDGED t1",
		"master: update t1 TASK_STARTING", "conn 2: ACKNOWLEDGED t1",
		"master: update t2 TASK_RUNNING", "conn 2: ACKNOWLEDGED t2",
		"master: update t3 TASK_LOST AGENT_RESTARTED",
		"update c1 3.5 cpus 224 MB")
	want(t, r.step(r.limitsUpdated("c1")), "conn 2: LAUNCH t4")
}

// TestSubscribeWhileTerminating: what the executor could not tell before is
// heard before it is told to end.
func TestSubscribeWhileTerminating(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(core.ConnClosed{Conn: 1})
	want(t, r.step(shutdownExecutor("e")))
	again := r.subscribe(2, "c1", func(s *executor.Call_Subscribe) {
		s.UnacknowledgedUpdates = []*executor.Call_Update{{Status: status("t1", taskFinished, "u2")}}
	})
	want(t, r.step(again), "master: update t1 TASK_FINISHED", "conn 2: ACKNOWLEDGED t1", "conn 2: SHUTDOWN", "update c1 0.5 cpus 32 MB")
}

// TestAnExecutorThatStaysAway: it holds resources for tasks that nobody can
// end, so it has as long to come back as it had to come.
func TestAnExecutorThatStaysAway(t *testing.T) {
	t.Run("it comes back", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(core.ConnClosed{Conn: 1})
		want(t, r.wait(time.Minute-1))
		want(t, r.step(r.subscribe(2, "c1", func(s *executor.Call_Subscribe) {
			s.UnacknowledgedTasks = []*mesos.TaskInfo{custom("t1", "e", "cpus:1;mem:64")}
		})), "conn 2: SUBSCRIBED")
		want(t, r.wait(time.Hour))
	})
	t.Run("it does not", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(core.ConnClosed{Conn: 1})
		want(t, r.wait(time.Minute))
		want(t, r.wait(5*time.Second), "destroy c1")
		want(t, r.step(r.exited("c1", sigkilled)),
			"master: update t1 TASK_LOST EXECUTOR_REREGISTRATION_TIMEOUT", "master: executor e exited 9")
		if message := r.updates["t1"].GetMessage(); !strings.Contains(message, "within 1m0s") {
			t.Errorf("message %q", message)
		}
	})
}

func TestCallsThatAreRefused(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.refuses(r.subscribe(1, "c1"), core.NotReady, "has not been started")
	r.step(r.fetched("c1"), r.started("c1"))
	r.refuses(r.update(1, "c1", "t1", taskRunning, "u"), core.NotReady, "before SUBSCRIBED")
	heartbeat := r.call(1, "c1", &executor.Call{Type: executor.Call_HEARTBEAT.Enum()})
	r.refuses(heartbeat, core.NotReady, "before SUBSCRIBED")
	r.step(r.subscribe(1, "c1"))
	want(t, r.step(heartbeat))
	r.refuses(r.subscribe(1, "c1"), core.Invalid, "SUBSCRIBE twice")
	r.refuses(r.update(1, "c1", "t1", mesos.TaskState_TASK_STAGING, "u"), core.Invalid, "TASK_STAGING")
	r.refuses(r.subscribe(2, "c1", func(s *executor.Call_Subscribe) {
		s.UnacknowledgedUpdates = []*executor.Call_Update{{Status: status("t1", mesos.TaskState_TASK_STAGING, "u")}}
	}), core.Invalid, "TASK_STAGING")
	r.refuses(r.call(1, "c1", &executor.Call{Type: executor.Call_UNKNOWN.Enum()}), core.Invalid, "not supported")

	for _, c := range []struct {
		mod  func(*core.ExecutorCall)
		code core.Code
		want string
	}{
		{func(c *core.ExecutorCall) { c.Container = "elsewhere" }, core.Unknown, "is not here"},
		{func(c *core.ExecutorCall) { c.Call.FrameworkId.Value = new("g") }, core.Denied, "framework_id"},
		{func(c *core.ExecutorCall) { c.Call.ExecutorId.Value = new("x") }, core.Denied, "executor_id"},
	} {
		call := r.update(1, "c1", "t1", taskRunning, "u").(core.ExecutorCall)
		c.mod(&call)
		r.refuses(call, c.code, c.want)
	}

	r.step(run(command("t2", "cpus:1;mem:64")))
	r.refuses(r.subscribe(3, "c2"), core.Denied, "command task")
	r.step(r.exited("c1", 0))
	r.refuses(r.subscribe(4, "c1"), core.Over, "has ended")
}

func TestSubscribedTellsWhoIsWho(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"))
	if err := r.core.Step(r.now, r.subscribe(1, "c1")); err != nil {
		t.Fatal(err)
	}
	s := r.core.Ready().Send[0].(core.ToExecutor).Event.GetSubscribed()
	if s.GetExecutorInfo().GetExecutorId().GetValue() != "e" || s.GetExecutorInfo().GetFrameworkId().GetValue() != "f" ||
		s.GetFrameworkInfo().GetName() != "f" || s.GetAgentInfo().GetId().GetValue() != agentID ||
		s.GetAgentInfo().GetHostname() != "host" || s.GetContainerId().GetValue() != string(r.ids["c1"]) {
		t.Errorf("SUBSCRIBED %v", s)
	}
}
