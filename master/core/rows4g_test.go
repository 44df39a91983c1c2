// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// elsewhere registers an agent on another machine.
func (w *world) elsewhere(resources string) *node {
	w.t.Helper()
	return w.register(&link.Register{Agent: &mesos.AgentInfo{Hostname: new("elsewhere"), Resources: these(resources)}})
}

// rescinded takes the next event, which must rescind this offer.
func (s *sched) rescinded(o *mesos.Offer) {
	s.w.t.Helper()
	if got := s.next(scheduler.Event_RESCIND).GetRescind().GetOfferId().GetValue(); got != o.GetId().GetValue() {
		s.w.t.Errorf("offer %s is rescinded, want %s", got, o.GetId().GetValue())
	}
}

// TestOffers4g has a subtest for each row of what is said of offers.
func TestOffers4g(t *testing.T) {
	t.Run("an offer is one agent, one role, one framework", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus(a):1;mem(a):100;cpus(b):1;mem(b):100")
		w.elsewhere("cpus(a):1;mem(a):100")
		s := w.subscribe(withRoles("a", "b"))
		offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
		if len(offers) != 3 {
			t.Errorf("%d offers, want one for each agent and role", len(offers))
		}
		for _, o := range offers {
			for _, r := range o.GetResources() {
				if r.GetAllocationInfo().GetRole() != o.GetAllocationInfo().GetRole() {
					t.Errorf("%v in an offer for role %q", r, o.GetAllocationInfo().GetRole())
				}
			}
		}
	})
	for name, second := range map[string]func(w *world, offers []*mesos.Offer) *mesos.Offer{
		"framework": func(w *world, _ []*mesos.Offer) *mesos.Offer { return w.others() },
		"agent":     func(_ *world, offers []*mesos.Offer) *mesos.Offer { return offers[2] },
		"role":      func(_ *world, offers []*mesos.Offer) *mesos.Offer { return offers[1] },
		"offer":     func(_ *world, offers []*mesos.Offer) *mesos.Offer { return offers[0] },
	} {
		t.Run("ACCEPT of several offers: the same agent, framework and role, and none twice, else all named are discarded: "+name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("cpus(a):1;mem(a):100;cpus(b):1;mem(b):100")
			w.elsewhere("cpus(a):1;mem(a):100")
			s := w.subscribe(withRoles("a", "b"), partitionAware)
			offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
			s.accept([]*mesos.Offer{offers[0], second(w, offers)}, refuse(1000),
				launch(commandTask("t", offers[0], "cpus(a):1")), reserve("cpus"+reservedFor("a")+":1", asked("r")))
			s.status(mesos.TaskState_TASK_DROPPED, mesos.TaskStatus_REASON_INVALID_OFFERS)
			s.operationStatus("r", mesos.OperationState_OPERATION_ERROR)
			n.quiet()
			for _, o := range s.next(scheduler.Event_OFFERS).GetOffers().GetOffers() {
				if o.GetAgentId().GetValue() == n.id.GetValue() && o.GetAllocationInfo().GetRole() == "a" {
					return
				}
			}
			t.Error("what was named is not offered anew")
		})
	}
	t.Run("operations run in order on the growing and shrinking pool", func(t *testing.T) {
		_, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, refuse(1000),
			unreserve("cpus"+reservedFor("a")+":1", asked("too soon")),
			reserve("cpus"+reservedFor("a")+":1", asked("r")),
			reserve("cpus"+reservedFor("a")+":8", asked("too much")),
			unreserve("cpus"+reservedFor("a")+":1", asked("u")),
		)
		n.operation(mesos.Offer_Operation_RESERVE)
		n.operation(mesos.Offer_Operation_UNRESERVE)
		n.quiet()
		s.operationStatus("too soon", mesos.OperationState_OPERATION_ERROR, "left of the offers")
		s.operationStatus("too much", mesos.OperationState_OPERATION_ERROR, "left of the offers")
	})
	for name, op := range map[string]*mesos.Offer_Operation{
		"RESERVE":   reserve("zinc" + reservedFor("a") + ":5"),
		"UNRESERVE": unreserve("mem" + reservedFor("a") + ":100"),
		"CREATE":    create("disk" + volumeOf("a", "new") + ":20"),
		"DESTROY":   destroy("disk" + volumeOf("a", "v") + ":60"),
	} {
		t.Run("speculative operations take effect at once: "+name, func(t *testing.T) {
			w, s, o := withVolume(t)
			s.accept([]*mesos.Offer{o}, refuse(0), op)
			w.pass(time.Second)
			if got := s.offer(); parseOffer(t, got).Equal(parseOffer(t, o)) {
				t.Errorf("it has no effect: %v", got.GetResources())
			}
		})
	}
	for name, op := range map[string]*mesos.Offer_Operation{
		"GROW_VOLUME":   grow("disk"+volumeOf("a", "v")+":60", "disk"+reservedFor("a")+":20"),
		"SHRINK_VOLUME": shrink("disk"+volumeOf("a", "v")+":60", 20),
	} {
		t.Run("others are not speculative: "+name, func(t *testing.T) {
			w, s, o := withVolume(t)
			s.accept([]*mesos.Offer{o}, refuse(0), op)
			w.pass(time.Second)
			if got := parseOffer(t, s.offer()); len(got.Volumes()) != 0 {
				t.Errorf("%s is offered while the agent is at it", got)
			}
		})
	}
	for _, kind := range []mesos.Offer_Operation_Type{mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK} {
		t.Run("others are not speculative: "+kind.String()+", which nobody here can do", func(t *testing.T) {
			_, n, s, o := stage(t)
			s.accept([]*mesos.Offer{o}, refuse(1000), withOptions(&mesos.Offer_Operation{Type: &kind}, []operationOption{asked("d")}))
			s.operationStatus("d", mesos.OperationState_OPERATION_ERROR, kind.String(), "resource provider")
			n.quiet()
		})
	}
	t.Run("what is left is declined with the filters, but for what was converted", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus:4;mem:1000")
		s := w.subscribe(withRole("a"), refined)
		s.accept([]*mesos.Offer{s.offer()}, refuse(20))
		w.pass(19 * time.Second)
		s.quiet()
		w.pass(time.Second)
		s.accept([]*mesos.Offer{s.offer()}, refuse(20), reserve("cpus"+reservedFor("a")+":1"))
		if got := parseOffer(t, s.offer()); !got.Contains(parseText("cpus" + reservedFor("a") + ":1")) {
			t.Errorf("%s is offered, want what was converted as well", got)
		}
	})
	t.Run("ACCEPT with no operations is a decline", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus:4;mem:1000")
		s := w.subscribe()
		s.accept([]*mesos.Offer{s.offer()}, refuse(20))
		w.pass(19 * time.Second)
		s.quiet()
		w.pass(time.Second)
		s.offer()
	})
	for name, happen := range map[string]func(w *world, n *node){
		"agent disconnect":        func(_ *world, n *node) { n.close() },
		"deactivation":            func(w *world, n *node) { w.must(deactivateCall(n.id)) },
		"draining":                func(w *world, n *node) { w.must(drainCall(n.id)) },
		"removal":                 func(w *world, n *node) { w.must(markGoneCall(n.id)) },
		"offer timeout":           func(w *world, _ *node) { w.pass(time.Minute) },
		"maintenance":             func(w *world, _ *node) { w.plan(0, "host"); w.must(startCall("host")) },
		"an operator's operation": func(w *world, n *node) { w.must(reserveCall(n.id, "cpus"+reservedFor("z")+":1")) },
		"the agent has less":      func(_ *world, n *node) { n.changed("cpus:1;mem:100", "2") },
	} {
		t.Run("rescind on "+name, func(t *testing.T) {
			w := newWorld(t, withOfferTimeout(time.Minute))
			n := w.able("cpus:4;mem:1000")
			s := w.subscribe()
			o := s.offer()
			happen(w, n)
			s.rescinded(o)
			s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1")))
			for _, e := range w.events[s.conn] {
				if got := e.GetUpdate().GetStatus(); got != nil && got.GetState() == mesos.TaskState_TASK_LOST {
					return
				}
			}
			t.Errorf("events %v, want a task that is lost with its offer", w.events[s.conn])
		})
	}
	t.Run("no rescind on failover over HTTP", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus:4;mem:1000")
		s := w.subscribe(withFailoverTimeout(60))
		s.offer()
		w.subscribe(withFailoverTimeout(60), withID(s.id.GetValue())).offer()
		s.ended("failed over")
		s.quiet()
	})
	t.Run("an invalid operation is OPERATION_ERROR if it has an id, otherwise only noted", func(t *testing.T) {
		w, _, s, o := stage(t)
		w.notes = nil
		s.accept([]*mesos.Offer{o}, refuse(1000), reserve("cpus:1", asked("r")), reserve("cpus:2"))
		s.operationStatus("r", mesos.OperationState_OPERATION_ERROR, "accept.operations[0].reserve.resources[0].reservations", "must have a reservation")
		s.quiet()
		if len(w.notes) != 1 || !strings.HasPrefix(w.notes[0].Detail, "2, the first: accept.operations[0]") {
			t.Errorf("notes %v, want one of 2 operations", w.notes)
		}
	})
	t.Run("frameworks without MULTI_ROLE see no allocation_info", func(t *testing.T) {
		_, _, _, o := stage(t)
		if o.GetAllocationInfo() != nil || o.GetResources()[0].GetAllocationInfo() != nil {
			t.Errorf("offer %v has allocation_info", o)
		}
	})
	t.Run("frameworks without RESERVATION_REFINEMENT see the old form", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus" + reservedFor("a") + ":1")
		r := w.subscribe(withRole("a")).offer().GetResources()[0]
		//lint:ignore SA1019 it is what this row is about
		if r.Reservations != nil || r.GetRole() != "a" || r.Reservation == nil {
			t.Errorf("resource %v, want role and reservation", r)
		}
	})
	t.Run("SUPPRESS does not rescind", func(t *testing.T) {
		_, _, s, _ := stage(t)
		s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
		s.quiet()
	})
	t.Run("REVIVE with an unknown role drops the whole call", func(t *testing.T) {
		w, _, s, o := stage(t)
		s.decline(refuse(1000), o)
		s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"a", "other"}}})
		w.pass(time.Minute)
		s.quiet()
	})
}

