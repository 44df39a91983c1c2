// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/types/known/durationpb"
)

func drainCall(id *mesos.AgentID, change ...func(*master.Call_DrainAgent)) *master.Call {
	drain := &master.Call_DrainAgent{AgentId: id}
	for _, each := range change {
		each(drain)
	}
	return &master.Call{Type: master.Call_DRAIN_AGENT.Enum(), DrainAgent: drain}
}

func markingGone(d *master.Call_DrainAgent) { d.MarkGone = new(true) }

func within(grace time.Duration) func(*master.Call_DrainAgent) {
	return func(d *master.Call_DrainAgent) { d.MaxGracePeriod = durationpb.New(grace) }
}

func deactivateCall(id *mesos.AgentID) *master.Call {
	return &master.Call{Type: master.Call_DEACTIVATE_AGENT.Enum(), DeactivateAgent: &master.Call_DeactivateAgent{AgentId: id}}
}

func reactivateCall(id *mesos.AgentID) *master.Call {
	return &master.Call{Type: master.Call_REACTIVATE_AGENT.Enum(), ReactivateAgent: &master.Call_ReactivateAgent{AgentId: id}}
}

func numbered(i int) string { return fmt.Sprintf("t%04d", i) }

func agentIDOf(id string) *mesos.AgentID { return &mesos.AgentID{Value: &id} }

func TestAnOperatorsCallAboutAnAgentThatBreaksARuleNamesIt(t *testing.T) {
	w := newWorld(t)
	replaced := w.node("cpus:1")
	replaced.close()
	gone := w.node("cpus:1")
	w.must(markGoneCall(gone.id))
	draining := w.node("cpus:1;mem:100")
	s := w.subscribe()
	launched(t, s, draining, "t", "cpus:1")
	w.must(drainCall(draining.id))
	for name, c := range map[string]struct {
		call  *master.Call
		kind  core.Kind
		words []string
	}{
		"gone, unknown":       {markGoneCall(agentIDOf("who")), core.NotFound, []string{"mark_agent_gone.agent_id", `"who"`}},
		"gone, removed":       {markGoneCall(replaced.id), core.Conflict, []string{"mark_agent_gone.agent_id", "m-S0", "removed"}},
		"drain, unknown":      {drainCall(agentIDOf("who")), core.NotFound, []string{"drain_agent.agent_id", `"who"`}},
		"drain, gone":         {drainCall(gone.id), core.Conflict, []string{"drain_agent.agent_id", "m-S1", "gone"}},
		"drain, grace":        {drainCall(draining.id, within(-time.Second)), core.Invalid, []string{"drain_agent.max_grace_period", "-1s", "0 or more"}},
		"deactivate, unknown": {deactivateCall(agentIDOf("who")), core.NotFound, []string{"deactivate_agent.agent_id", `"who"`}},
		"reactivate, unknown": {reactivateCall(agentIDOf("who")), core.NotFound, []string{"reactivate_agent.agent_id", `"who"`}},
		"reactivate, drains":  {reactivateCall(draining.id), core.Conflict, []string{"reactivate_agent.agent_id", "m-S2", "draining"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.operate(c.call)
			refused(t, err, c.kind, c.words...)
		})
	}
}

func TestADeactivatedAgentRunsOnAndIsNotOffered(t *testing.T) {
	w, s, n := oneTask(t)
	w.pass(1000 * time.Second)
	s.offer()
	for range 2 { // twice is once
		w.must(deactivateCall(n.id))
	}
	s.next(scheduler.Event_RESCIND)
	n.quiet()
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	s.quiet()
	if v := viewOf(n); v.GetActive() || !v.GetDeactivated() || v.DrainInfo != nil {
		t.Errorf("agent is shown as %v", v)
	}

	w, s = failover(w, s) // and also with another master
	n.w = w
	n = n.back("cpus:4;mem:1000", nil, nil)
	w.pass(time.Minute)
	s.quiet()
	w.must(reactivateCall(n.id))
	has(t, s.offer(), "cpus:4;mem:1000")
	if n.record().GetDeactivated() {
		t.Errorf("remembered is %v", n.record())
	}
}

