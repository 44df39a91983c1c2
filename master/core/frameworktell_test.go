// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// told takes the next message for the agent, which must tell what a framework
// is now called.
func (n *node) told(s *sched, name string) *mesos.FrameworkInfo {
	n.w.t.Helper()
	info := n.next().GetUpdateFramework().GetFramework()
	if info.GetId().GetValue() != s.id.GetValue() || info.GetName() != name {
		n.w.t.Errorf("the agent is told of %v, want framework %s as %q", info, s.id.GetValue(), name)
	}
	return info
}

func named(name string) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) { i.Name = &name }
}

// threeNodes are an agent with a task of a framework, one with an operation of it
// that waits for its acknowledgement, and one with nothing.
func threeNodes(t *testing.T) (w *world, s *sched, task, operation, idle *node) {
	w = newWorld(t)
	s = w.subscribe(withRoles("a"), withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT), withFailoverTimeout(60))
	task = w.node("cpus:1;mem:100")
	launched(t, s, task, "t", "cpus:1")
	operation = w.node("cpus:1;mem:100")
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(1000), reserve("cpus"+reservedFor("a")+":1", asked("o")))
	operation.operation(mesos.Offer_Operation_RESERVE)
	idle = w.node("cpus:1;mem:100")
	return w, s, task, operation, idle
}

func TestAgentsAreToldOfAFrameworkThatSubscribesAgain(t *testing.T) {
	w, s, task, operation, idle := threeNodes(t)
	options := []func(*mesos.FrameworkInfo){
		withID(s.id.GetValue()), withRoles("a"), withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT), withFailoverTimeout(60),
	}
	for name, before := range map[string]func(){"failed over": func() {}, "was disconnected": s.close} {
		before()
		s = w.subscribe(append(options, named(name), partitionAware, func(i *mesos.FrameworkInfo) { i.User = new("root") })...)
		for _, n := range []*node{task, operation} {
			if info := n.told(s, name); len(info.GetCapabilities()) != 3 || info.GetUser() != "nobody" {
				t.Errorf("the agent is told %v, want the new capabilities and the old user", info)
			}
			n.quiet()
		}
		idle.quiet()
	}
}

func TestAgentsAreToldOfAnUpdatedFramework(t *testing.T) {
	w, s, task, operation, idle := threeNodes(t)
	refinement := withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT)
	task.close()
	s.update(withRoles("a"), refinement, named("renamed"))
	operation.told(s, "renamed")
	s.update(withRoles("a"), refinement, named("refused"), func(i *mesos.FrameworkInfo) { i.User = new("root") })
	for len(w.events[s.conn]) > 1 {
		w.events[s.conn] = w.events[s.conn][1:]
	}
	s.ended("user")
	operation.quiet()
	idle.quiet()
}

// TestAnAgentThatKnowsAFrameworkAsItWasIsToldWhatItIs: it was away when the framework
// changed. What it may keep, its user and checkpoint, is no difference.
func TestAnAgentThatKnowsAFrameworkAsItWasIsToldWhatItIs(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")
	list := func(options ...func(*mesos.FrameworkInfo)) []*mesos.FrameworkInfo {
		return []*mesos.FrameworkInfo{frameworkInfo(append(options, withID(s.id.GetValue()), withFailoverTimeout(60))...)}
	}
	task := listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")
	n = n.back("cpus:1;mem:100", list(), nil, task)
	n.quiet()
	n.close()
	s.update(named("renamed"), withFailoverTimeout(60))
	n = n.back("cpus:1;mem:100", list(), nil, task)
	n.told(s, "renamed")
	n.quiet()
	n = n.back("cpus:1;mem:100", list(named("renamed"), func(i *mesos.FrameworkInfo) { i.User, i.Checkpoint = new("root"), new(true) }), nil, task)
	n.quiet()
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	n.next()
	n = n.back("cpus:1;mem:100", list(), nil, task)
	if m := n.next(); m.GetShutdownFramework() == nil {
		t.Errorf("the agent is told %v of a framework that is removed, want ShutdownFramework", m)
	}
	n.quiet()
}

func TestAFrameworkThatAnAgentBroughtIsWhatItSaysItself(t *testing.T) {
	w := newWorld(t)
	info := frameworkInfo(withID("x-0000"), withFailoverTimeout(60))
	s := &sched{w: w, id: info.Id}
	n := w.register(&link.Register{
		Agent: agentInfo("cpus:1;mem:100"), Frameworks: []*mesos.FrameworkInfo{info},
		Tasks: []*mesos.Task{listed(s, &node{id: &mesos.AgentID{Value: new("any")}}, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")},
	})
	n.quiet()
	w.subscribe(withID("x-0000"), named("itself"))
	n.told(s, "itself")
}
