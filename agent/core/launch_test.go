// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

func TestCommandTask(t *testing.T) {
	r := registered(t)
	want(t, r.step(run(command("t1", "cpus:1;mem:64"))), "launch c1")
	want(t, r.step(r.fetched("c1")), "start c1 1 cpus 64 MB")
	want(t, r.step(r.started("c1")), "master: update t1 TASK_RUNNING")
	s := r.updates["t1"]
	if s.GetAgentId().GetValue() != agentID || s.ExecutorId != nil || s.GetTimestamp() == 0 || len(s.GetUuid()) != 16 ||
		s.GetContainerStatus().GetContainerId().GetValue() != string(r.ids["c1"]) ||
		s.GetContainerStatus().GetExecutorPid() != 100 || s.GetSource() != mesos.TaskStatus_SOURCE_EXECUTOR {
		t.Errorf("the agent did not fill in the status: %v", s)
	}
	want(t, r.step(r.ack("t1")))
	want(t, r.step(r.exited("c1", 0)), "master: update t1 TASK_FINISHED", "destroy c1")
	if !r.core.Ledger().Free().Equal(r.core.Ledger().Total()) {
		t.Errorf("a task that has ended still holds resources: %v are free", r.core.Ledger().Free())
	}
	want(t, r.step(r.destroyed("c1")), "forget c1")
	want(t, r.step(r.ack("t1")))
	r.empty()
}

// empty checks that nothing is left of what was there.
func (r *rig) empty() {
	r.t.Helper()
	r.wait(time.Hour)
	r.step(core.LinkDown{}, core.LinkUp{})
	if g := r.register; len(g.GetFrameworks()) > 0 || len(g.GetExecutors()) > 0 || len(g.GetTasks()) > 0 || r.states() != "" {
		r.t.Errorf("something is left: %v, containers %q", g, r.states())
	}
}

func TestCustomExecutorRunsManyTasks(t *testing.T) {
	r := registered(t)
	want(t, r.step(run(custom("t1", "e", "cpus:1;mem:64")), run(custom("t2", "e", "cpus:1;mem:64"))), "launch c1")
	want(t, r.step(r.fetched("c1")), "start c1 2.5 cpus 160 MB")
	want(t, r.step(r.started("c1")))
	want(t, r.step(r.subscribe(1, "c1")), "conn 1: SUBSCRIBED", "conn 1: LAUNCH t1", "conn 1: LAUNCH t2")
	want(t, r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_RUNNING, "u1")),
		"master: update t1 TASK_RUNNING", "conn 1: ACKNOWLEDGED t1")
	if s := r.updates["t1"]; s.GetExecutorId().GetValue() != "e" || s.GetTimestamp() == 0 {
		t.Errorf("the agent did not fill in the status: %v", s)
	}
	want(t, r.step(r.update(1, "c1", "t2", mesos.TaskState_TASK_FINISHED, "u2")),
		"master: update t2 TASK_FINISHED", "conn 1: ACKNOWLEDGED t2", "update c1 1.5 cpus 96 MB")
	want(t, r.step(r.limitsUpdated("c1"), r.ack("t2"), r.ack("t1")))
	want(t, r.step(r.exited("c1", 0)), "master: update t1 TASK_LOST EXECUTOR_TERMINATED",
		"conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
}

func TestSubscribeBeforeStarted(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"))
	want(t, r.step(r.subscribe(1, "c1")))
	want(t, r.step(r.started("c1")), "conn 1: SUBSCRIBED", "conn 1: LAUNCH t1")
}

func TestLaunchSaysWhatToRun(t *testing.T) {
	r := registered(t)
	task := custom("t1", "e", "cpus:1;mem:64")
	task.Executor.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: new(int64(time.Minute))}
	task.Executor.Command.User = new("daemon")
	r.step(run(task, func(f *mesos.FrameworkInfo) { f.Checkpoint = new(true) }))
	got := r.launches["c1"]
	wanted := core.Launch{
		Container: got.Container, Agent: agentID, Framework: "f", Executor: "e", User: "daemon",
		Command: got.Command, Custom: true, Checkpoint: true, ShutdownGrace: time.Minute,
	}
	if got != wanted || got.Container == "" || !proto.Equal(got.Command, task.Executor.Command) {
		t.Errorf("launch %+v, want %+v", got, wanted)
	}
	r.step(run(command("t2", "cpus:1;mem:64")))
	if got := r.launches["c2"]; got.User != "nobody" || got.Executor != "t2" || got.Custom {
		t.Errorf("launch of a command task %+v: user of the framework, executor of the task's id", got)
	}
}

