// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"slices"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// TestFrameworkFailover4d has the rows of §4d of the facts about Mesos, framework
// failover, each with the words of the row.
func TestFrameworkFailover4d(t *testing.T) {
	for name, row := range map[string]func(*testing.T){
		"same id always takes over: old stream ERROR 'Framework failed over', offers discarded without RESCIND, new stream SUBSCRIBED": rowTakesOver,
		"failover_timeout timer starts at disconnect":                                                                     rowTimerStartsAtDisconnect,
		"default 0: removed at once, executors shut down on all agents, id goes to completed":                             rowDefaultRemovesAtOnce,
		"timer is void if it re-subscribed in between":                                                                    rowTimerIsVoid,
		"completed id: ERROR 'has been removed', also of a master after this one":                                         rowCompletedID,
		"failover_timeout is enforced for frameworks that never re-subscribe after a master failover (unlike MESOS-4659)": rowEnforcedAfterFailover,
		"re-subscribe: name, roles, capabilities, hostname, webui, labels, failover_timeout, offer_filters updated":       rowResubscribeUpdates,
		"re-subscribe: user and checkpoint silently kept":                                                                 rowUserAndCheckpointKept,
		"re-subscribe: principal change refused":                                                                          rowPrincipalRefused,
		"UPDATE_FRAMEWORK refuses user, checkpoint and principal changes":                                                 rowUpdateRefuses,
		"unknown id after master failover: accepted as is":                                                                rowUnknownID,
		"framework ids come back from agents too: recovered":                                                              rowRecoveredFromAgent,
		"MULTI_ROLE frameworks must leave role unset":                                                                     rowRoleWithMultiRole,
		"others must leave roles empty":                                                                                   rowRolesWithoutMultiRole,
		"disconnected frameworks keep tasks":                                                                              rowTasksAreKept,
		"disconnected: status updates are kept on agents until ack":                                                       rowUpdatesAreKept,
	} {
		t.Run(name, row)
	}
}

func rowTakesOver(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	old := w.subscribe()
	old.offer()
	next := w.dial(frameworkInfo(withID(old.id.GetValue())))
	old.ended("Framework failed over") // a RESCIND before it would fail here
	old.quiet()
	if got := next.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetFrameworkId(); !proto.Equal(got, old.id) {
		t.Errorf("subscribed as %v, want %v", got, old.id)
	}
	next.offer() // the same resources, in an offer of its own
}

func rowTimerStartsAtDisconnect(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	w.pass(time.Hour)
	s.close()
	w.pass(time.Minute - 1)
	if n := len(w.frameworks().GetFrameworks()); n != 1 {
		t.Errorf("%d frameworks before the timeout is over, want 1", n)
	}
	w.pass(1)
	if n := len(w.frameworks().GetFrameworks()); n != 0 {
		t.Errorf("%d frameworks when the timeout is over, want none", n)
	}
}

func rowDefaultRemovesAtOnce(t *testing.T) {
	w := newWorld(t)
	nodes := []*node{w.node("cpus:1;mem:100"), w.node("cpus:2;mem:100")}
	s := w.subscribe()
	for i, o := range s.next(scheduler.Event_OFFERS).GetOffers().GetOffers() {
		s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t"+string(rune('0'+i)), o, "cpus:1", byExecutor("e", "mem:32"))))
		nodes[i].next()
	}
	s.close()
	for _, n := range nodes {
		if got := n.next().GetShutdownFramework().GetFrameworkId(); !proto.Equal(got, s.id) {
			t.Errorf("the agent is told to shut down %v, want %v", got, s.id)
		}
	}
	if all := w.frameworks(); len(all.GetFrameworks()) != 0 || len(all.GetCompletedFrameworks()) != 1 {
		t.Errorf("frameworks %v, want one that is completed", all)
	}
}

func rowTimerIsVoid(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	s.close()
	w.pass(30 * time.Second)
	s = w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	w.pass(time.Hour)
	if got := w.frameworks().GetFrameworks(); len(got) != 1 || !got[0].GetConnected() {
		t.Errorf("frameworks %v, want it connected", got)
	}
	s.close()
	w.pass(time.Minute - 1) // a new minute
	w.subscribe(withID(s.id.GetValue()))
}

func rowCompletedID(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe()
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	w.dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed", s.id.GetValue())
	w.successor("m2").dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed", s.id.GetValue())
}

