// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// updateFramework tells what a framework now says of itself.
func updateFramework(mod ...func(*mesos.FrameworkInfo)) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_UpdateFramework{
		UpdateFramework: &link.UpdateFramework{Framework: framework(mod...)},
	}})
}

func called(id string) func(*mesos.FrameworkInfo) {
	return func(f *mesos.FrameworkInfo) { f.Id = &mesos.FrameworkID{Value: &id} }
}

func TestUpdatesAreSentAgainWhenTheSchedulerIsBack(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(command("t2", "cpus:1;mem:64")))
	r.step(r.fetched("c2"), r.started("c2"))
	r.step(run(command("t3", "cpus:1;mem:64"), called("g")))
	r.step(r.fetched("c3"), r.started("c3"))
	r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_FINISHED, "u2"))
	want(t, r.wait(15*time.Second), // each waits for 20 s now
		"master: update t2 TASK_RUNNING", "master: update t1 TASK_FINISHED", "master: update t3 TASK_RUNNING")
	want(t, r.step(updateFramework()), "master: update t1 TASK_FINISHED", "master: update t2 TASK_RUNNING")
	want(t, r.wait(10*time.Second-1))
	want(t, r.wait(1), "master: update t1 TASK_FINISHED", "master: update t2 TASK_RUNNING")
	want(t, r.wait(5*time.Second), "master: update t3 TASK_RUNNING") // of another, which goes on as it did
	want(t, r.step(r.ack("t2"), updateFramework()), "master: update t1 TASK_FINISHED")
}

// TestOperationsOfAFrameworkThatIsBack: it may have nothing else on the agent.
func TestOperationsOfAFrameworkThatIsBack(t *testing.T) {
	r := withDisk(t)
	want(t, r.step(apply("o1", named(reserve(reserved("cpus:2"))))), "master: operation o1 OPERATION_FINISHED")
	want(t, r.wait(15*time.Second), "master: operation o1 OPERATION_FINISHED")
	want(t, r.step(updateFramework(called("g"))))
	want(t, r.step(updateFramework()), "master: operation o1 OPERATION_FINISHED")
	want(t, r.wait(10*time.Second-1))
	want(t, r.wait(1), "master: operation o1 OPERATION_FINISHED")
	want(t, r.step(r.ackOperation("o1"), updateFramework()))
}

func TestAFrameworkIsWhatItSaysOfItselfButForUserAndCheckpoint(t *testing.T) {
	r := registered(t)
	r.step(run(command("t1", "cpus:1;mem:64")))
	aware := capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)
	in := updateFramework(aware, func(f *mesos.FrameworkInfo) {
		f.Name, f.User, f.Checkpoint = new("renamed"), new("root"), new(true)
	})
	before := proto.CloneOf(in.(core.FromMaster).Message)
	r.step(in)
	if !proto.Equal(in.(core.FromMaster).Message, before) {
		t.Error("the master's message, which others read too, was changed")
	}
	r.step(core.LinkDown{}, core.LinkUp{})
	info := framework(aware)
	info.Name = new("renamed")
	if got := r.register.GetFrameworks(); len(got) != 1 || !proto.Equal(got[0], info) {
		t.Errorf("the agent knows the frameworks %v, want %v", got, info)
	}
	r.step(fromMaster(registeredMessage(agentID)))
	r.step(core.Stop{Grace: time.Minute})
	want(t, r.step(run(command("t2", "cpus:1"), aware)), "master: update t2 TASK_DROPPED AGENT_DRAINING")
}

// TestTheStateOfALostTaskIsWhatItsFrameworkUnderstandsNow: of a task that was
// launched before.
func TestTheStateOfALostTaskIsWhatItsFrameworkUnderstandsNow(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(updateFramework(capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)))
	want(t, r.step(r.exited("c1", 0)),
		"master: update t1 TASK_FAILED EXECUTOR_TERMINATED", "conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
}

func TestAnUnknownFrameworkIsNotKept(t *testing.T) {
	r := registered(t)
	want(t, r.step(updateFramework()))
	want(t, r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_UpdateFramework{}})))
	r.step(core.LinkDown{})
	r.step(core.LinkUp{})
	if got := r.register.GetFrameworks(); len(got) > 0 {
		t.Errorf("the agent knows the frameworks %v, want none", got)
	}
	r.fails(updateFramework(), "before Registered")
}