// TestGraceIsBounded: what a framework states as a grace period is no way to
// keep a container.
func TestGraceIsBounded(t *testing.T) {
	tenDays := &mesos.DurationInfo{Nanoseconds: new(int64(240 * time.Hour))}
	r := registered(t)
	patient := custom("t1", "e", "cpus:1;mem:64")
	patient.Executor.ShutdownGracePeriod = tenDays
	r.step(run(patient))
	if got := r.launches["c1"].ShutdownGrace; got != time.Hour {
		t.Errorf("the executor is told of a grace of %v, want the longest, 1h", got)
	}
	r.step(r.fetched("c1"), r.started("c1"), r.subscribe(1, "c1"))
	r.step(shutdownExecutor("e"))
	want(t, r.wait(time.Hour-1))
	want(t, r.wait(1), "destroy c1")
	lazy := command("t2", "cpus:1;mem:64")
	lazy.KillPolicy = &mesos.KillPolicy{GracePeriod: tenDays}
	r.step(run(lazy))
	r.step(r.fetched("c2"), r.started("c2"))
	r.step(r.ack("t2"), kill("t2", 240*time.Hour))
	want(t, r.wait(time.Hour-1))
	want(t, r.wait(1), "destroy c2")
}

func TestSameExecutorInfoIsShared(t *testing.T) {
	r := registered(t)
	r.running()
	named := custom("t2", "e", "cpus:1;mem:64")
	named.Executor.FrameworkId = &mesos.FrameworkID{Value: new("f")} // says the same more fully
	want(t, r.step(run(named)), "update c1 2.5 cpus 160 MB")
	other := custom("t3", "e", "cpus:1;mem:64")
	other.Executor.Name = new("another")
	want(t, r.step(run(other)), "master: update t3 TASK_ERROR TASK_INVALID")
}

func TestTaskForTerminatingExecutor(t *testing.T) {
	for name, c := range map[string]struct {
		mod   []func(*mesos.FrameworkInfo)
		state string
	}{
		"TASK_LOST":                       {nil, "TASK_LOST"},
		"TASK_DROPPED if partition aware": {[]func(*mesos.FrameworkInfo){capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)}, "TASK_DROPPED"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			r.running(c.mod...)
			want(t, r.step(shutdownExecutor("e")), "conn 1: SHUTDOWN")
			want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64"), c.mod...)),
				"master: update t2 "+c.state+" EXECUTOR_TERMINATED")
		})
	}
}

func TestTaskThatCountsOnAnExecutorThatHasExitedIsDropped(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.exited("c1", 0))
	r.step(r.destroyed("c1"))
	crossing := &link.Run{
		Framework: framework(), Task: custom("t2", "e", "cpus:1;mem:64"), LaunchExecutor: new(false),
	}
	want(t, r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Run{Run: crossing}})),
		"master: update t2 TASK_LOST EXECUTOR_TERMINATED")
}

// TestTaskAfterAnExitGetsANewExecutor: as soon as the exit is told, the master
// may ask for the executor again, while its old container is still there.
func TestTaskAfterAnExitGetsANewExecutor(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.exited("c1", 0))
	want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64"))), "launch c2")
	want(t, r.step(r.destroyed("c1")), "forget c1")
	want(t, r.step(r.fetched("c2")), "start c2 1.5 cpus 96 MB")
}

func TestTaskAfterTerminatedExecutorGetsANewOne(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.exited("c1", 0))
	want(t, r.step(r.destroyed("c1")), "forget c1")
	want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64"))), "launch c2")
	if r.ids["c1"] == r.ids["c2"] {
		t.Error("two containers have one id")
	}
}

