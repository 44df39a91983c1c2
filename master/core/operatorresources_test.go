// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// byOps makes reservations and volumes those of the principal by which tests call.
func byOps(list []*mesos.Resource) []*mesos.Resource {
	for _, r := range list {
		if n := len(r.Reservations); n > 0 && r.GetDisk().GetPersistence() == nil {
			r.Reservations[n-1].Principal = new("ops")
		}
		if p := r.GetDisk().GetPersistence(); p != nil {
			p.Principal = new("ops")
			r.Reservations[0].Principal = new("ops")
		}
	}
	return list
}

func reserveCall(id *mesos.AgentID, text string) *master.Call {
	return &master.Call{
		Type:             master.Call_RESERVE_RESOURCES.Enum(),
		ReserveResources: &master.Call_ReserveResources{AgentId: id, Resources: byOps(these(text))},
	}
}

const (
	opsReserved = `{"reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}]}`
	opsVolume   = `{"reservations":[{"type":"DYNAMIC","role":"a","principal":"ops"}],"disk":{"persistence":{"id":"v","principal":"ops"}}}`
)

func TestOperatorsReserveAndCreateAndGoBack(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;disk:100")
	w.must(reserveCall(n.id, "cpus"+reservedFor("a")+":1;disk"+reservedFor("a")+":80"))
	if op := n.operation(mesos.Offer_Operation_RESERVE); op.GetFrameworkId() != nil {
		t.Errorf("%v names a framework", op)
	}
	volumes := byOps(these("disk" + volumeOf("a", "v") + ":60"))
	w.must(&master.Call{Type: master.Call_CREATE_VOLUMES.Enum(), CreateVolumes: &master.Call_CreateVolumes{AgentId: n.id, Volumes: volumes}})
	n.operation(mesos.Offer_Operation_CREATE)
	w.must(&master.Call{Type: master.Call_GROW_VOLUME.Enum(), GrowVolume: &master.Call_GrowVolume{
		AgentId: n.id, Volume: volumes[0], Addition: byOps(these("disk" + reservedFor("a") + ":20"))[0],
	}})
	growing := n.operation(mesos.Offer_Operation_GROW_VOLUME)
	s := w.subscribe(withRole("a"), refined)
	o := s.offer()
	has(t, o, "cpus:3;disk:20;cpus"+opsReserved+":1") // the volume is being grown
	s.decline(refuse(0), o)
	n.answer(growing, mesos.OperationState_OPERATION_FINISHED, nil)
	w.pass(time.Second)
	o = s.offer()
	has(t, o, "cpus:3;disk:20;cpus"+opsReserved+":1;disk"+opsVolume+":80")
	s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
	s.decline(refuse(0), o)
	grown := byOps(these("disk" + volumeOf("a", "v") + ":80"))
	w.must(&master.Call{Type: master.Call_SHRINK_VOLUME.Enum(), ShrinkVolume: &master.Call_ShrinkVolume{
		AgentId: n.id, Volume: grown[0], Subtract: &mesos.Value_Scalar{Value: new(20.0)},
	}})
	n.answer(n.operation(mesos.Offer_Operation_SHRINK_VOLUME), mesos.OperationState_OPERATION_FINISHED, uuid('s'))
	if n.next().GetAcknowledgeOperation() == nil {
		t.Error("the end of an operator's operation is not acknowledged")
	}
	w.must(&master.Call{Type: master.Call_DESTROY_VOLUMES.Enum(), DestroyVolumes: &master.Call_DestroyVolumes{AgentId: n.id, Volumes: volumes}})
	n.operation(mesos.Offer_Operation_DESTROY)
	w.must(&master.Call{Type: master.Call_UNRESERVE_RESOURCES.Enum(), UnreserveResources: &master.Call_UnreserveResources{
		AgentId: n.id, Resources: byOps(these("cpus" + reservedFor("a") + ":1;disk" + reservedFor("a") + ":80")),
	}})
	n.operation(mesos.Offer_Operation_UNRESERVE)
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	has(t, s.offer(), "cpus:4;disk:100")
}

