// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

const (
	taskRunning  = mesos.TaskState_TASK_RUNNING
	taskStarting = mesos.TaskState_TASK_STARTING
	taskFinished = mesos.TaskState_TASK_FINISHED
	taskFailed   = mesos.TaskState_TASK_FAILED
)

func TestOneUpdateInFlight(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(r.update(1, "c1", "t1", taskStarting, "a")), "master: update t1 TASK_STARTING", "conn 1: ACKNOWLEDGED t1")
	first := r.ack("t1")
	want(t, r.step(r.update(1, "c1", "t1", taskRunning, "b")), "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(r.update(1, "c1", "t1", taskFinished, "c")), "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
	r.step(r.limitsUpdated("c1"))
	want(t, r.step(first), "master: update t1 TASK_RUNNING, latest TASK_FINISHED")
	want(t, r.step(r.ack("t1")), "master: update t1 TASK_FINISHED")
	want(t, r.step(r.ack("t1")))
	want(t, r.step(r.ack("t1"))) // twice: the task is forgotten
}

func TestUpdatesAreSentAgain(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", taskStarting, "a"))
	for _, wait := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		want(t, r.wait(wait*time.Second-1))
		want(t, r.wait(1), "master: update t1 TASK_STARTING")
	}
	want(t, r.step(r.ack("t1")))
	want(t, r.wait(time.Hour))
	r.step(r.update(1, "c1", "t1", taskRunning, "b"))
	want(t, r.wait(10*time.Second), "master: update t1 TASK_RUNNING") // from the start again
}

func TestAcknowledgementOfAnotherUpdate(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", taskStarting, "a"))
	stale := r.ack("t1")
	r.step(stale)
	r.step(r.update(1, "c1", "t1", taskFinished, "b"))
	r.step(r.limitsUpdated("c1"))
	want(t, r.step(stale))
	want(t, r.wait(10*time.Second), "master: update t1 TASK_FINISHED")
}

func TestDuplicateUpdateIsDroppedAndAcknowledged(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(r.update(1, "c1", "t1", taskRunning, "u1")), "conn 1: ACKNOWLEDGED t1") // acknowledged long ago
	r.step(r.update(1, "c1", "t1", taskStarting, "a"))
	want(t, r.step(r.update(1, "c1", "t1", taskStarting, "a")), "conn 1: ACKNOWLEDGED t1") // in flight
	want(t, r.step(r.ack("t1")))
}

func TestATaskEndsOnce(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", taskFinished, "a"))
	r.step(r.limitsUpdated("c1"))
	want(t, r.step(r.update(1, "c1", "t1", taskFailed, "b")), "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(r.update(1, "c1", "t1", taskRunning, "c")), "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(r.ack("t1")))
	want(t, r.step(r.update(1, "c1", "t1", taskFailed, "d")), "conn 1: ACKNOWLEDGED t1") // nobody knows the task now
}

func TestUpdateOfATaskThatTheExecutorDoesNotHave(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(r.update(1, "c1", "t9", taskRunning, "a")), "conn 1: ACKNOWLEDGED t9")
	r.step(run(custom("t2", "e", "cpus:1;mem:64"))) // queued
	want(t, r.step(r.update(1, "c1", "t2", taskFinished, "b")), "conn 1: ACKNOWLEDGED t2")
	r.step(run(command("t3", "cpus:1;mem:64")))
	want(t, r.step(r.update(1, "c1", "t3", taskFinished, "c")), "conn 1: ACKNOWLEDGED t3") // somebody else's
}

// TestAnExecutorCannotTakeTheUuidsOfTheAgent: were the agent's update taken for
// a repeated one, the task would never end.
func TestAnExecutorCannotTakeTheUuidsOfTheAgent(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(command("t2", "cpus:1;mem:64")), kill("t2")) // ends with the agent's first update
	if name := string(r.ids["c2"]); strings.Contains(name, fmt.Sprintf("%x", r.updates["t2"].GetUuid()[:4])) {
		t.Errorf("container %s tells of what the uuid %x is made", name, r.updates["t2"].GetUuid())
	}
	next := bytes.Clone(r.updates["t2"].GetUuid())
	next[15]++
	want(t, r.step(r.update(1, "c1", "t1", taskRunning, string(next))), "master: update t1 TASK_RUNNING", "conn 1: ACKNOWLEDGED t1")
	r.step(r.exited("c1", 1))
	want(t, r.step(r.ack("t1")), "master: update t1 TASK_LOST EXECUTOR_TERMINATED")
}

