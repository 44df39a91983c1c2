// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"pgregory.net/rapid"
)

// oneTask is a world in which one task runs on one agent.
func oneTask(t rapid.TB, options ...func(*mesos.FrameworkInfo)) (*world, *sched, *node) {
	t.Helper()
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(append(options, withFailoverTimeout(60))...)
	launched(t, s, n, "t", "cpus:1")
	return w, s, n
}

func TestAnUpdateGoesToTheFrameworkAsItIsAndItsAcknowledgementToTheAgent(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r'))
	got := s.status(mesos.TaskState_TASK_RUNNING, 0)
	if !bytes.Equal(got.GetUuid(), uuid('r')) || got.GetSource() != mesos.TaskStatus_SOURCE_EXECUTOR {
		t.Errorf("update %v, want the agent's", got)
	}
	s.acknowledge(got)
	ack := n.next().GetAcknowledge()
	if ack.GetTaskId().GetValue() != "t" || !bytes.Equal(ack.GetUuid(), uuid('r')) || ack.GetFrameworkId().GetValue() != s.id.GetValue() {
		t.Errorf("acknowledgement %v", ack)
	}
}

func TestATaskIsDroppedWhenItsEndIsAcknowledged(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	end := s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.next(scheduler.Event_OFFERS)
	reconcileAll(s)
	s.status(mesos.TaskState_TASK_FINISHED, mesos.TaskStatus_REASON_RECONCILIATION)
	s.acknowledge(end)
	reconcileAll(s)
	s.quiet()
}

func TestExecutorsMayUseTheSameUUIDForSeveralTasks(t *testing.T) {
	w, s, n := oneTask(t)
	end := func(task, container string) {
		t.Helper()
		m := updateMessage(s.id, n.id, task, mesos.TaskState_TASK_FINISHED, uuid('x'), mesos.TaskState_TASK_FINISHED)
		m.GetUpdate().Status.ContainerStatus = &mesos.ContainerStatus{ContainerId: &mesos.ContainerID{Value: &container}}
		n.send(m)
		s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
		n.next()
		w.pass(1000 * time.Second)
	}
	end("t", "c1")
	launched(t, s, n, "u", "cpus:4;mem:1000")
	end("u", "c1") // another task
	launched(t, s, n, "t", "cpus:4;mem:1000")
	end("t", "c2") // another run of the first
	has(t, s.offer(), "cpus:4;mem:1000")

	old := updateMessage(s.id, n.id, "t", mesos.TaskState_TASK_FINISHED, uuid('x'), mesos.TaskState_TASK_FINISHED)
	old.GetUpdate().Status.ContainerStatus = &mesos.ContainerStatus{ContainerId: &mesos.ContainerID{Value: new("c2")}}
	n.send(old) // the agent has not got the acknowledgement yet
	s.quiet()
	if n.next().GetAcknowledge() == nil {
		t.Error("an end that was acknowledged is not acknowledged again")
	}
}