func TestADrainingAgentIsToldAndDrainedWhenNothingIsLeft(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:100"))
	w.pass(1000 * time.Second)
	s.offer()
	w.must(drainCall(n.id, within(time.Minute)))
	s.next(scheduler.Event_RESCIND)
	if got := n.next().GetDrain().GetConfig(); mesos.Duration(got.GetMaxGracePeriod()) != time.Minute || got.GetMarkGone() {
		t.Errorf("agent is told %v", got)
	}
	state := func(want mesos.DrainState) {
		t.Helper()
		v := viewOf(n)
		if got := v.GetDrainInfo().GetState(); got != want || n.record().GetDrain().GetState() != want {
			t.Errorf("drain is %v, remembered %v; want %v", got, n.record().GetDrain(), want)
		}
		if v.GetActive() || !v.GetDeactivated() || v.EstimatedDrainStartTime == nil {
			t.Errorf("agent is shown as %v", v)
		}
	}
	state(mesos.DrainState_DRAINING)
	n.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	end := s.status(mesos.TaskState_TASK_KILLED, 0)
	n.exited(s, "e", 9)
	s.next(scheduler.Event_FAILURE)
	state(mesos.DrainState_DRAINING) // the end is not acknowledged
	s.acknowledge(end)
	state(mesos.DrainState_DRAINED)
	w.pass(time.Hour)
	s.quiet()
	w.must(reactivateCall(n.id))
	has(t, s.offer(), "cpus:4;mem:1000")
	if n.record().Drain != nil {
		t.Errorf("remembered is %v", n.record())
	}
}

func TestAnEmptyAgentIsDrainedAtOnce(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4")
	w.must(drainCall(n.id))
	if got := viewOf(n).GetDrainInfo().GetState(); got != mesos.DrainState_DRAINED {
		t.Errorf("drain is %v, want DRAINED", got)
	}
}

func TestADrainedAgentIsGoneIfThatWasAskedFor(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	w.must(drainCall(n.id, markingGone))
	if !n.next().GetDrain().GetConfig().GetMarkGone() {
		t.Error("the agent is not told that it will be gone")
	}
	n.update(s, "t", mesos.TaskState_TASK_GONE_BY_OPERATOR, uuid('g'))
	s.acknowledge(s.status(mesos.TaskState_TASK_GONE_BY_OPERATOR, 0))
	if n.next().GetAcknowledge() == nil {
		t.Error("the agent is not sent the acknowledgement first")
	}
	n.toldGone("gone")
	n.remembered(registry.AgentState_AGENT_GONE)
	s.nextFailure()
	s.quiet()
}

func TestAnAgentThatIsAwayIsDrainedWhenItComesBack(t *testing.T) {
	for name, leave := range map[string]func(w *world, s *sched, n *node) *sched{
		"disconnected": func(_ *world, s *sched, n *node) *sched { n.close(); return s },
		"unreachable":  func(_ *world, s *sched, n *node) *sched { n.vanish(s); return s },
		"recovered": func(w *world, s *sched, n *node) *sched {
			n.w, s = failover(w, s)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, n := oneTask(t)
			s = leave(w, s, n)
			w = n.w
			w.must(drainCall(n.id, within(time.Minute)))
			n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
			if got := n.next().GetDrain(); mesos.Duration(got.GetConfig().GetMaxGracePeriod()) != time.Minute {
				t.Fatalf("agent is told %v, want to drain", got)
			}
			n = n.back("cpus:4;mem:1000", nil, nil)
			if got := n.record().GetDrain().GetState(); got != mesos.DrainState_DRAINED {
				t.Errorf("drain is %v, want DRAINED", got)
			}
		})
	}
}

func TestAMasterThatKnowsNothingLearnsFromAnAgentThatItDrains(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe()
	f := &sched{w: w, id: s.id}
	n := (&node{w: w, id: agentIDOf("old-S0")}).again(func(r *link.Register) {
		r.Tasks = []*mesos.Task{listed(f, &node{id: agentIDOf("old-S0")}, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")}
		r.Drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: &mesos.DrainConfig{}}
	})
	s.quiet()
	if got := viewOf(n).GetDrainInfo().GetState(); got != mesos.DrainState_DRAINING {
		t.Errorf("drain is %v, want DRAINING", got)
	}
}

func TestOnlyAMasterReactivatesWhatItDrained(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	w.must(drainCall(n.id))
	n.close()
	w.must(reactivateCall(n.id))
	n.again(func(r *link.Register) {
		r.Drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: &mesos.DrainConfig{}}
	})
	has(t, w.subscribe().offer(), "cpus:4;mem:1000")
}

