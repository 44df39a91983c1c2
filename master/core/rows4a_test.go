// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// withPings sets how agents are pinged.
func withPings(timeout time.Duration, most int) func(*core.Config) {
	return func(c *core.Config) { c.AgentPingTimeout, c.MaxAgentPingTimeouts = timeout, most }
}

// pong answers a ping.
func (n *node) pong() {
	n.w.t.Helper()
	n.send(&link.FromAgent{Message: &link.FromAgent_Pong{Pong: &link.Pong{}}})
}

func markGoneCall(id *mesos.AgentID) *master.Call {
	return &master.Call{Type: master.Call_MARK_AGENT_GONE.Enum(), MarkAgentGone: &master.Call_MarkAgentGone{AgentId: id}}
}

// twoKinds runs a test for a framework that is PARTITION_AWARE and for one that
// is not.
func twoKinds(t *testing.T, name string, test func(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo))) {
	t.Run(name+"/PARTITION_AWARE", func(t *testing.T) { test(t, true, partitionAware) })
	t.Run(name+"/not PARTITION_AWARE", func(t *testing.T) { test(t, false) })
}

// lostRow is a row of the table of who produces which state, of the part where a
// master tells of a task that runs as "t" on the only agent.
type lostRow struct {
	name     string
	pa, lost mesos.TaskState
	reason   mesos.TaskStatus_Reason
	happen   func(w *world, n *node)
	agent    bool // the agent is lost too: FAILURE
	remains  bool // the task may come back
}

var lostRows = []lostRow{
	{
		name: "agent re-registers without a task the master knows",
		pa:   mesos.TaskState_TASK_DROPPED, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_RECONCILIATION,
		happen: func(_ *world, n *node) { n.back("cpus:4;mem:1000", nil, nil) },
	},
	{
		name: "agent unreachable (reregister timeout)",
		pa:   mesos.TaskState_TASK_UNREACHABLE, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		happen: func(w *world, n *node) { n.close(); w.pass(reregisterTimeout) },
		agent:  true, remains: true,
	},
	{
		name: "agent unreachable (ping loss)",
		pa:   mesos.TaskState_TASK_UNREACHABLE, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		happen: func(w *world, _ *node) { w.pass(1001 * core.DefaultAgentPingTimeout) },
		agent:  true, remains: true,
	},
	{
		name: "operator marks agent gone",
		pa:   mesos.TaskState_TASK_GONE_BY_OPERATOR, lost: mesos.TaskState_TASK_LOST,
		reason: mesos.TaskStatus_REASON_AGENT_REMOVED_BY_OPERATOR,
		happen: func(w *world, n *node) { w.must(markGoneCall(n.id)) },
		agent:  true,
	},
	{
		name: "agent unregisters",
		pa:   mesos.TaskState_TASK_LOST, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		happen: func(_ *world, n *node) {
			n.send(&link.FromAgent{Message: &link.FromAgent_Unregister{Unregister: &link.Unregister{}}})
		},
		agent: true,
	},
	{
		name: "agent replaced",
		pa:   mesos.TaskState_TASK_LOST, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		happen: func(w *world, n *node) { n.close(); w.node("cpus:4;mem:1000") },
		agent:  true,
	},
	{
		name: "agent rejected (machine down)",
		pa:   mesos.TaskState_TASK_LOST, lost: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		happen: func(w *world, _ *node) { w.plan(time.Hour, "host"); w.takeDown("host") },
		agent:  true,
	},
}

func TestTaskStates4a(t *testing.T) {
	for _, row := range lostRows {
		twoKinds(t, row.name, func(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo)) {
			row.check(t, aware, options...)
		})
	}
	twoKinds(t, "agent disconnects, framework has checkpoint=false: kept", checkpointFalse)
	t.Run("framework removed: KILLED in records, not delivered", frameworkRemoved)
	t.Run("after a failover agents that never come back become unreachable: FAILURE, and no updates", failedOver)
}

func (row lostRow) check(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo)) {
	w, s, n := oneTask(t, options...)
	bystander := w.subscribe(withFailoverTimeout(60))
	bystander.next(scheduler.Event_OFFERS)
	row.happen(w, n)
	want := row.lost
	if aware {
		want = row.pa
	}
	got := s.nextUpdate()
	if got.GetState() != want || got.GetReason() != row.reason || got.GetSource() != mesos.TaskStatus_SOURCE_MASTER {
		t.Errorf("update %v, want %v, %v, source master", got, want, row.reason)
	}
	if got.GetTaskId().GetValue() != "t" || got.GetAgentId().GetValue() != "m-S0" || got.Uuid != nil || got.GetMessage() == "" {
		t.Errorf("update %v, want t on m-S0, with a message and without a uuid", got)
	}
	since := int64(0)
	if row.pa == mesos.TaskState_TASK_UNREACHABLE {
		since = w.now.UnixNano()
	}
	if got.GetUnreachableTime().GetNanoseconds() != since || (got.UnreachableTime != nil) != (since != 0) {
		t.Errorf("unreachable_time is %v, want %d", got.GetUnreachableTime(), since)
	}
	if row.agent {
		for _, each := range []*sched{s, bystander} {
			if f := each.nextFailure(); f.GetAgentId().GetValue() != "m-S0" || f.ExecutorId != nil || f.Status != nil {
				t.Errorf("FAILURE %v, want that of agent m-S0", f)
			}
		}
	}
	w.pass(time.Hour) // once: nobody acknowledges it
	s.noUpdate()
	if !row.remains {
		reconcileAll(s)
		s.noUpdate()
	}
}