func TestAnAcknowledgementOfAnotherUpdateDropsNothing(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r'))
	running := s.status(mesos.TaskState_TASK_RUNNING, 0)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.acknowledge(running)
	s.next(scheduler.Event_OFFERS)
	reconcileAll(s)
	s.status(mesos.TaskState_TASK_FINISHED, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestALatestStateThatIsTerminalFreesTheResourcesBeforeItIsReported(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r'), mesos.TaskState_TASK_FINISHED)
	s.status(mesos.TaskState_TASK_RUNNING, 0)
	has(t, s.offer(), "cpus:4;mem:1000")
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.quiet() // nothing is freed twice
}

func TestAnEndIsFinal(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r')) // an agent at fault
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	has(t, s.offer(), "cpus:4;mem:1000")
	s.status(mesos.TaskState_TASK_RUNNING, 0)
	explicitly(s, "t", n)
	s.status(mesos.TaskState_TASK_FINISHED, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestUpdatesForADisconnectedFrameworkAreLeftToTheAgentButCount(t *testing.T) {
	w, s, n := oneTask(t)
	s.close()
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	n.quiet() // nobody acknowledges it
	s = w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	has(t, s.offer(), "cpus:4;mem:1000")
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f')) // sent again
	s.status(mesos.TaskState_TASK_FINISHED, 0)
}

func TestAnUpdateOfATaskThatTheMasterDoesNotKnowIsPassedOn(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "never heard of", mesos.TaskState_TASK_LOST, uuid('x'))
	got := s.status(mesos.TaskState_TASK_LOST, 0)
	s.acknowledge(got)
	if n.next().GetAcknowledge() == nil {
		t.Error("its acknowledgement is not passed on")
	}
}

func TestAnAcknowledgementForAnAgentThatIsNotThereIsDropped(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	end := s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.next(scheduler.Event_OFFERS)
	n.close()
	s.next(scheduler.Event_RESCIND)
	s.acknowledge(end)
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_FINISHED, "cpus:1"))
	s.next(scheduler.Event_OFFERS)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
	if n.next().GetAcknowledge() == nil {
		t.Error("the acknowledgement after the agent's return is lost")
	}
}

func killCall(task, agent string) *scheduler.Call {
	k := &scheduler.Call_Kill{TaskId: &mesos.TaskID{Value: &task}}
	if agent != "" {
		k.AgentId = &mesos.AgentID{Value: &agent}
	}
	return &scheduler.Call{Type: scheduler.Call_KILL.Enum(), Kill: k}
}

func TestAKillGoesToTheTasksAgentWithItsPolicy(t *testing.T) {
	_, s, n := oneTask(t)
	for _, agent := range []string{"", "m-S0"} {
		call := killCall("t", agent)
		call.Kill.KillPolicy = &mesos.KillPolicy{GracePeriod: mesos.NewDuration(time.Second)}
		s.call(call)
		k := n.next().GetKill()
		if k.GetTaskId().GetValue() != "t" || mesos.Duration(k.GetKillPolicy().GetGracePeriod()) != time.Second {
			t.Errorf("agent is told %v", k)
		}
	}
	s.quiet()
}

func TestAKillThatNamesAnotherAgentIsIgnored(t *testing.T) {
	_, s, n := oneTask(t)
	s.call(killCall("t", "m-S9"))
	n.quiet()
	s.quiet()
}

func TestAKillOfAnUnknownTaskIsAnsweredLikeAReconciliation(t *testing.T) {
	_, s, _ := oneTask(t, partitionAware)
	s.call(killCall("nobody", ""))
	s.status(mesos.TaskState_TASK_UNKNOWN, mesos.TaskStatus_REASON_RECONCILIATION)
	s.call(killCall("nobody", "m-S0"))
	s.status(mesos.TaskState_TASK_GONE, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestAKillWaitsForAnAgentThatIsNotThere(t *testing.T) {
	_, s, n := oneTask(t)
	n.close()
	s.call(killCall("t", ""))
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if got := n.next().GetKill(); got.GetTaskId().GetValue() != "t" {
		t.Errorf("agent is told %v, want the kill", got)
	}
}

func TestAKillIsSentAgainToAnAgentThatComesBackUntilItsTaskHasEnded(t *testing.T) {
	_, s, n := oneTask(t)
	s.call(killCall("t", "")) // the link may be dead already
	for range 2 {
		n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
		if got := n.next().GetKill(); got.GetTaskId().GetValue() != "t" {
			t.Errorf("agent is told %v, want the kill", got)
		}
	}
	n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_KILLED, "cpus:1")).quiet()
}

func reconcileAll(s *sched) {
	s.w.t.Helper()
	s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE.Enum(), Reconcile: &scheduler.Call_Reconcile{}})
}

// reconcileCall asks for one task, on an agent unless that is nil.
func reconcileCall(task string, agent *mesos.AgentID) *scheduler.Call {
	return &scheduler.Call{Type: scheduler.Call_RECONCILE.Enum(), Reconcile: &scheduler.Call_Reconcile{
		Tasks: []*scheduler.Call_Reconcile_Task{{TaskId: &mesos.TaskID{Value: &task}, AgentId: agent}},
	}}
}

func explicitly(s *sched, task string, n *node) {
	s.w.t.Helper()
	var agent *mesos.AgentID
	if n != nil {
		agent = n.id
	}
	s.call(reconcileCall(task, agent))
}

func TestWhatWasOnARemovedAgentIsGone(t *testing.T) {
	for _, id := range []string{"m-S0", "earlier-S0"} { // an earlier master's does not come back either
		w := newWorld(t)
		n := (&node{w: w, id: &mesos.AgentID{Value: &id}}).back("cpus:4;mem:1000", nil, nil)
		s := w.subscribe(partitionAware)
		s.next(scheduler.Event_OFFERS)
		n.close()
		w.node("cpus:4;mem:1000") // in its place
		s.w.events[s.conn] = nil
		explicitly(s, "t", n)
		if got := s.status(mesos.TaskState_TASK_GONE, mesos.TaskStatus_REASON_RECONCILIATION); got.GetAgentId().GetValue() != id || !strings.Contains(got.GetMessage(), "removed") {
			t.Errorf("answer %v, want that agent %s was removed", got, id)
		}
	}
}