// others returns an offer of another framework.
func (w *world) others() *mesos.Offer {
	w.t.Helper()
	w.register(&link.Register{Agent: &mesos.AgentInfo{Hostname: new("third"), Resources: these("cpus(c):1;mem(c):100")}})
	return w.subscribe(withRole("c")).offer()
}

// withVolume is a framework with an offer of an agent that has a volume.
func withVolume(t *testing.T) (*world, *sched, *mesos.Offer) {
	w := newWorld(t)
	w.register(withCapabilities(&link.Register{Agent: &mesos.AgentInfo{
		Hostname:  new("host"),
		Resources: these("cpus:4;zinc:5;mem" + reservedFor("a") + ":100;disk" + reservedFor("a") + ":40;disk" + volumeOf("a", "v") + ":60"),
	}}, mesos.AgentInfo_Capability_RESIZE_VOLUME))
	s := w.subscribe(withRole("a"), refined)
	return w, s, s.offer()
}

// TestOperationsOfAFrameworkAreValidated has what Mesos asks of an operation beyond
// its form, which package resource checks.
func TestOperationsOfAFrameworkAreValidated(t *testing.T) {
	joe := func(i *mesos.FrameworkInfo) { i.Principal = new("joe") }
	by := func(principal string, op *mesos.Offer_Operation) *mesos.Offer_Operation {
		for _, r := range op.GetReserve().GetResources() {
			r.Reservations[0].Principal = &principal
		}
		for _, r := range op.GetCreate().GetVolumes() {
			r.Disk.Persistence.Principal = &principal
		}
		return op
	}
	for name, row := range map[string]struct {
		framework []func(*mesos.FrameworkInfo)
		op        *mesos.Offer_Operation
		words     []string
	}{
		"RESERVE for the offer's role": {nil, reserve("cpus" + reservedFor("b") + ":1"), []string{`"b"`, `"a"`, "role of the offer"}},
		"RESERVE in its own name":      {[]func(*mesos.FrameworkInfo){joe}, by("eve", reserve("cpus"+reservedFor("a")+":1")), []string{"principal", `"eve"`, `"joe"`}},
		"RESERVE with its name":        {[]func(*mesos.FrameworkInfo){joe}, reserve("cpus" + reservedFor("a") + ":1"), []string{"principal", "must be set", `"joe"`}},
		"RESERVE with no name":         {nil, by("eve", reserve("cpus"+reservedFor("a")+":1")), []string{"principal", `"eve"`, "must be unset"}},
		"CREATE in its own name":       {[]func(*mesos.FrameworkInfo){joe}, by("eve", create("disk"+volumeOf("a", "new")+":20")), []string{"principal", `"eve"`, `"joe"`}},
		"CREATE with a new id":         {nil, create("disk" + volumeOf("a", "v") + ":20"), []string{"persistence.id", `"v"`, "no volume"}},
		"CREATE with an id once":       {nil, create("disk" + volumeOf("a", "new") + ":20;disk" + volumeOf("a", "new") + ":10"), []string{"persistence.id", `"new"`}},
		"UNRESERVE of what is there":   {nil, unreserve("mem" + reservedFor("a") + ":500"), []string{"left of the offers", "mem"}},
		"allocated to the role": {nil, func() *mesos.Offer_Operation {
			op := reserve("cpus" + reservedFor("a") + ":1")
			op.Reserve.Resources[0].AllocationInfo = &mesos.Resource_AllocationInfo{Role: new("b")}
			return op
		}(), []string{"allocation_info.role", `"b"`, `"a"`}},
		"an id that can be a name": {nil, reserve("cpus"+reservedFor("a")+":1", asked("a/b")), []string{".id", `"a/b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.able("cpus:4;mem" + reservedFor("a") + ":100;disk" + reservedFor("a") + ":40;disk" + volumeOf("a", "v") + ":60")
			s := w.subscribe(append(row.framework, withRole("a"), refined)...)
			if row.op.Id == nil {
				asked("op")(row.op)
			}
			s.accept([]*mesos.Offer{s.offer()}, refuse(1000), row.op)
			s.operationStatus(row.op.GetId().GetValue(), mesos.OperationState_OPERATION_ERROR, append(row.words, "accept.operations[0]")...)
			n.quiet()
		})
	}
	t.Run("a stack asks for RESERVATION_REFINEMENT", func(t *testing.T) {
		w := newWorld(t)
		w.node("cpus(a):4")
		s := w.subscribe(withRole("a/b"))
		s.accept([]*mesos.Offer{s.offer()}, refuse(1000),
			reserve(`cpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}:1`, asked("r")))
		s.operationStatus("r", mesos.OperationState_OPERATION_ERROR, "2 reservations", "RESERVATION_REFINEMENT")
	})
	t.Run("growing asks for RESIZE_VOLUME of the agent", func(t *testing.T) {
		w := newWorld(t)
		w.register(&link.Register{Agent: &mesos.AgentInfo{Hostname: new("host"), Resources: these("cpus:1;disk" + volumeOf("a", "v") + ":60")}})
		s := w.subscribe(withRole("a"), refined)
		s.accept([]*mesos.Offer{s.offer()}, refuse(1000), shrink("disk"+volumeOf("a", "v")+":60", 5, asked("s")))
		s.operationStatus("s", mesos.OperationState_OPERATION_ERROR, "RESIZE_VOLUME")
	})
	t.Run("an id is of one operation until that is acknowledged", func(t *testing.T) {
		_, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, refuse(1000), reserve("cpus"+reservedFor("a")+":1", asked("r")), reserve("cpus"+reservedFor("a")+":1", asked("r")))
		s.operationStatus("r", mesos.OperationState_OPERATION_ERROR, "acknowledged")
		n.operation(mesos.Offer_Operation_RESERVE)
		n.quiet()
	})
	t.Run("a volume that a task uses is not destroyed", func(t *testing.T) {
		_, n, s, o := stage(t)
		s.accept([]*mesos.Offer{o}, refuse(1000),
			launch(commandTask("t", o, "cpus:1", of("disk"+volumeOf("a", "v")+":10"))),
			destroy("disk"+volumeOf("a", "v")+":10", asked("d")))
		n.next()
		n.quiet()
		s.operationStatus("d", mesos.OperationState_OPERATION_ERROR, "left of the offers")
	})
}

// TestOperationReconciliation has a row for each answer.
func TestOperationReconciliation(t *testing.T) {
	for name, row := range map[string]struct {
		happen func(w *world, n *node)
		want   mesos.OperationState
	}{
		"the agent is registered":                     {func(*world, *node) {}, mesos.OperationState_OPERATION_UNKNOWN},
		"the agent is disconnected":                   {func(_ *world, n *node) { n.close() }, mesos.OperationState_OPERATION_UNKNOWN},
		"the agent is unreachable":                    {func(w *world, n *node) { n.close(); w.pass(reregisterTimeout) }, mesos.OperationState_OPERATION_UNREACHABLE},
		"the agent is gone":                           {func(w *world, n *node) { w.must(markGoneCall(n.id)) }, mesos.OperationState_OPERATION_GONE_BY_OPERATOR},
		"the agent is one of an earlier master's":     {func(_ *world, n *node) { n.id = &mesos.AgentID{Value: new("old-S1")} }, mesos.OperationState_OPERATION_RECOVERING},
		"the agent is one that this master never had": {func(_ *world, n *node) { n.id = &mesos.AgentID{Value: new("m-S99")} }, mesos.OperationState_OPERATION_UNKNOWN},
		"no agent is named":                           {func(_ *world, n *node) { n.id = nil }, mesos.OperationState_OPERATION_UNKNOWN},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("cpus:1;mem:100")
			s := w.subscribe(withFailoverTimeout(1e6))
			row.happen(w, n)
			w.events[s.conn] = nil
			s.reconcileOperations(n.id, "op")
			if got := s.operationStatus("op", row.want); got.GetUuid() != nil || got.GetMessage() == "" {
				t.Errorf("status %v, want one with a message and without a uuid", got)
			}
		})
	}
}
