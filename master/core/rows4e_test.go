// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
)

// explicitRow is a rule of explicit reconciliation. happen brings a world with one
// task about, and returns who asks, for which task on which agent.
type explicitRow struct {
	name     string
	pa, lost mesos.TaskState
	happen   func(w *world, s *sched, n *node) (asks *sched, task string, on *node)
}

// nobody is an agent that the master never heard of.
func nobody(id string) *node { return &node{id: &mesos.AgentID{Value: &id}} }

// failover replaces the master by one that knows what the first made durable, and
// subscribes the framework with it.
func failover(w *world, s *sched) (*world, *sched) {
	w.t.Helper()
	next := w.successor("m2")
	info := []func(*mesos.FrameworkInfo){withID(s.id.GetValue()), withFailoverTimeout(60)}
	if core.PartitionAware(w.core, s.id.GetValue()) {
		info = append(info, partitionAware)
	}
	return next, next.subscribe(info...)
}

var explicitRows = []explicitRow{
	{
		name: "task known: its latest state",
		pa:   mesos.TaskState_TASK_RUNNING, lost: mesos.TaskState_TASK_RUNNING,
		happen: func(_ *world, s *sched, n *node) (*sched, string, *node) {
			n.update(s, "t", mesos.TaskState_TASK_STARTING, uuid('s'), mesos.TaskState_TASK_RUNNING)
			return s, "t", n
		},
	},
	{
		name: "task known, whatever agent is named: its latest state",
		pa:   mesos.TaskState_TASK_STAGING, lost: mesos.TaskState_TASK_STAGING,
		happen: func(_ *world, s *sched, _ *node) (*sched, string, *node) { return s, "t", nobody("m-S9") },
	},
	{
		name: "agent registered: GONE",
		pa:   mesos.TaskState_TASK_GONE, lost: mesos.TaskState_TASK_LOST,
		happen: func(_ *world, s *sched, n *node) (*sched, string, *node) { return s, "x", n },
	},
	{
		name: "agent registered, and not connected now: GONE",
		pa:   mesos.TaskState_TASK_GONE, lost: mesos.TaskState_TASK_LOST,
		happen: func(_ *world, s *sched, n *node) (*sched, string, *node) { n.close(); return s, "x", n },
	},
	{
		name: "agent registered with an earlier master, and again: GONE",
		pa:   mesos.TaskState_TASK_GONE, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			n.w, s = failover(w, s)
			return s, "x", n.back("cpus:4;mem:1000", nil, nil)
		},
	},
	{
		name: "agent unreachable: UNREACHABLE, with the time",
		pa:   mesos.TaskState_TASK_UNREACHABLE, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			n.close()
			w.pass(time.Hour)
			return s, "x", n
		},
	},
	{
		name: "agent unreachable, task remembered, no agent named: UNREACHABLE, with the time",
		pa:   mesos.TaskState_TASK_UNREACHABLE, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			n.close()
			w.pass(time.Hour)
			return s, "t", nil
		},
	},
	{
		name: "agent unreachable before a failover: UNREACHABLE, with the time",
		pa:   mesos.TaskState_TASK_UNREACHABLE, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			n.close()
			w.pass(reregisterTimeout)
			_, s = failover(w, s)
			return s, "t", n
		},
	},
	{
		name: "agent gone: GONE_BY_OPERATOR",
		pa:   mesos.TaskState_TASK_GONE_BY_OPERATOR, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			w.must(markGoneCall(n.id))
			return s, "x", n
		},
	},
	{
		name: "agent gone before a failover: GONE_BY_OPERATOR",
		pa:   mesos.TaskState_TASK_GONE_BY_OPERATOR, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			w.must(markGoneCall(n.id))
			_, s = failover(w, s)
			return s, "x", n
		},
	},
	{
		// Mesos does not remember these, and says UNKNOWN.
		name: "agent removed: GONE",
		pa:   mesos.TaskState_TASK_GONE, lost: mesos.TaskState_TASK_LOST,
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			n.close()
			w.node("cpus:4;mem:1000")
			return s, "x", n
		},
	},
	{
		name: "otherwise, an unknown agent: UNKNOWN",
		pa:   mesos.TaskState_TASK_UNKNOWN, lost: mesos.TaskState_TASK_LOST,
		happen: func(_ *world, s *sched, _ *node) (*sched, string, *node) { return s, "x", nobody("m-S9") },
	},
	{
		name: "otherwise, no agent named: UNKNOWN",
		pa:   mesos.TaskState_TASK_UNKNOWN, lost: mesos.TaskState_TASK_LOST,
		happen: func(_ *world, s *sched, _ *node) (*sched, string, *node) { return s, "x", nil },
	},
}