func TestAnOperatorTakesWhatIsOnlyOffered(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:100")
	s := w.subscribe(withRole("a"))
	o := s.offer()
	w.must(reserveCall(n.id, "cpus"+reservedFor("b")+":1"))
	if got := s.next(scheduler.Event_RESCIND).GetRescind().GetOfferId(); got.GetValue() != o.GetId().GetValue() {
		t.Errorf("%v is rescinded, want %v", got, o.GetId())
	}
	has(t, s.offer(), "cpus:3;mem:100")
	w.must(reserveCall(n.id, "cpus"+reservedFor("b")+":1"))
	s.next(scheduler.Event_RESCIND)
	has(t, s.offer(), "cpus:2;mem:100")
}

func TestAnOfferThatIsNotInTheWayStands(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:100;cpus(b):2")
	s := w.subscribe(withRole("a"))
	has(t, s.offer(), "cpus:4;mem:100")
	call := reserveCall(n.id, `cpus{"reservations":[{"type":"STATIC","role":"b"},{"type":"DYNAMIC","role":"b/c"}]}:1`)
	w.must(call)
	n.operation(mesos.Offer_Operation_RESERVE)
	s.quiet()
}

func TestOperatorsAreRefusedWithTheRightKind(t *testing.T) {
	for name, c := range map[string]struct {
		call func(n *node) *master.Call
		kind core.Kind
		word string
	}{
		"no such agent": {func(*node) *master.Call {
			return reserveCall(&mesos.AgentID{Value: new("x")}, "cpus"+reservedFor("a")+":1")
		}, core.NotFound, `"x"`},
		"in use":            {func(n *node) *master.Call { return reserveCall(n.id, "cpus"+reservedFor("a")+":4") }, core.Conflict, "nobody uses"},
		"not there":         {func(n *node) *master.Call { return reserveCall(n.id, "zinc"+reservedFor("a")+":4") }, core.Conflict, "zinc"},
		"not a reservation": {func(n *node) *master.Call { return reserveCall(n.id, "cpus:1") }, core.Invalid, "reserve.resources[0].reservations"},
		"of another principal": {func(n *node) *master.Call {
			c := reserveCall(n.id, "cpus"+reservedFor("a")+":1")
			c.ReserveResources.Resources[0].Reservations[0].Principal = new("eve")
			return c
		}, core.Invalid, `"eve"`},
		"a volume whose id is taken": {func(n *node) *master.Call {
			return &master.Call{Type: master.Call_CREATE_VOLUMES.Enum(), CreateVolumes: &master.Call_CreateVolumes{
				AgentId: n.id, Volumes: byOps(these("disk" + volumeOf("a", "v") + ":5")),
			}}
		}, core.Invalid, `"v"`},
		"a volume of a provider": {func(*node) *master.Call {
			return &master.Call{Type: master.Call_SHRINK_VOLUME.Enum(), ShrinkVolume: &master.Call_ShrinkVolume{
				Volume: byOps(these("disk" + volumeOf("a", "v") + ":5"))[0], Subtract: &mesos.Value_Scalar{Value: new(1.0)},
			}}
		}, core.Invalid, "agent_id"},
		"an agent that is away": {func(n *node) *master.Call { n.close(); return reserveCall(n.id, "cpus"+reservedFor("a")+":1") }, core.Conflict, "not connected"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.able("cpus:4;mem:100;disk" + volumeOf("a", "v") + ":10;disk" + reservedFor("a") + ":10")
			s := w.subscribe()
			o := s.offer()
			s.accept([]*mesos.Offer{o}, refuse(1e6), launch(commandTask("t", o, "cpus:1")))
			_, err := w.operate(c.call(n))
			if err == nil || err.Kind != c.kind || !strings.Contains(err.Text, c.word) {
				t.Errorf("refused with %+v, want kind %d that says %q", err, c.kind, c.word)
			}
			s.quiet()
		})
	}
}
