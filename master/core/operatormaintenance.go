// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"unicode/utf8"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	schedule "github.com/tepui/tepui/api/v1/maintenance"
	"github.com/tepui/tepui/api/v1/master"
)

// maxMachines bounds the machines of a schedule.
const maxMachines = maxAgents

// updateSchedule handles UPDATE_MAINTENANCE_SCHEDULE, which replaces the schedule.
func (c *Core) updateSchedule(call *master.Call_UpdateMaintenanceSchedule) *Error {
	const field = "update_maintenance_schedule.schedule"
	s := call.GetSchedule()
	listed := make(map[machineID]bool)
	for i, w := range s.GetWindows() {
		if err := checkWindow(fmt.Sprintf("%s.windows[%d]", field, i), w, listed); err != nil {
			return err
		}
	}
	if len(listed) > maxMachines {
		return failf(Exhausted, "%s: %d machines: must be %d at most", field, len(listed), maxMachines)
	}
	for _, m := range c.machines.order {
		if m.down && !listed[m.id] {
			return failf(Conflict, "%s: machine %s is down and must stay in the schedule until STOP_MAINTENANCE", field, m.id)
		}
	}
	c.setSchedule(s)
	return nil
}

// checkWindow checks a window, whose machines must not be among those listed yet.
func checkWindow(field string, w *schedule.Window, listed map[machineID]bool) *Error {
	u := w.GetUnavailability()
	if u.GetDuration() != nil && mesos.Duration(u.GetDuration()) < 0 {
		return failf(Invalid, "%s.unavailability.duration %v: must be 0 or more, or unset for ever", field, mesos.Duration(u.GetDuration()))
	}
	if len(w.GetMachineIds()) == 0 {
		return failf(Invalid, "%s.machine_ids: must name a machine", field)
	}
	for i, p := range w.GetMachineIds() {
		id, err := checkMachine(fmt.Sprintf("%s.machine_ids[%d]", field, i), p)
		if err != nil {
			return err
		}
		if listed[id] {
			return failf(Invalid, "%s.machine_ids[%d] %s: each machine must be in one window, once", field, i, id)
		}
		listed[id] = true
	}
	return nil
}

// checkMachine checks the name of a machine.
func checkMachine(field string, p *mesos.MachineID) (machineID, *Error) {
	if p.GetHostname() == "" && p.GetIp() == "" {
		return machineID{}, failf(Invalid, "%s: must have a hostname, an ip or both, has neither", field)
	}
	if len(p.GetHostname()) > 255 || !utf8.ValidString(p.GetHostname()) {
		return machineID{}, failf(Invalid, "%s.hostname %.64q: must be UTF-8 of 255 bytes at most", field, p.GetHostname())
	}
	if p.GetIp() != "" {
		if _, err := mesos.ParseIP(field+".ip", p.GetIp()); err != nil {
			return machineID{}, failf(Invalid, "%v", err)
		}
	}
	return machineOf(p), nil
}

// machinesFor returns the machines of the schedule that a call names, which must
// all be down, or none.
func (c *Core) machinesFor(field string, list []*mesos.MachineID, down bool) ([]*machine, *Error) {
	if len(list) == 0 {
		return nil, failf(Invalid, "%s: must name a machine", field)
	}
	seen := make(map[machineID]bool)
	var machines []*machine
	for i, p := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		id, err := checkMachine(at, p)
		if err != nil {
			return nil, err
		}
		m := c.machines.byID[id]
		switch {
		case seen[id]:
			return nil, failf(Invalid, "%s %s: each machine must be there once", at, id)
		case m == nil:
			return nil, failf(NotFound, "%s %s: must be in the maintenance schedule, and named as there", at, id)
		case down && !m.down:
			return nil, failf(Conflict, "%s %s: must be down, it is draining", at, id)
		case !down && m.down:
			return nil, failf(Conflict, "%s %s: must be draining, it is down already", at, id)
		}
		seen[id] = true
		machines = append(machines, m)
	}
	return machines, nil
}

// operatorStart handles START_MAINTENANCE.
func (c *Core) operatorStart(call *master.Call_StartMaintenance) *Error {
	machines, err := c.machinesFor("start_maintenance.machines", call.GetMachines(), false)
	if err != nil {
		return err
	}
	c.startMaintenance(machines)
	c.rememberMaintenance()
	return nil
}

// operatorStop handles STOP_MAINTENANCE.
func (c *Core) operatorStop(call *master.Call_StopMaintenance) *Error {
	machines, err := c.machinesFor("stop_maintenance.machines", call.GetMachines(), true)
	if err != nil {
		return err
	}
	up := make(map[machineID]bool)
	for _, m := range machines {
		up[m.id] = true
		c.note(Note{Level: Info, Event: "machine up", Detail: m.id.String()})
	}
	c.stopMaintenance(up)
	return nil
}

// getSchedule handles GET_MAINTENANCE_SCHEDULE.
func (c *Core) getSchedule() *master.Response {
	return &master.Response{
		Type:                   master.Response_GET_MAINTENANCE_SCHEDULE.Enum(),
		GetMaintenanceSchedule: &master.Response_GetMaintenanceSchedule{Schedule: c.machines.schedule},
	}
}

// getMaintenance handles GET_MAINTENANCE_STATUS.
func (c *Core) getMaintenance() *master.Response {
	status := &schedule.ClusterStatus{}
	answers := c.inverseAnswers()
	for _, m := range c.machines.order {
		if m.down {
			status.DownMachines = append(status.DownMachines, m.id.proto())
			continue
		}
		status.DrainingMachines = append(status.DrainingMachines, &schedule.ClusterStatus_DrainingMachine{
			Id: m.id.proto(), Statuses: answers[m],
		})
	}
	return &master.Response{
		Type:                 master.Response_GET_MAINTENANCE_STATUS.Enum(),
		GetMaintenanceStatus: &master.Response_GetMaintenanceStatus{Status: status},
	}
}

// inverseAnswers returns what frameworks said of each machine, in their order. Of
// one with several agents there the last answer counts.
func (c *Core) inverseAnswers() map[*machine][]*allocator.InverseOfferStatus {
	last := make(map[*machine]map[FrameworkID]*inverseOffer)
	for _, a := range sortedAgents(c.machines.affected) {
		for _, m := range c.machines.of(a.info.GetHostname(), a.place.address) {
			for f, io := range a.inverse {
				if m == nil || last[m][f] != nil && !last[m][f].at.Before(io.at) {
					continue
				}
				if last[m] == nil {
					last[m] = make(map[FrameworkID]*inverseOffer)
				}
				last[m][f] = io
			}
		}
	}
	answers := make(map[*machine][]*allocator.InverseOfferStatus)
	for m, each := range last {
		for _, io := range sortedInverse(each) {
			answers[m] = append(answers[m], &allocator.InverseOfferStatus{
				Status: io.status.Enum(), FrameworkId: io.framework.protoID, Timestamp: timeInfo(io.at),
			})
		}
	}
	return answers
}
