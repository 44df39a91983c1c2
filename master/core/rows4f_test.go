// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// killed checks that the agent is told to kill t, and nothing else.
func (n *node) killed() *link.Kill {
	n.w.t.Helper()
	got := n.next().GetKill()
	if got.GetTaskId().GetValue() != "t" {
		n.w.t.Errorf("agent is told %v, want to kill t", got)
	}
	n.quiet()
	return got
}

func killWithin(grace time.Duration) *scheduler.Call {
	call := killCall("t", "")
	call.Kill.KillPolicy = &mesos.KillPolicy{GracePeriod: mesos.NewDuration(grace)}
	return call
}

func TestKill4f(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, w *world, s *sched, n *node, aware bool){
		"unknown task: explicit reconciliation of that task":                  killUnknown,
		"unknown task of a recovered agent: no answer":                        killRecovered,
		"agent_id that disagrees: ignored":                                    killElsewhere,
		"agent connected: forwarded, and repeated kills are":                  killForwarded,
		"agent disconnected: remembered, and re-sent on its reregistration":   killDisconnected,
		"agent disconnected: the last of several kills counts":                killTwiceAway,
		"agent disconnected, the task has ended meanwhile: not re-sent":       killEnded,
		"agent unreachable: answered, and sent when it comes back":            killUnreachable,
		"agent becomes unreachable after the kill: sent when it comes back":   killThenUnreachable,
		"agent unreachable, agent_id that disagrees: ignored":                 killUnreachableElsewhere,
		"agent gone: explicit reconciliation of that task":                    killGone,
		"task ended, its end not yet acknowledged: nothing is sent to agents": killAfterEnd,
	} {
		twoKinds(t, name, func(t *testing.T, aware bool, options ...func(*mesos.FrameworkInfo)) {
			w, s, n := oneTask(t, options...)
			test(t, w, s, n, aware)
		})
	}
}

func either(aware bool, precise mesos.TaskState) mesos.TaskState {
	if aware {
		return precise
	}
	return mesos.TaskState_TASK_LOST
}

func killUnknown(_ *testing.T, _ *world, s *sched, n *node, aware bool) {
	s.call(killCall("x", ""))
	s.status(either(aware, mesos.TaskState_TASK_UNKNOWN), mesos.TaskStatus_REASON_RECONCILIATION)
	s.call(killCall("x", n.id.GetValue()))
	s.status(either(aware, mesos.TaskState_TASK_GONE), mesos.TaskStatus_REASON_RECONCILIATION)
	n.quiet()
}

func killRecovered(_ *testing.T, w *world, s *sched, n *node, _ bool) {
	_, s = failover(w, s)
	s.call(killCall("t", n.id.GetValue()))
	s.quiet()
}

func killElsewhere(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	s.call(killCall("t", "m-S9"))
	s.quiet()
	n.quiet()
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n.quiet()
}

func killForwarded(t *testing.T, _ *world, s *sched, n *node, _ bool) {
	for _, grace := range []time.Duration{time.Minute, time.Second} {
		s.call(killWithin(grace))
		if got := mesos.Duration(n.killed().GetKillPolicy().GetGracePeriod()); got != grace {
			t.Errorf("agent is told to kill within %v, want %v", got, grace)
		}
	}
	s.quiet()
}

func killDisconnected(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	n.close()
	s.call(killCall("t", ""))
	s.quiet()
	for range 2 { // also if that link breaks again: who knows what got there
		n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
		n.killed()
	}
}

func killTwiceAway(t *testing.T, _ *world, s *sched, n *node, _ bool) {
	n.close()
	s.call(killWithin(time.Minute))
	s.call(killWithin(time.Second))
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if got := mesos.Duration(n.killed().GetKillPolicy().GetGracePeriod()); got != time.Second {
		t.Errorf("agent is told to kill within %v, want the last that was asked for", got)
	}
}

func killEnded(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	n.close()
	s.call(killCall("t", ""))
	n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_FINISHED, "cpus:1")).quiet()
}

func (n *node) vanish(s *sched) {
	n.w.t.Helper()
	n.close()
	n.w.pass(reregisterTimeout)
	s.nextFailure()
}

func killUnreachable(_ *testing.T, _ *world, s *sched, n *node, aware bool) {
	n.vanish(s)
	s.call(killCall("t", ""))
	s.status(either(aware, mesos.TaskState_TASK_UNREACHABLE), mesos.TaskStatus_REASON_RECONCILIATION)
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n.killed()
}

func killThenUnreachable(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	s.call(killCall("t", ""))
	n.vanish(s)
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n.killed()
}

func killUnreachableElsewhere(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	n.vanish(s)
	s.call(killCall("t", "m-S9"))
	s.quiet()
	n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")).quiet()
}

func killGone(_ *testing.T, w *world, s *sched, n *node, aware bool) {
	w.must(markGoneCall(n.id))
	s.nextFailure()
	s.call(killCall("t", n.id.GetValue()))
	s.status(either(aware, mesos.TaskState_TASK_GONE_BY_OPERATOR), mesos.TaskStatus_REASON_RECONCILIATION)
}

func killAfterEnd(_ *testing.T, _ *world, s *sched, n *node, _ bool) {
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.nextUpdate()
	s.call(killCall("t", ""))
	n.quiet()
	s.noUpdate() // the agent sends the end until it is acknowledged
}