func rowEnforcedAfterFailover(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe(withFailoverTimeout(3600))
	launched(t, s, n, "t", "cpus:1")
	next := w.successor("m2")
	n.w = next
	n = n.back("cpus:2;mem:100", []*mesos.FrameworkInfo{proto.CloneOf(s.record().GetInfo())}, nil,
		listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	next.down[n.conn] = nil
	next.pass(time.Hour)
	for { // pings come before it
		if got := n.next(); got.GetShutdownFramework() != nil {
			break
		}
	}
	next.dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed")
}

func rowResubscribeUpdates(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60), withRoles("a"))
	change := func(i *mesos.FrameworkInfo) {
		i.Name, i.Hostname, i.WebuiUrl = new("renamed"), new("host"), new("http://host")
		i.Labels = &mesos.Labels{Labels: []*mesos.Label{{Key: new("k")}}}
		withFailoverTimeout(120)(i)
		withMinimum("b", map[string]float64{"cpus": 1})(i)
	}
	w.subscribe(withID(s.id.GetValue()), withRoles("a", "b"), partitionAware, change)
	want := frameworkInfo(withID(s.id.GetValue()), withRoles("a", "b"), partitionAware, change)
	if got := w.frameworks().GetFrameworks()[0].GetFrameworkInfo(); !proto.Equal(got, want) {
		t.Errorf("framework %v, want %v", got, want)
	}
	if got := s.record().GetInfo(); !proto.Equal(got, want) {
		t.Errorf("remembered is %v, want %v", got, want)
	}
}

func rowUserAndCheckpointKept(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(func(i *mesos.FrameworkInfo) { i.Checkpoint = new(true) })
	w.subscribe(withID(s.id.GetValue()), func(i *mesos.FrameworkInfo) { i.User = new("root") })
	if got := w.frameworks().GetFrameworks()[0].GetFrameworkInfo(); got.GetUser() != "nobody" || !got.GetCheckpoint() {
		t.Errorf("framework %v, want user nobody and checkpoint", got)
	}
}

func rowPrincipalRefused(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(func(i *mesos.FrameworkInfo) { i.Principal = new("ann") })
	w.dial(frameworkInfo(withID(s.id.GetValue()), func(i *mesos.FrameworkInfo) { i.Principal = new("eve") })).ended("principal", "eve", "ann")
	s.quiet()
	if w.closed[s.conn] != core.CloseNot {
		t.Error("the connection of the framework is ended because another was refused")
	}
}

func rowUpdateRefuses(t *testing.T) {
	for field, change := range map[string]func(*mesos.FrameworkInfo){
		"user":       func(i *mesos.FrameworkInfo) { i.User = new("root") },
		"checkpoint": func(i *mesos.FrameworkInfo) { i.Checkpoint = new(true) },
		"principal":  func(i *mesos.FrameworkInfo) { i.Principal = new("eve") },
	} {
		s := newWorld(t).subscribe()
		s.update(change)
		s.ended("update_framework.framework_info." + field)
	}
}

func rowUnknownID(t *testing.T) {
	w := newWorld(t)
	if s := w.subscribe(withID("another-master-0007")); s.id.GetValue() != "another-master-0007" {
		t.Errorf("subscribed as %v", s.id)
	}
}

func rowRecoveredFromAgent(t *testing.T) {
	w := newWorld(t)
	s := &sched{w: w, id: &mesos.FrameworkID{Value: new("old-0000")}}
	n := &node{w: w, id: &mesos.AgentID{Value: new("old-S0")}}
	n = n.back("cpus:2;mem:100", []*mesos.FrameworkInfo{frameworkInfo(withID("old-0000"))}, nil,
		listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if got := w.frameworks().GetFrameworks(); len(got) != 1 || !got[0].GetRecovered() {
		t.Errorf("frameworks %v, want one that is recovered", got)
	}
	s = w.subscribe(withID("old-0000"))
	has(t, s.offer(), "cpus:1;mem:100")
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
}

func rowRoleWithMultiRole(t *testing.T) {
	newWorld(t).dial(frameworkInfo(withRole("a"), withRoles("a"))).ended("framework_info.role", "must be unset")
}

func rowRolesWithoutMultiRole(t *testing.T) {
	newWorld(t).dial(frameworkInfo(func(i *mesos.FrameworkInfo) { i.Roles = []string{"a"} })).ended("framework_info.roles", "must be empty")
}

func rowTasksAreKept(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")
	s.close()
	w.pass(time.Minute - 1)
	if live, _, _ := w.tasks(); !slices.Equal(live, []string{"t TASK_STAGING"}) {
		t.Errorf("tasks %v, want t", live)
	}
	for _, m := range w.down[n.conn] {
		if m.GetShutdownFramework() != nil || m.GetKill() != nil {
			t.Errorf("the agent is told %v", m)
		}
	}
}

func rowUpdatesAreKept(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")
	s.close()
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	n.quiet() // it is not acknowledged, so that it comes again
	s = w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	n.told(s, "test") // at once
	s.next(scheduler.Event_OFFERS)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
	if got := n.next().GetAcknowledge().GetUuid(); string(got) != string(uuid('f')) {
		t.Errorf("acknowledged is %q", got)
	}
}
