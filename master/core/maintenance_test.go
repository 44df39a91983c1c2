// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	"github.com/tepui/tepui/api/v1/maintenance"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// machines names a machine by hostname, by IP where it begins with a digit, or
// by both, as "host/10.0.0.1".
func machines(names ...string) []*mesos.MachineID {
	var list []*mesos.MachineID
	for _, name := range names {
		m := &mesos.MachineID{}
		for part := range strings.SplitSeq(name, "/") {
			if part[0] == ':' || part[0] >= '0' && part[0] <= '9' {
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

// inverseOffer takes the next event, one INVERSE_OFFERS with one of them.
func (s *sched) inverseOffer() *mesos.InverseOffer {
	s.w.t.Helper()
	list := s.find(scheduler.Event_INVERSE_OFFERS).GetInverseOffers().GetInverseOffers()
	if len(list) != 1 {
		s.w.t.Fatalf("%d inverse offers, want 1: %v", len(list), list)
	}
	return list[0]
}

func (s *sched) acceptInverse(io *mesos.InverseOffer, filters *mesos.Filters) {
	s.w.t.Helper()
	s.call(&scheduler.Call{Type: scheduler.Call_ACCEPT_INVERSE_OFFERS.Enum(), AcceptInverseOffers: &scheduler.Call_AcceptInverseOffers{
		InverseOfferIds: []*mesos.OfferID{io.GetId()}, Filters: filters,
	}})
}

func (s *sched) declineInverse(io *mesos.InverseOffer, filters *mesos.Filters) {
	s.w.t.Helper()
	s.call(&scheduler.Call{Type: scheduler.Call_DECLINE_INVERSE_OFFERS.Enum(), DeclineInverseOffers: &scheduler.Call_DeclineInverseOffers{
		InverseOfferIds: []*mesos.OfferID{io.GetId()}, Filters: filters,
	}})
}

func (w *world) maintenance() *maintenance.ClusterStatus {
	w.t.Helper()
	return w.must(getCall(master.Call_GET_MAINTENANCE_STATUS)).GetGetMaintenanceStatus().GetStatus()
}

// answers returns what frameworks said of the only machine that drains.
func (w *world) answers() []allocator.InverseOfferStatus_Status {
	w.t.Helper()
	var list []allocator.InverseOfferStatus_Status
	for _, s := range w.maintenance().GetDrainingMachines()[0].GetStatuses() {
		list = append(list, s.GetStatus())
	}
	return list
}

func TestACallAboutMaintenanceThatBreaksARuleNamesItAndLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.must(scheduleCall(window(w.now, "down", "drains", "10.0.0.7")))
	w.takeDown("down")
	backwards := window(w.now, "x")
	backwards.Unavailability.Duration = mesos.NewDuration(-time.Second)
	keep := window(w.now, "down")
	for name, c := range map[string]struct {
		call  *master.Call
		kind  core.Kind
		words []string
	}{
		"window of no machine":      {scheduleCall(keep, window(w.now)), core.Invalid, []string{"schedule.windows[1].machine_ids", "must name a machine"}},
		"machine without a name":    {scheduleCall(keep, &maintenance.Window{MachineIds: []*mesos.MachineID{{}}, Unavailability: keep.Unavailability}), core.Invalid, []string{"windows[1].machine_ids[0]", "hostname", "ip"}},
		"ip that is none":           {scheduleCall(keep, window(w.now, "10.0.0")), core.Invalid, []string{"windows[1].machine_ids[0].ip", `"10.0.0"`}},
		"hostname too long":         {scheduleCall(keep, window(w.now, strings.Repeat("x", 256))), core.Invalid, []string{"machine_ids[0].hostname", "255"}},
		"machine in two windows":    {scheduleCall(keep, window(w.now, "a"), window(w.now, "b", "A")), core.Invalid, []string{"windows[2].machine_ids[1]", `"a"`, "once"}},
		"machine twice in one":      {scheduleCall(keep, window(w.now, "10.0.0.1", "::ffff:10.0.0.1")), core.Invalid, []string{"windows[1].machine_ids[1]", "10.0.0.1", "once"}},
		"duration negative":         {scheduleCall(keep, backwards), core.Invalid, []string{"windows[1].unavailability.duration", "-1s", "0 or more"}},
		"down machine left out":     {scheduleCall(window(w.now, "drains")), core.Conflict, []string{"schedule", `"down"`, "is down", "STOP_MAINTENANCE"}},
		"start of none":             {startCall(), core.Invalid, []string{"start_maintenance.machines", "must name"}},
		"start of an unknown one":   {startCall("drains", "who"), core.NotFound, []string{"start_maintenance.machines[1]", `"who"`, "schedule"}},
		"start of one named anew":   {startCall("drains/10.0.0.1"), core.NotFound, []string{"machines[0]", `"drains" at 10.0.0.1`}},
		"start twice":               {startCall("drains", "DRAINS"), core.Invalid, []string{"machines[1]", `"drains"`, "once"}},
		"start of one that is down": {startCall("drains", "down"), core.Conflict, []string{"machines[1]", `"down"`, "down already"}},
		"stop of none":              {stopCall(), core.Invalid, []string{"stop_maintenance.machines", "must name"}},
		"stop of one that drains":   {stopCall("down", "drains"), core.Conflict, []string{"stop_maintenance.machines[1]", `"drains"`, "must be down"}},
		"stop of an unknown one":    {stopCall("who"), core.NotFound, []string{"stop_maintenance.machines[0]", `"who"`}},
	} {
		t.Run(name, func(t *testing.T) {
			before := w.maintenance()
			_, err := w.operate(c.call)
			refused(t, err, c.kind, c.words...)
			if after := w.maintenance(); !proto.Equal(before, after) {
				t.Errorf("maintenance is %v, was %v", after, before)
			}
		})
	}
}

func TestTheScheduleIsToldAsItWasGiven(t *testing.T) {
	w := newWorld(t)
	call := scheduleCall(window(w.now, "A", "10.0.0.7"), window(w.now.Add(time.Hour), "b/10.0.0.8"))
	w.must(call)
	for range 2 {
		got := w.must(getCall(master.Call_GET_MAINTENANCE_SCHEDULE)).GetGetMaintenanceSchedule().GetSchedule()
		if want := call.GetUpdateMaintenanceSchedule().GetSchedule(); !proto.Equal(got, want) {
			t.Errorf("schedule %v, want %v", got, want)
		}
		if n := len(w.maintenance().GetDrainingMachines()); n != 3 {
			t.Errorf("%d machines drain, want 3", n)
		}
		w = w.successor("m2")
	}
}

func TestFrameworksAreAskedToLeaveAMachineThatIsToGo(t *testing.T) {
	w, s, n := oneTask(t)
	other := w.subscribe() // has nothing there
	w.plan(time.Hour, "HOST")
	w.pass(time.Second)
	io := s.inverseOffer()
	start := time.Unix(1_700_000_000, 0).Add(time.Hour).UnixNano()
	if io.GetAgentId().GetValue() != n.id.GetValue() || io.GetFrameworkId().GetValue() != s.id.GetValue() ||
		io.GetUnavailability().GetStart().GetNanoseconds() != start || io.GetUrl() == nil {
		t.Errorf("inverse offer %v", io)
	}
	w.pass(time.Minute)
	if got := w.answers(); !slices.Equal(got, []allocator.InverseOfferStatus_Status{allocator.InverseOfferStatus_UNKNOWN}) {
		t.Errorf("answers %v, want that there is none", got)
	}
	s.acceptInverse(io, refuse(60))
	if got := w.answers(); !slices.Equal(got, []allocator.InverseOfferStatus_Status{allocator.InverseOfferStatus_ACCEPT}) {
		t.Errorf("answers %v, want ACCEPT", got)
	}
	w.pass(59 * time.Second)
	if len(w.events[s.conn]) > 0 && s.hasInverse() {
		t.Error("it is asked again before its filter ends")
	}
	w.pass(2 * time.Second)
	s.declineInverse(s.inverseOffer(), nil)
	if got := w.answers(); !slices.Equal(got, []allocator.InverseOfferStatus_Status{allocator.InverseOfferStatus_DECLINE}) {
		t.Errorf("answers %v, want DECLINE", got)
	}
	s.declineInverse(io, nil) // long answered: ignored
	w.pass(6 * time.Second)
	s.inverseOffer() // after 5 seconds, by default
	if other.hasInverse() {
		t.Error("a framework that has nothing there is asked")
	}
}

func (s *sched) hasInverse() bool {
	return slices.ContainsFunc(s.w.events[s.conn], func(e *scheduler.Event) bool { return e.GetType() == scheduler.Event_INVERSE_OFFERS })
}

func TestInverseOffersAreRescinded(t *testing.T) {
	for name, happen := range map[string]func(w *world, s *sched, n *node){
		"the schedule changes":    func(w *world, _ *sched, _ *node) { w.plan(2*time.Hour, "host") },
		"the schedule is dropped": func(w *world, _ *sched, _ *node) { w.must(scheduleCall()) },
		"the machine goes down":   func(w *world, _ *sched, _ *node) { w.takeDown("host") },
		"the agent disconnects":   func(_ *world, _ *sched, n *node) { n.close() },
		"nothing is left there": func(w *world, s *sched, n *node) {
			n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
			s.acknowledge(s.nextUpdate())
			w.pass(time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, n := oneTask(t)
			w.plan(time.Hour, "10.0.0.1")
			if strings.Contains(name, "machine") || strings.Contains(name, "changes") {
				w.plan(time.Hour, "host")
			}
			w.pass(time.Second)
			io := s.inverseOffer()
			happen(w, s, n)
			got := s.find(scheduler.Event_RESCIND_INVERSE_OFFER).GetRescindInverseOffer().GetInverseOfferId()
			if got.GetValue() != io.GetId().GetValue() {
				t.Errorf("%v is rescinded, want %v", got, io.GetId())
			}
			s.acceptInverse(io, nil) // crossed: ignored
			w.pass(time.Minute)
		})
	}
}

func TestAFrameworkThatFailsOverIsAskedAnew(t *testing.T) {
	w, s, _ := oneTask(t)
	w.plan(time.Hour, "host/10.0.0.1")
	w.pass(time.Second)
	s.inverseOffer()
	s.close()
	w.pass(time.Second)
	s = w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	w.pass(time.Second)
	s.inverseOffer()
}

func TestOffersTellWhenTheirMachineIsToGo(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	if o := s.offer(); o.Unavailability != nil {
		t.Errorf("offer %v of an agent for which nothing is planned", o)
	}
	w.plan(time.Hour, "host")
	s.next(scheduler.Event_RESCIND) // it promised something else
	if got := s.offer().GetUnavailability().GetStart().GetNanoseconds(); got != w.now.Add(time.Hour).UnixNano() {
		t.Errorf("unavailable from %v, want in an hour", got)
	}
	n.close()
	n.back("cpus:4;mem:1000", nil, nil)
	s.next(scheduler.Event_RESCIND)
	if s.offer().Unavailability == nil {
		t.Error("an agent that came back forgot what is planned")
	}
	w.must(scheduleCall())
	s.next(scheduler.Event_RESCIND)
	if o := s.offer(); o.Unavailability != nil {
		t.Errorf("offer %v of an agent for which nothing is planned any more", o)
	}
}

func TestAMachineThatIsDownHasNoAgents(t *testing.T) {
	w, s, n := oneTask(t)
	elsewhere := w.register(&link.Register{Agent: &mesos.AgentInfo{Hostname: new("other"), Resources: agentInfo("cpus:1").Resources}})
	w.plan(time.Hour, "host")
	w.takeDown("host")
	n.turnedAway("down for maintenance")
	s.nextUpdate()
	n.again(nil).turnedAway("removed")
	status := w.maintenance()
	if len(status.GetDrainingMachines()) != 0 || status.GetDownMachines()[0].GetHostname() != "host" {
		t.Errorf("maintenance is %v, want host down", status)
	}
	if w.closed[elsewhere.conn] != core.CloseNot {
		t.Error("an agent of another machine is closed")
	}

	w = w.successor("m2") // it stays down
	w.enter(&link.Register{Agent: agentInfo("cpus:1")}).turnedAway("down for maintenance")
	w.must(scheduleCall(window(w.now, "host"), window(w.now, "other")))
	w.must(stopCall("HOST"))
	w.node("cpus:1")
	if status := w.maintenance(); len(status.GetDownMachines()) != 0 || len(status.GetDrainingMachines()) != 1 {
		t.Errorf("maintenance is %v, want other, draining", status)
	}
	w.takeDown("other")
	w.must(stopCall("other"))
	for k := range w.records {
		if k.kind == core.RecordMaintenance {
			t.Errorf("%v is remembered of maintenance that is over", k)
		}
	}
}

func TestAnAgentThatWasAwayWhenItsMachineWentDownIsRemovedWhenItComes(t *testing.T) {
	w, s, n := oneTask(t, partitionAware)
	n.vanish(s)
	w.plan(time.Hour, "host")
	w.takeDown("host")
	s.noUpdate()
	n.again(nil).turnedAway("down for maintenance")
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
	n.remembered(registry.AgentState_AGENT_REMOVED)
}
