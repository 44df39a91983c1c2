// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"pgregory.net/rapid"
)

// command makes an operator's call about an agent, and tells whether it was carried
// out.
func (m *model) command(call *master.Call) bool {
	_, err := m.w.operate(call)
	m.settle()
	return err == nil
}

// seen tells whether an agent has an id that the master knows, too.
func (m *model) seen(a *modelAgent) bool {
	if a.id == nil {
		return false
	}
	view := m.w.must(getAgents()).GetGetAgents()
	for _, each := range view.GetAgents() {
		if each.GetAgentInfo().GetId().GetValue() == a.id.GetValue() {
			return true
		}
	}
	return false
}

func (m *model) markGone(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "really") > 0 {
		t.Skip("agents are not gone often")
	}
	a := m.pickAgent(t, m.seen)
	if !m.command(markGoneCall(a.id)) {
		t.Fatalf("agent %v cannot be marked gone", a.id)
	}
}

// drain has an agent drained, now or when it comes back, and perhaps gone then.
func (m *model) drain(t *rapid.T) {
	a := m.pickAgent(t, m.seen)
	call := drainCall(a.id)
	if rapid.IntRange(0, 3).Draw(t, "mark gone") == 0 {
		call = drainCall(a.id, markingGone)
	}
	m.parked[a.id.GetValue()] = true
	if !m.command(call) {
		t.Fatalf("agent %v cannot be drained", a.id)
	}
}

func (m *model) deactivate(t *rapid.T) {
	a := m.pickAgent(t, m.seen)
	m.parked[a.id.GetValue()] = true
	if !m.command(deactivateCall(a.id)) {
		t.Fatalf("agent %v cannot be deactivated", a.id)
	}
}

// reactivate is refused for agents that drain.
func (m *model) reactivate(t *rapid.T) {
	m.reactivateOne(m.pickAgent(t, func(a *modelAgent) bool { return a.id != nil && m.parked[a.id.GetValue()] }))
}

func (m *model) reactivateOne(a *modelAgent) {
	id := a.id.GetValue()
	delete(m.parked, id) // it may be offered before the call returns
	if !m.command(reactivateCall(a.id)) {
		m.parked[id] = true
	}
}

// reactivateAll has all agents in use again that have drained.
func (m *model) reactivateAll() {
	for _, a := range m.agents {
		if a.id != nil && m.parked[a.id.GetValue()] {
			m.reactivateOne(a)
		}
	}
}

// maintain plans maintenance of a machine, or takes it down or up if it is planned.
func (m *model) maintain(t *rapid.T) {
	host := rapid.SampledFrom(m.agents).Draw(t, "machine").hostname
	switch planned, down := m.planned(host); {
	case !planned:
		schedule := m.w.must(getCall(master.Call_GET_MAINTENANCE_SCHEDULE)).GetGetMaintenanceSchedule().GetSchedule()
		m.w.must(scheduleCall(append(slices.Clone(schedule.GetWindows()), window(m.w.now.Add(time.Minute), host))...))
	case down:
		m.w.must(stopCall(host))
	default:
		m.w.must(startCall(host))
	}
	m.settle()
}

// planned tells whether maintenance of a machine is planned, and has begun.
func (m *model) planned(host string) (planned, down bool) {
	status := m.w.maintenance()
	for _, id := range status.GetDownMachines() {
		down = down || id.GetHostname() == host
	}
	for _, each := range status.GetDrainingMachines() {
		planned = planned || each.GetId().GetHostname() == host
	}
	return planned || down, down
}

// endMaintenance has all machines in use again.
func (m *model) endMaintenance() {
	for _, id := range m.w.maintenance().GetDownMachines() {
		m.w.must(stopCall(id.GetHostname()))
	}
	m.w.must(scheduleCall())
	m.settle()
}

// beginDrain ends all that runs on an agent, as its master wants. It forgets that
// it drains when nothing is left.
func (a *modelAgent) beginDrain(config *mesos.DrainConfig) {
	a.draining = &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: config}
	for _, k := range sortedKeys(a.executors) {
		a.exit(k)
	}
	for _, t := range a.sorted() {
		if t.live() {
			a.report(t, mesos.TaskState_TASK_KILLED)
		}
	}
}

func (a *modelAgent) settleDrain() {
	if len(a.tasks)+len(a.executors)+len(a.operations) == 0 {
		a.draining = nil
	}
}
