// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"strings"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	schedule "github.com/tepui/tepui/api/v1/maintenance"
)

// machineID names a machine: by hostname in lower case, by IP, or by both. An
// agent is on it if it agrees with what is set.
type machineID struct{ hostname, ip string }

func machineOf(m *mesos.MachineID) machineID {
	id := machineID{hostname: strings.ToLower(m.GetHostname()), ip: m.GetIp()}
	if ip, err := mesos.ParseIP("ip", id.ip); err == nil {
		id.ip = ip
	}
	return id
}

func (m machineID) String() string {
	switch {
	case m.ip == "":
		return fmt.Sprintf("%.255q", m.hostname)
	case m.hostname == "":
		return m.ip
	}
	return fmt.Sprintf("%.255q at %s", m.hostname, m.ip)
}

func (m machineID) proto() *mesos.MachineID {
	p := &mesos.MachineID{}
	if m.hostname != "" {
		p.Hostname = new(m.hostname)
	}
	if m.ip != "" {
		p.Ip = new(m.ip)
	}
	return p
}

// machine is one that is to be out of use, or is.
type machine struct {
	id             machineID
	down           bool
	unavailability *mesos.Unavailability
}

// maintenance is what is planned. Every machine in it is in a window of the
// schedule.
type maintenance struct {
	schedule *schedule.Schedule
	byID     map[machineID]*machine
	order    []*machine // as in the schedule

	affected map[AgentID]*agent // agents that are known, on machines of the schedule
	ask      *timer             // runs while there is a schedule
}

func newMaintenance() maintenance {
	return maintenance{
		schedule: &schedule.Schedule{}, byID: make(map[machineID]*machine), affected: make(map[AgentID]*agent),
	}
}

func (m *maintenance) add(each *machine) {
	m.byID[each.id] = each
	m.order = append(m.order, each)
}

// of returns the machines of the schedule that an agent is on: by hostname and
// IP, by hostname, by IP.
func (m *maintenance) of(hostname, ip string) [3]*machine {
	hostname = strings.ToLower(hostname)
	return [3]*machine{
		m.byID[machineID{hostname, ip}],
		m.byID[machineID{hostname: hostname}],
		m.byID[machineID{ip: ip}],
	}
}

// down returns the machine that an agent is on and that is down; nil if none is.
func (m *maintenance) down(hostname, ip string) *machine {
	for _, each := range m.of(hostname, ip) {
		if each != nil && each.down {
			return each
		}
	}
	return nil
}

// unavailability returns the first time that an agent is to be unavailable; nil if
// none is planned.
func (m *maintenance) unavailability(hostname, ip string) *mesos.Unavailability {
	var first *mesos.Unavailability
	for _, each := range m.of(hostname, ip) {
		if each != nil && (first == nil || each.unavailability.GetStart().GetNanoseconds() < first.GetStart().GetNanoseconds()) {
			first = each.unavailability
		}
	}
	return first
}

// setSchedule makes what is planned be s, in which the machines that are down must
// be.
func (c *Core) setSchedule(s *schedule.Schedule) {
	m := &c.machines
	old := m.byID
	m.schedule, m.byID, m.order = s, make(map[machineID]*machine), nil
	for _, w := range s.GetWindows() {
		for _, p := range w.GetMachineIds() {
			each := &machine{id: machineOf(p), unavailability: w.GetUnavailability()}
			each.down = old[each.id] != nil && old[each.id].down
			m.add(each)
		}
	}
	c.foreseeAll()
	c.rememberMaintenance()
}

// foreseeAll tells all agents anew what is planned for their machines.
func (c *Core) foreseeAll() {
	for _, a := range sortedAgents(c.agents) {
		c.foresee(a)
	}
	c.askLater()
}

// foresee tells an agent what is planned for its machine. If that changes, what
// stands offered of it is rescinded, because it promises something else.
func (c *Core) foresee(a *agent) {
	u := c.machines.unavailability(a.info.GetHostname(), a.place.address)
	if sameUnavailability(a.unavailability, u) {
		return
	}
	a.unavailability = u
	c.rescindAll(a)
	clear(a.inverse)
	delete(c.machines.affected, a.id)
	if u != nil {
		c.machines.affected[a.id] = a
	}
}

func sameUnavailability(a, b *mesos.Unavailability) bool {
	return (a == nil) == (b == nil) &&
		a.GetStart().GetNanoseconds() == b.GetStart().GetNanoseconds() &&
		(a.GetDuration() == nil) == (b.GetDuration() == nil) &&
		a.GetDuration().GetNanoseconds() == b.GetDuration().GetNanoseconds()
}

// startMaintenance takes machines down: their agents end what they run, and may not
// come back before stopMaintenance.
func (c *Core) startMaintenance(machines []*machine) {
	for _, m := range machines {
		m.down = true
		c.note(Note{Level: Info, Event: "machine down", Detail: m.id.String()})
	}
	for _, a := range sortedAgents(c.agents) {
		if m := c.machines.down(a.info.GetHostname(), a.place.address); m != nil && a.state != AgentRecovered {
			c.removeAgent(a, agentMachineDown, "machine "+m.id.String()+" is down for maintenance")
		}
	}
}

// stopMaintenance takes machines out of the schedule: they are in use again.
func (c *Core) stopMaintenance(up map[machineID]bool) {
	rest := &schedule.Schedule{}
	for _, w := range c.machines.schedule.GetWindows() {
		kept := &schedule.Window{Unavailability: w.GetUnavailability()}
		for _, p := range w.GetMachineIds() {
			if !up[machineOf(p)] {
				kept.MachineIds = append(kept.MachineIds, p)
			}
		}
		if len(kept.MachineIds) > 0 {
			rest.Windows = append(rest.Windows, kept)
		}
	}
	c.setSchedule(rest)
}

// The keys of the records of maintenance.
const (
	keySchedule = "schedule"
	keyMachines = "machines"
)

func (c *Core) rememberMaintenance() {
	if len(c.machines.order) == 0 {
		c.remember(RecordMaintenance, keySchedule, nil)
		c.remember(RecordMaintenance, keyMachines, nil)
		return
	}
	machines := &registry.Machines{}
	for _, m := range c.machines.order {
		machines.Machines = append(machines.Machines, m.proto())
	}
	c.remember(RecordMaintenance, keySchedule, &registry.Schedule{Schedule: c.machines.schedule})
	c.remember(RecordMaintenance, keyMachines, machines)
}

func (m *machine) proto() *mesos.MachineInfo {
	mode := mesos.MachineInfo_DRAINING
	if m.down {
		mode = mesos.MachineInfo_DOWN
	}
	return &mesos.MachineInfo{Id: m.id.proto(), Mode: &mode, Unavailability: m.unavailability}
}

// recoverMaintenance takes over a record of an earlier master.
func (c *Core) recoverMaintenance(r Record) error {
	switch r.Key {
	case keySchedule:
		return check(r, func(_ string, m *registry.Schedule) error {
			c.machines.schedule = m.GetSchedule()
			return nil
		})
	case keyMachines:
		return check(r, func(_ string, m *registry.Machines) error {
			for _, p := range m.GetMachines() {
				c.machines.add(&machine{
					id: machineOf(p.GetId()), down: p.GetMode() == mesos.MachineInfo_DOWN, unavailability: p.GetUnavailability(),
				})
			}
			return nil
		})
	}
	return fmt.Errorf("key %q: must be %q or %q", r.Key, keySchedule, keyMachines)
}