func TestTaskIdIsFreeAgainWhileTheOldContainerGoes(t *testing.T) {
	r := registered(t)
	r.step(run(command("t1", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"), r.ack("t1"))
	r.step(r.exited("c1", 0))
	r.step(r.ack("t1"))
	r.step(r.ack("t1"))
	want(t, r.step(run(command("t1", "cpus:1;mem:64"))), "launch c2")
	want(t, r.step(r.destroyed("c1")), "forget c1")
	want(t, r.step(r.fetched("c2")), "start c2 1 cpus 64 MB")
}

func TestBadTasks(t *testing.T) {
	r := registered(t)
	r.running()
	mod := func(f func(*mesos.TaskInfo)) *mesos.TaskInfo {
		task := command("bad", "cpus:1;mem:64")
		f(task)
		return task
	}
	for name, c := range map[string]struct {
		task   *mesos.TaskInfo
		want   string
		exited string // the executor that the master is told will never be
	}{
		"more than is free":            {command("bad", "cpus:7;mem:64"), "TASK_LOST RESOURCES_UNKNOWN", ""},
		"what the agent does not have": {command("bad", "cpus(role):1;mem:64"), "TASK_LOST RESOURCES_UNKNOWN", ""},
		"an executor with more":        {custom("bad", "e2", "cpus:6.4;mem:64"), "TASK_LOST RESOURCES_UNKNOWN", "e2"},
		"neither executor nor command": {mod(func(t *mesos.TaskInfo) { t.Command = nil }), "TASK_ERROR TASK_INVALID", ""},
		"both":                         {mod(func(t *mesos.TaskInfo) { t.Executor = custom("x", "e", "cpus:1").Executor }), "TASK_ERROR TASK_INVALID", ""},
		"a shell without a command":    {mod(func(t *mesos.TaskInfo) { t.Command.Value = nil }), "TASK_ERROR TASK_INVALID", ""},
		"no program":                   {mod(func(t *mesos.TaskInfo) { t.Command = &mesos.CommandInfo{Shell: new(false)} }), "TASK_ERROR TASK_INVALID", ""},
		"a negative resource":          {mod(func(t *mesos.TaskInfo) { t.Resources[0].Scalar.Value = new(-1.0) }), "TASK_ERROR TASK_INVALID", ""},
		"a container image":            {mod(func(t *mesos.TaskInfo) { t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()} }), "TASK_ERROR TASK_INVALID", ""},
		"a check of a command":         {mod(func(t *mesos.TaskInfo) { t.HealthCheck = &mesos.HealthCheck{} }), "TASK_ERROR TASK_INVALID", ""},
		"limits beyond the resources":  {mod(func(t *mesos.TaskInfo) { t.Limits = map[string]*mesos.Value_Scalar{"mem": {Value: new(1.0)}} }), "TASK_LOST GC_ERROR", ""},
		"the default executor": {mod(func(t *mesos.TaskInfo) {
			t.Command = nil
			t.Executor = custom("x", "d", "cpus:1").Executor
			t.Executor.Type = mesos.ExecutorInfo_DEFAULT.Enum()
		}), "TASK_ERROR TASK_INVALID", "d"},
		"an executor without a command": {mod(func(t *mesos.TaskInfo) {
			t.Command = nil
			t.Executor = custom("x", "d", "cpus:1").Executor
			t.Executor.Command = nil
		}), "TASK_ERROR TASK_INVALID", "d"},
		"an executor of bad resources": {mod(func(t *mesos.TaskInfo) {
			t.Command = nil
			t.Executor = custom("x", "d", "cpus:1").Executor
			t.Executor.Resources[0].Scalar.Value = new(-1.0)
		}), "TASK_ERROR TASK_INVALID", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			before := r.core.Ledger().Free()
			lines := []string{"master: update bad " + c.want}
			if c.exited != "" {
				lines = append(lines, "master: executor "+c.exited+" exited -1")
			}
			want(t, r.step(run(c.task)), lines...)
			if s := r.updates["bad"]; s.GetMessage() == "" || s.GetSource() != mesos.TaskStatus_SOURCE_AGENT {
				t.Errorf("status %v: should say why, and that the agent says so", s)
			}
			want(t, r.step(r.ack("bad")))
			if !before.Equal(r.core.Ledger().Free()) {
				t.Errorf("%v were free, %v are free now", before, r.core.Ledger().Free())
			}
		})
	}
}

func TestRunsThatNoStatusCanAnswer(t *testing.T) {
	r := registered(t)
	r.running()
	r.fails(run(command("..", "cpus:1")), "task id")
	r.fails(run(custom("t2", "a/b", "cpus:1")), "executor id")
	r.fails(run(command("t2", "cpus:1"), func(f *mesos.FrameworkInfo) { f.Id = nil }), "framework id")
	elsewhere := command("t2", "cpus:1")
	elsewhere.AgentId.Value = new("m-S1")
	r.fails(run(elsewhere), "is for agent")
	r.fails(runGroup(custom("", "e", "").Executor), "must have a task")
	r.fails(runGroup(nil, command("t2", "cpus:1")), "executor id")
	e := custom("", "e", "").Executor
	r.fails(runGroup(e, command("t2", "cpus:1"), command("t2", "cpus:1")), "in the group twice")
}

// TestRunsThatCrossWhatTheyDoNotKnow: whatever the master counts on after its Run,
// it hears that it is not so.
func TestRunsThatCrossWhatTheyDoNotKnow(t *testing.T) {
	t.Run("the framework is removed", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(shutdownFramework())
		want(t, r.step(run(custom("t2", "e2", "cpus:1"))),
			"master: update t2 TASK_LOST FRAMEWORK_REMOVED", "master: executor e2 exited -1")
	})
	t.Run("the task runs", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(run(custom("t1", "e", "cpus:1;mem:64"))), "master: update t1 TASK_RUNNING RECONCILIATION")
		want(t, r.step(r.ack("t1")))
		want(t, r.step(run(custom("t1", "e2", "cpus:1;mem:64"))),
			"master: update t1 TASK_RUNNING RECONCILIATION", "master: executor e2 exited -1")
	})
	t.Run("the task waits", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")))
		want(t, r.step(run(custom("t1", "e", "cpus:1;mem:64"))))
	})
	t.Run("the task has ended", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:99")))
		want(t, r.step(run(command("t1", "cpus:1"))), "master: update t1 TASK_LOST RESOURCES_UNKNOWN")
		want(t, r.step(r.ack("t1")))
		r.empty()
	})
	t.Run("one task of a group runs", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(runGroup(custom("", "e2", "cpus:1").Executor, command("t1", "cpus:1"), command("t2", "cpus:1"))),
			"master: update t1 TASK_RUNNING RECONCILIATION",
			"master: update t2 TASK_ERROR TASK_GROUP_INVALID", "master: executor e2 exited -1")
	})
}

