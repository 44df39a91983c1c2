// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// The doors at which FuzzMessages knocks.
const (
	schedulersDoor = iota // of a framework that is subscribed
	freshDoor             // of one that is not yet
	agentsDoor            // of an agent that is registered
	strangersDoor         // of one that is not yet
	operatorsDoor
	explainDoor
	doors
)

// FuzzMessages gives a busy core any message at all, required fields missing or not:
// it may refuse it, but goes on, and the next master can read all that it made
// durable.
func FuzzMessages(f *testing.F) {
	seed := func(door uint8, m proto.Message) {
		b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(door, b)
	}
	id := &mesos.FrameworkID{Value: new("m-0000")}
	own := func(c *scheduler.Call) *scheduler.Call { c.FrameworkId = id; return c }
	info := frameworkInfo(withID("m-0000"), withRoles("a", "b/c"), withMinimum("a", map[string]float64{"cpus": 1}))
	for _, door := range []uint8{schedulersDoor, freshDoor} {
		seed(door, subscribeCall(info, "a"))
		seed(door, subscribeCall(frameworkInfo(withRole("a"))))
	}
	seed(schedulersDoor, own(updateCall(info, "a")))
	seed(schedulersDoor, own(killCall("t", "m-S0")))
	seed(schedulersDoor, own(reconcileCall("t", &mesos.AgentID{Value: new("m-S0")})))
	seed(schedulersDoor, own(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()}))
	offer := &mesos.Offer{Id: &mesos.OfferID{Value: new("m-O1")}, AgentId: &mesos.AgentID{Value: new("m-S0")}}
	for _, op := range []*mesos.Offer_Operation{
		launch(commandTask("t2", offer, "cpus:1")), reserve("cpus"+reservedFor("a")+":1", asked("op")),
	} {
		seed(schedulersDoor, own(&scheduler.Call{Type: scheduler.Call_ACCEPT.Enum(), Accept: &scheduler.Call_Accept{
			OfferIds: []*mesos.OfferID{offer.GetId()}, Operations: []*mesos.Offer_Operation{op},
		}}))
	}
	for _, door := range []uint8{agentsDoor, strangersDoor} {
		seed(door, registerMessage(&link.Register{Agent: agentInfo("cpus:1"), Frameworks: []*mesos.FrameworkInfo{info}}))
		seed(door, updateMessage(id, offer.GetAgentId(), "t", mesos.TaskState_TASK_FINISHED, uuid('u'), mesos.TaskState_TASK_FINISHED))
	}
	for _, call := range []*master.Call{
		teardownCall("m-0000"), weightsCall(map[string]float64{"a": 2}), getCall(master.Call_GET_STATE),
		quotaCall(true, config("a", map[string]float64{"cpus": 1}, map[string]float64{"cpus": 2})),
		setQuotaCall("a", "cpus:1"), removeQuotaCall("a"),
	} {
		seed(operatorsDoor, call)
	}
	seed(explainDoor, whyQuery("m-0000"))
	f.Fuzz(func(t *testing.T, door uint8, b []byte) {
		w := newWorld(t)
		n := w.node("cpus:4;mem:400")
		s := w.subscribe(withFailoverTimeout(60), withRole("a"))
		o := s.offer()
		s.accept([]*mesos.Offer{o}, refuse(0), launch(commandTask("t", o, "cpus:1")))
		w.pass(2 * time.Second) // the rest is offered again
		in, ok := knock(w, s, n, door%doors, b)
		if !ok {
			return
		}
		_ = w.try(in) // refused or not
		w.must(getCall(master.Call_GET_STATE))
		w.successor("m2").must(getCall(master.Call_GET_STATE))
	})
}

// knock makes an input of what comes in at a door.
func knock(w *world, s *sched, n *node, door uint8, b []byte) (core.Input, bool) {
	read := func(m proto.Message) bool { return proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(b, m) == nil }
	switch door {
	case schedulersDoor, freshDoor:
		c, conn := &scheduler.Call{}, s.conn
		if door == freshDoor {
			conn = w.conn()
		}
		return core.Call{Conn: conn, Call: c}, read(c)
	case agentsDoor, strangersDoor:
		m, conn := &link.FromAgent{}, n.conn
		if door == strangersDoor {
			conn = w.conn()
		}
		return core.AgentMessage{Conn: conn, Address: "10.0.0.1", Message: m}, read(m)
	case operatorsDoor:
		c := &master.Call{}
		return core.OperatorCall{Request: 1 << 40, Call: c}, read(c)
	default:
		q := &link.ExplainRequest{}
		return core.ExplainCall{Request: 1 << 40, Query: q}, read(q)
	}
}