// silentRows are those where nothing is answered, because the answer may come in.
var silentRows = []explicitRow{
	{
		name: "agent recovered and not yet re-registered: no answer",
		happen: func(w *world, s *sched, n *node) (*sched, string, *node) {
			_, s = failover(w, s)
			return s, "x", n
		},
	},
	{
		name: "no agent named while any recovered agent is not yet re-registered: no answer",
		happen: func(w *world, s *sched, _ *node) (*sched, string, *node) {
			_, s = failover(w, s)
			return s, "x", nil
		},
	},
}

func TestReconciliation4e(t *testing.T) {
	t.Run("implicit: one update per known task", implicitReconciliation)
	for _, row := range explicitRows {
		twoKinds(t, "explicit, "+row.name, func(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo)) {
			w, s, n := oneTask(t, options...)
			since := w.now.Add(reregisterTimeout).UnixNano() // of a link that breaks now
			s, task, on := row.happen(w, s, n)
			s.w.events[s.conn] = nil
			explicitly(s, task, on)
			want := row.lost
			if aware {
				want = row.pa
			}
			got := s.status(want, mesos.TaskStatus_REASON_RECONCILIATION)
			if got.GetTaskId().GetValue() != task || got.GetSource() != mesos.TaskStatus_SOURCE_MASTER || got.Uuid != nil || got.Data != nil {
				t.Errorf("answer %v, want one of %s, source master, no uuid, no data", got, task)
			}
			if on != nil && task == "x" && got.GetAgentId().GetValue() != on.id.GetValue() {
				t.Errorf("answer %v, want agent %v", got, on.id)
			}
			if row.pa != mesos.TaskState_TASK_UNREACHABLE {
				since = 0
			}
			if got.GetUnreachableTime().GetNanoseconds() != since || (got.UnreachableTime != nil) != (since != 0) {
				t.Errorf("unreachable_time is %v, want %d", got.GetUnreachableTime(), since)
			}
			s.quiet()
		})
	}
	for _, row := range silentRows {
		twoKinds(t, "explicit, "+row.name, func(t *testing.T, _ bool, options ...func(*mesos.FrameworkInfo)) {
			s, task, on := row.happen(oneTask(t, options...))
			explicitly(s, task, on)
			s.quiet()
			s.w.pass(reregisterTimeout) // it is asked again, as frameworks have to
			s.w.events[s.conn] = nil
			explicitly(s, task, on)
			s.nextUpdate()
		})
	}
}

func implicitReconciliation(t *testing.T) {
	w, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_STARTING, uuid('s'), mesos.TaskState_TASK_RUNNING)
	s.status(mesos.TaskState_TASK_STARTING, 0)
	w.pass(1000 * time.Second)
	launched(t, s, n, "t2", "cpus:1")
	reconcileAll(s)
	// status_update_state where there is one, else the state
	first := s.status(mesos.TaskState_TASK_STARTING, mesos.TaskStatus_REASON_RECONCILIATION)
	second := s.status(mesos.TaskState_TASK_STAGING, mesos.TaskStatus_REASON_RECONCILIATION)
	if first.GetTaskId().GetValue() != "t" || second.GetTaskId().GetValue() != "t2" {
		t.Errorf("answers %v and %v, want t and t2", first, second)
	}
	for _, got := range []*mesos.TaskStatus{first, second} {
		if got.Uuid != nil || got.Data != nil || got.GetSource() != mesos.TaskStatus_SOURCE_MASTER {
			t.Errorf("answer %v, want no uuid, no data, source master", got)
		}
	}
	s.quiet()
}