func TestAnAgentThatIsUnreachableCanBeMarkedGone(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	n.vanish(s)
	w.must(markGoneCall(n.id))
	s.status(mesos.TaskState_TASK_GONE_BY_OPERATOR, mesos.TaskStatus_REASON_AGENT_REMOVED_BY_OPERATOR)
	s.quiet() // that the agent failed was told before
	w.must(markGoneCall(n.id))
	s.quiet()
	if got := core.CompletedTasks(w.core, s.id.GetValue()); len(got) != 1 || got[0].GetState() != mesos.TaskState_TASK_GONE_BY_OPERATOR {
		t.Errorf("completed are %v, want t", got)
	}
	n.again(nil).toldGone("marked gone")
}

func TestAnAgentThatIsRecoveredCanBeMarkedGone(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	n.w, s = failover(w, s)
	n.w.must(markGoneCall(n.id))
	s.nextFailure()
	n.again(nil).toldGone("marked gone")
	n.w.pass(time.Hour)
	s.quiet()
}

func TestAgentsThatHaveLeftAreForgottenAfterTwoWeeks(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	n.vanish(s)
	s.close()
	w.pass(14*24*time.Hour - time.Hour)
	if n.record() == nil {
		t.Fatal("it is forgotten too early")
	}
	w.pass(2 * time.Hour)
	if n.record() != nil {
		t.Errorf("remembered is %v, want nothing", n.record())
	}
	if at, ok := w.core.Deadline(); ok {
		t.Errorf("something is due at %v, of nothing that is left", at)
	}
	s = w.subscribe(partitionAware)
	explicitly(s, "t", n)
	s.status(mesos.TaskState_TASK_UNKNOWN, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestOfAnAgentThatHasLeftNoBooksAreKept(t *testing.T) {
	w, s, n := oneTask(t)
	n.vanish(s)
	if core.HasBooks(w.core, n.id.GetValue()) {
		t.Error("books of an unreachable agent are kept")
	}
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	w.must(markGoneCall(n.id))
	if core.HasBooks(w.core, n.id.GetValue()) {
		t.Error("books of an agent that is gone are kept")
	}
}

func TestAnAgentThatIsGoneDoesNotWaitForItsTurn(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.AgentRemovalRate = core.Rate{N: 1, Per: 24 * time.Hour} })
	s := w.subscribe()
	var nodes []*node
	for range 4 {
		nodes = append(nodes, w.node("cpus:1"))
	}
	for _, n := range nodes {
		n.close()
	}
	w.pass(reregisterTimeout)
	for _, n := range nodes[1:3] {
		w.must(markGoneCall(n.id))
	}
	if got := core.Queued(w.core); got != 1 {
		t.Errorf("%d agents wait for their turn, want 1", got)
	}
	s.failures()
	w.pass(24 * time.Hour)
	if got := s.failures(); len(got) != 1 || got[0] != nodes[3].id.GetValue() {
		t.Errorf("unreachable are %v, want %v", got, nodes[3].id)
	}
}

func TestTasksThatHaveLeftAreBounded(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2000;mem:1000")
	s := w.subscribe(partitionAware, withFailoverTimeout(60))
	o := s.offer()
	var tasks []*mesos.TaskInfo
	for i := range 1100 {
		tasks = append(tasks, commandTask(numbered(i), o, "cpus:1"))
	}
	s.accept([]*mesos.Offer{o}, nil, launch(tasks...))
	n.vanish(s)
	got := core.UnreachableTasks(w.core, s.id.GetValue())
	if len(got) != 1000 || got[0].GetTaskId().GetValue() != numbered(100) {
		t.Errorf("%d unreachable tasks are remembered, from %v, want the last 1000", len(got), got[0].GetTaskId())
	}
	n.back("cpus:2000;mem:1000", nil, nil)
	done := core.CompletedTasks(w.core, s.id.GetValue())
	if len(done) != 1000 || done[0].GetTaskId().GetValue() != numbered(100) || done[0].GetResources()[0].GetScalar().GetValue() != 1 {
		t.Errorf("%d completed tasks are remembered, from %v, want the last 1000 with what they had", len(done), done[0])
	}
}