func TestWhatAnEarlierMasterKnewIsNotAnsweredWhileItsAgentsMayComeBack(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withID("earlier-0000"))
	absent := &node{id: &mesos.AgentID{Value: new("earlier-S0")}}
	explicitly(s, "t", absent)
	explicitly(s, "t", nil)
	s.call(killCall("t", ""))
	s.quiet()
	explicitly(s, "t", w.node("cpus:0.001")) // this one has told all it has
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_RECONCILIATION)
	w.pass(reregisterTimeout)
	explicitly(s, "t", absent)
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_RECONCILIATION)
	explicitly(s, "t", nil)
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestALargeReconciliationIsAnsweredBitByBit(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1200;mem:1000")
	s := w.subscribe()
	o := s.offer()
	var tasks []*mesos.TaskInfo
	for i := range 1200 {
		tasks = append(tasks, commandTask(fmt.Sprint("t", i), o, "cpus:1"))
	}
	s.accept([]*mesos.Offer{o}, nil, launch(tasks...))
	reconcileAll(s)
	if got := len(w.events[s.conn]); got != 500 {
		t.Errorf("%d answers at once, want 500", got)
	}
	for range 10 { // it is answered once more after this one, however often it is asked for
		reconcileAll(s)
	}
	n.update(s, tasks[1199].GetTaskId().GetValue(), mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.w.events[s.conn] = nil
	w.pass(time.Second)
	answers := 0
	for _, e := range w.events[s.conn] {
		if e.GetUpdate().GetStatus().GetReason() == mesos.TaskStatus_REASON_RECONCILIATION {
			answers++
		}
	}
	if answers != 700+1200 {
		t.Errorf("%d answers after the first 500, want the other 700 and 1200 again", answers)
	}
	s.w.events[s.conn] = nil
	reconcileAll(s)
	w.pass(time.Second)
	if got := len(w.events[s.conn]); got != 1200 {
		t.Errorf("%d answers to one that is asked for later, want 1200", got)
	}
}

func TestMessagesGoBothWays(t *testing.T) {
	_, s, n := oneTask(t)
	down := &scheduler.Call{Type: scheduler.Call_MESSAGE.Enum(), Message: &scheduler.Call_Message{
		AgentId: n.id, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: []byte("hello"),
	}}
	s.call(down)
	if got := n.next().GetExecutorMessage(); string(got.GetData()) != "hello" || got.GetExecutorId().GetValue() != "e" || got.GetFrameworkId().GetValue() != "m-0000" {
		t.Errorf("agent gets %v", got)
	}
	up := &link.FromAgent{Message: &link.FromAgent_ExecutorMessage{ExecutorMessage: &link.ExecutorMessage{
		FrameworkId: s.id, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: []byte("hi"),
	}}}
	n.send(up)
	if got := s.next(scheduler.Event_MESSAGE).GetMessage(); string(got.GetData()) != "hi" || got.GetAgentId().GetValue() != "m-S0" || got.GetExecutorId().GetValue() != "e" {
		t.Errorf("scheduler gets %v", got)
	}
	n.close()
	s.call(down) // best effort: lost
	n.quiet()
}

func TestShutdownOfAnExecutorGoesToItsAgent(t *testing.T) {
	_, s, n := oneTask(t)
	s.call(&scheduler.Call{Type: scheduler.Call_SHUTDOWN.Enum(), Shutdown: &scheduler.Call_Shutdown{
		AgentId: n.id, ExecutorId: &mesos.ExecutorID{Value: new("e")},
	}})
	if got := n.next().GetShutdownExecutor(); got.GetExecutorId().GetValue() != "e" || got.GetFrameworkId().GetValue() != "m-0000" {
		t.Errorf("agent gets %v", got)
	}
}

func TestAnExecutorHoldsItsResourcesUntilItExitsAndItsFrameworkIsTold(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t1", "cpus:1", byExecutor("e", "mem:100"))
	n.update(s, "t1", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
	o := s.offer()
	has(t, o, "cpus:4;mem:900")
	s.decline(refuse(1000), o)

	n.exited(s, "e", 9)
	got := s.next(scheduler.Event_FAILURE).GetFailure()
	if got.GetAgentId().GetValue() != "m-S0" || got.GetExecutorId().GetValue() != "e" || got.GetStatus() != 9 {
		t.Errorf("FAILURE %v, want agent m-S0, executor e, status 9", got)
	}
	has(t, s.offer(), "cpus:4;mem:1000")
	n.exited(s, "e", 9)
	s.quiet() // once is enough
}

func TestASecondTaskOfAnExecutorTakesOnlyItsOwnResources(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(0), launch(
		commandTask("t1", o, "cpus:1", byExecutor("e", "cpus:1;mem:100")),
		commandTask("t2", o, "cpus:1", byExecutor("e", "cpus:1;mem:100")),
	))
	n.next()
	n.next()
	w.pass(time.Second)
	has(t, s.offer(), "cpus:1;mem:900")
}