func TestTheLedgerIsFull(t *testing.T) {
	r := registered(t)
	for i, name := range []string{"a", "b", "c", "d"} {
		got := r.step(run(command(name, "cpus:2;mem:256")))
		want(t, got, "launch c"+string(rune('1'+i)))
	}
	got := r.step(run(command("e", "cpus:0.001")))
	want(t, got, "master: update e TASK_LOST RESOURCES_UNKNOWN")
	if msg := r.updates["e"].GetMessage(); !strings.Contains(msg, "cpus") {
		t.Errorf("message %q does not say what is missing", msg)
	}
	if free := r.core.Ledger().Free(); !free.Equal(resource.MustParse("ports:[31000-32000]")) {
		t.Errorf("%v are free", free)
	}
}

func TestLaunchFails(t *testing.T) {
	t.Run("fetch", func(t *testing.T) {
		r := registered(t)
		r.step(run(custom("t1", "e", "cpus:1;mem:64")), run(custom("t2", "e", "cpus:1;mem:64")))
		want(t, r.step(core.FetchFailed{Container: r.ids["c1"], Message: "fetch http://x: 404"}),
			"master: update t1 TASK_FAILED CONTAINER_LAUNCH_FAILED",
			"master: update t2 TASK_FAILED CONTAINER_LAUNCH_FAILED",
			"master: executor e exited -1", "forget c1")
		if msg := r.updates["t1"].GetMessage(); msg != "fetch http://x: 404" {
			t.Errorf("message %q", msg)
		}
		r.step(r.ack("t1"), r.ack("t2"))
		r.empty()
	})
	t.Run("start", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"))
		want(t, r.step(core.StartFailed{Container: r.ids["c1"], Message: "memory.max: EINVAL"}),
			"master: update t1 TASK_FAILED CONTAINER_LAUNCH_FAILED", "forget c1")
		r.step(r.ack("t1"))
		r.empty()
	})
}

func TestRegistrationTimeout(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.wait(time.Hour) // fetching has its own limit
	r.step(r.fetched("c1"), r.started("c1"))
	want(t, r.wait(time.Minute-1))
	want(t, r.wait(1), "destroy c1")
	want(t, r.step(r.exited("c1", sigkilled)),
		"master: update t1 TASK_FAILED EXECUTOR_REGISTRATION_TIMEOUT", "master: executor e exited 9")
	want(t, r.step(r.destroyed("c1")), "forget c1")
	r.step(r.ack("t1"))
	r.empty()
}

func TestSubscribeStopsTheRegistrationTimeout(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.wait(time.Hour))
}