// TestUpdatesAreBounded: what is beyond the bound stays the executor's, which
// is told by not being told that it was taken.
func TestUpdatesAreBounded(t *testing.T) {
	r := registered(t)
	r.running()
	taken := 0
	for i := range 2000 {
		got := r.step(r.update(1, "c1", "t1", taskRunning, fmt.Sprintf("%016d", i)))
		if len(got) == 0 {
			break
		}
		taken++
	}
	if taken != 1024 {
		t.Errorf("%d updates taken while none is acknowledged, want 1024", taken)
	}
	want(t, r.step(r.update(1, "c1", "t1", taskFinished, "the end")), "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
}

func TestUpdatesAreBoundedInBytes(t *testing.T) {
	r := registered(t)
	r.running()
	large := func(state mesos.TaskState, uuid string, size int) core.Input {
		s := status("t1", state, uuid)
		s.Data = make([]byte, size)
		return r.call(1, "c1", &executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: s}})
	}
	want(t, r.step(large(taskStarting, "a", 5<<20)), "master: update t1 TASK_STARTING", "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(large(taskRunning, "b", 1)))
	want(t, r.step(r.ack("t1")))
	want(t, r.step(large(taskRunning, "b", 3<<20)), "master: update t1 TASK_RUNNING", "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(large(taskRunning, "c", 1<<19)), "conn 1: ACKNOWLEDGED t1")
	want(t, r.step(large(taskRunning, "d", 1<<20)))
	want(t, r.step(large(taskFinished, "e", 1<<20)), "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
}

// TestLittleIsKeptOfATaskThatHasEnded: many may wait for a framework that is
// away.
func TestLittleIsKeptOfATaskThatHasEnded(t *testing.T) {
	r := registered(t)
	r.running()
	task := custom("t2", "e", "cpus:1;mem:64")
	task.Data = make([]byte, 1<<20)
	task.Labels = &mesos.Labels{Labels: []*mesos.Label{{Key: new(strings.Repeat("k", 1<<20))}}}
	r.step(run(task))
	r.step(r.limitsUpdated("c1"), r.update(1, "c1", "t2", taskFinished, "a"))
	r.step(core.LinkDown{}, core.LinkUp{})
	got := r.register.GetTasks()[1]
	if got.GetTaskId().GetValue() != "t2" || got.GetState() != taskFinished || got.GetExecutorId().GetValue() != "e" || proto.Size(got) > 1<<10 {
		t.Errorf("register tells of the task in %d bytes: %.1000v", proto.Size(got), got)
	}
}

func TestRegistrationSendsEveryFrontAtOnce(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", taskStarting, "a"))
	r.wait(time.Hour) // backed off far
	want(t, r.step(core.LinkDown{}))
	want(t, r.step(r.update(1, "c1", "t1", taskRunning, "b")), "conn 1: ACKNOWLEDGED t1")
	want(t, r.wait(time.Hour))
	want(t, r.step(core.LinkUp{}), "master: register "+agentID)
	if g := r.register; len(g.GetFrameworks()) != 1 || len(g.GetExecutors()) != 1 || len(g.GetTasks()) != 1 ||
		g.GetExecutors()[0].GetFrameworkId().GetValue() != "f" ||
		g.GetTasks()[0].GetState() != taskRunning || g.GetTasks()[0].GetStatusUpdateState() != taskStarting ||
		string(g.GetTasks()[0].GetStatusUpdateUuid()) != "a" || g.GetTasks()[0].GetUser() != "nobody" {
		t.Errorf("register does not tell what is here: %v", g)
	}
	want(t, r.step(fromMaster(registeredMessage(agentID))), "master: update t1 TASK_STARTING, latest TASK_RUNNING")
	want(t, r.wait(10*time.Second), "master: update t1 TASK_STARTING, latest TASK_RUNNING")
}

func TestRegisterTellsOfWhatIsNotAcknowledged(t *testing.T) {
	r := registered(t)
	r.step(run(command("t1", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"))
	r.step(r.ack("t1"), r.exited("c1", 0), r.destroyed("c1"))
	r.step(core.LinkDown{}, core.LinkUp{})
	if g := r.register; len(g.GetExecutors()) != 0 || len(g.GetTasks()) != 1 ||
		g.GetTasks()[0].GetState() != taskFinished || g.GetTasks()[0].ExecutorId != nil {
		t.Errorf("register: %v", g)
	}
}

func TestExecutorExitedIsToldLater(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(core.LinkDown{})
	want(t, r.step(r.exited("c1", sigkilled)), "conn 1: hangup 7", "destroy c1")
	want(t, r.step(core.LinkUp{}), "master: register "+agentID)
	if x := r.register.GetExited(); len(x) != 1 || x[0].GetExecutorId().GetValue() != "e" || x[0].GetStatus() != 9 {
		t.Errorf("register lists %v, want the end of executor e with 9", x)
	}
	want(t, r.step(fromMaster(registeredMessage(agentID))), "master: update t1 TASK_LOST EXECUTOR_TERMINATED")
	r.step(core.LinkDown{}, core.LinkUp{})
	if x := r.register.GetExited(); len(x) != 0 {
		t.Errorf("register lists %v again", x)
	}
}

func TestExecutorExitedBetweenRegisterAndItsAnswerIsToldAfterIt(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(core.LinkDown{}, core.LinkUp{})
	want(t, r.step(r.exited("c1", sigkilled)), "conn 1: hangup 7", "destroy c1")
	want(t, r.step(fromMaster(registeredMessage(agentID))),
		"master: executor e exited 9", "master: update t1 TASK_LOST EXECUTOR_TERMINATED")
}

func TestMessagesBothWays(t *testing.T) {
	r := registered(t)
	down := fromMaster(&link.FromMaster{Message: &link.FromMaster_ExecutorMessage{ExecutorMessage: &link.ExecutorMessage{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: []byte("hi"),
	}}})
	up := func() core.Input {
		return r.call(1, "c1", &executor.Call{Type: executor.Call_MESSAGE.Enum(), Message: &executor.Call_Message{Data: []byte("ho")}})
	}
	want(t, r.step(down)) // nobody there
	r.running()
	want(t, r.step(down), "conn 1: MESSAGE hi")
	want(t, r.step(up()), "master: message of e: ho")
	want(t, r.step(core.LinkDown{}))
	want(t, r.step(up())) // best effort
	r.step(core.LinkUp{}, fromMaster(registeredMessage(agentID)))
	r.step(core.ConnClosed{Conn: 1})
	want(t, r.step(down))
}
