// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/maintenance"
	"github.com/tepui/tepui/api/v1/master"
)

// machines names a machine by hostname, by IP where it begins with a digit, or
// by both, as "host/10.0.0.1".
func machines(names ...string) []*mesos.MachineID {
	var list []*mesos.MachineID
	for _, name := range names {
		m := &mesos.MachineID{}
		for part := range strings.SplitSeq(name, "/") {
			if part[0] >= '0' && part[0] <= '9' {
				m.Ip = new(part)
			} else {
				m.Hostname = new(part)
			}
		}
		list = append(list, m)
	}
	return list
}

func window(start time.Time, names ...string) *maintenance.Window {
	return &maintenance.Window{
		MachineIds:     machines(names...),
		Unavailability: &mesos.Unavailability{Start: &mesos.TimeInfo{Nanoseconds: new(start.UnixNano())}},
	}
}

func scheduleCall(windows ...*maintenance.Window) *master.Call {
	return &master.Call{
		Type:                      master.Call_UPDATE_MAINTENANCE_SCHEDULE.Enum(),
		UpdateMaintenanceSchedule: &master.Call_UpdateMaintenanceSchedule{Schedule: &maintenance.Schedule{Windows: windows}},
	}
}

func startCall(names ...string) *master.Call {
	return &master.Call{
		Type: master.Call_START_MAINTENANCE.Enum(), StartMaintenance: &master.Call_StartMaintenance{Machines: machines(names...)},
	}
}

func stopCall(names ...string) *master.Call {
	return &master.Call{
		Type: master.Call_STOP_MAINTENANCE.Enum(), StopMaintenance: &master.Call_StopMaintenance{Machines: machines(names...)},
	}
}

// plan makes a schedule of one window.
func (w *world) plan(in time.Duration, names ...string) {
	w.t.Helper()
	w.must(scheduleCall(window(w.now.Add(in), names...)))
}

// takeDown starts the maintenance of machines.
func (w *world) takeDown(names ...string) {
	w.t.Helper()
	w.must(startCall(names...))
}