// nextUpdate takes the next update, and what is before it.
func (s *sched) nextUpdate() *mesos.TaskStatus {
	s.w.t.Helper()
	return s.find(scheduler.Event_UPDATE).GetUpdate().GetStatus()
}

func (s *sched) nextFailure() *scheduler.Event_Failure {
	s.w.t.Helper()
	return s.find(scheduler.Event_FAILURE).GetFailure()
}

// find takes the next event of a type, and what is before it.
func (s *sched) find(want scheduler.Event_Type) *scheduler.Event {
	s.w.t.Helper()
	for i, e := range s.w.events[s.conn] {
		if e.GetType() == want {
			s.w.events[s.conn] = s.w.events[s.conn][i+1:]
			return e
		}
	}
	s.w.t.Fatalf("no %v among %v", want, s.w.events[s.conn])
	return nil
}

// noUpdate checks that no update comes, and takes what else has come.
func (s *sched) noUpdate() {
	s.w.t.Helper()
	for _, e := range s.w.events[s.conn] {
		if e.GetType() == scheduler.Event_UPDATE {
			s.w.t.Errorf("update %v, want none", e)
		}
	}
	s.w.events[s.conn] = nil
}

// Mesos loses these tasks at once, because its agents end them when they restart.
// A link that breaks says nothing about that: if the agent's process lives, so do
// they, and if it does not, the agent tells when it registers without them.
func checkpointFalse(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo)) {
	unchecked := func(i *mesos.FrameworkInfo) { i.Checkpoint = new(false) }
	w, s, n := oneTask(t, append(options, unchecked)...)
	n.close()
	w.pass(time.Minute)
	s.noUpdate()
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	s.noUpdate()
	n.quiet() // nothing is killed
	explicitly(s, "t", n)
	s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_RECONCILIATION)

	n.close()
	n.back("cpus:4;mem:1000", nil, nil) // it was restarted, and ended them
	want := mesos.TaskState_TASK_LOST
	if aware {
		want = mesos.TaskState_TASK_DROPPED
	}
	if got := s.nextUpdate(); got.GetState() != want || got.GetReason() != mesos.TaskStatus_REASON_RECONCILIATION {
		t.Errorf("update %v, want %v, RECONCILIATION", got, want)
	}
}

func frameworkRemoved(t *testing.T) {
	w, s, n := oneTask(t)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	if n.next().GetShutdownFramework() == nil {
		t.Error("the agent is not told to end it")
	}
	n.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	s.noUpdate()
	checkRemoved(t, w, s, "t")

	w, s, n = oneTask(t) // one that had ended before did that
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r'), mesos.TaskState_TASK_FINISHED)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	if got := core.CompletedTasks(w.core, s.id.GetValue()); len(got) != 1 || got[0].GetState() != mesos.TaskState_TASK_FINISHED {
		t.Errorf("completed are %v, want t as FINISHED", got)
	}

	// An executor that ends with them takes the rest along, in the order of launch.
	w = newWorld(t)
	n = w.node("cpus:4;mem:1000")
	s = w.subscribe()
	o := s.offer()
	var tasks []*mesos.TaskInfo
	for i := range 20 {
		tasks = append(tasks, commandTask(string(rune('a'+i)), o, "cpus:0.1", byExecutor("e", "cpus:0.1")))
	}
	s.accept([]*mesos.Offer{o}, nil, launch(tasks...))
	n.update(s, "a", mesos.TaskState_TASK_RUNNING, uuid('a'))
	w.pass(time.Minute)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	n.exited(s, "e", 9)
	for _, m := range checkRemoved(t, w, s, "abcdefghijklmnopqrst") {
		if at := m.GetStatuses()[0].GetTimestamp(); at != float64(w.now.Unix()) {
			t.Errorf("%s ended at %v, want now", m.GetTaskId().GetValue(), at)
		}
	}
}

// checkRemoved checks that the completed tasks of a framework that was removed are
// these, of one letter each, and returns them.
func checkRemoved(t *testing.T, w *world, s *sched, tasks string) []*mesos.Task {
	t.Helper()
	got, list := "", core.CompletedTasks(w.core, s.id.GetValue())
	for _, m := range list {
		got += m.GetTaskId().GetValue()
		end := m.GetStatuses()[0]
		if m.GetState() != mesos.TaskState_TASK_KILLED || end.GetState() != mesos.TaskState_TASK_KILLED ||
			end.GetReason() != mesos.TaskStatus_REASON_FRAMEWORK_REMOVED || end.GetSource() != mesos.TaskStatus_SOURCE_MASTER {
			t.Errorf("completed is %v, want KILLED, FRAMEWORK_REMOVED, source master", m)
		}
	}
	if got != tasks {
		t.Errorf("completed are %s, want %s", got, tasks)
	}
	return list
}

func failedOver(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	w = w.successor("m2")
	s = w.subscribe(withID(s.id.GetValue()), partitionAware, withFailoverTimeout(3600))
	explicitly(s, "t", n)
	s.noUpdate()
	w.pass(reregisterTimeout)
	if f := s.nextFailure(); f.GetAgentId().GetValue() != n.id.GetValue() || f.ExecutorId != nil {
		t.Errorf("FAILURE %v, want that of agent %v", f, n.id)
	}
	s.noUpdate()
	explicitly(s, "t", n)
	if got := s.status(mesos.TaskState_TASK_UNREACHABLE, mesos.TaskStatus_REASON_RECONCILIATION); got.UnreachableTime == nil {
		t.Errorf("answer %v has no unreachable_time", got)
	}
}
