// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// TestALongNameIsNotRepeatedInEachAnswer: of one call of 16 MB the answers to its
// tasks would else be of many GB.
func TestALongNameIsNotRepeatedInEachAnswer(t *testing.T) {
	long := strings.Repeat("x", 1<<18)
	for name, send := range map[string]func(s *sched, o *mesos.Offer, tasks ...*mesos.TaskInfo){
		"an offer's": func(s *sched, _ *mesos.Offer, tasks ...*mesos.TaskInfo) {
			s.accept([]*mesos.Offer{{Id: &mesos.OfferID{Value: &long}}}, nil, launch(tasks...), reserve("cpus"+reservedFor("a")+":1", asked("r")))
		},
		"a group executor's framework": func(s *sched, o *mesos.Offer, tasks ...*mesos.TaskInfo) {
			e := groupExecutor("e")
			e.FrameworkId = &mesos.FrameworkID{Value: &long}
			s.accept([]*mesos.Offer{o}, nil, group(e, tasks...))
		},
		"a variable of one task of a group": func(s *sched, o *mesos.Offer, tasks ...*mesos.TaskInfo) {
			tasks[0].Command.Environment = &mesos.Environment{Variables: []*mesos.Environment_Variable{{Name: &long}}}
			s.accept([]*mesos.Offer{o}, nil, group(groupExecutor("e"), tasks...))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:4;mem:1000;disk:100")
			s := w.subscribe()
			o := s.offer()
			send(s, o, commandTask("t1", o, "cpus:1"), commandTask("t2", o, "cpus:1"))
			answers := 0
			for _, e := range w.events[s.conn] {
				m := e.GetUpdate().GetStatus().GetMessage()
				if op := e.GetUpdateOperationStatus(); op != nil {
					m = op.GetStatus().GetMessage()
				}
				if len(m) > 4096 {
					t.Errorf("an answer of %d bytes: %.80q…", len(m), m)
				}
				if e.GetType() == scheduler.Event_UPDATE {
					answers++
				}
			}
			if answers != 2 {
				t.Errorf("%d answers, want one to each task", answers)
			}
			w.events[s.conn] = nil
		})
	}
}

// TestAnAgentMayListAnOperationThatWasNotUnderstood: that is how it ended.
func TestAnAgentMayListAnOperationThatWasNotUnderstood(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withRole("a"))
	op := &mesos.Operation{
		FrameworkId: s.id, Uuid: &mesos.UUID{Value: uuid('o')},
		Info: &mesos.Offer_Operation{Type: mesos.Offer_Operation_UNKNOWN.Enum(), Id: &mesos.OperationID{Value: new("op")}},
		LatestStatus: &mesos.OperationStatus{
			OperationId: &mesos.OperationID{Value: new("op")},
			State:       mesos.OperationState_OPERATION_ERROR.Enum(), Uuid: &mesos.UUID{Value: uuid('s')},
		},
	}
	n := w.register(&link.Register{Agent: agentInfo("cpus:1"), Operations: []*mesos.Operation{op}})
	s.offer()
	n.answer(&link.ApplyOperation{FrameworkId: s.id, Info: op.Info, OperationUuid: op.Uuid}, mesos.OperationState_OPERATION_ERROR, uuid('s'))
	s.acknowledgeOperation(s.operationStatus("op", mesos.OperationState_OPERATION_ERROR))
	if n.next().GetAcknowledgeOperation() == nil {
		t.Error("the end of the operation is not acknowledged")
	}
}

func TestAVolumeThatAnOperatorGrowsIsNotCreatedAgain(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:1;disk" + opsVolume + ":60;disk" + opsReserved + ":20;disk" + reservedFor("a") + ":20")
	w.must(&master.Call{Type: master.Call_GROW_VOLUME.Enum(), GrowVolume: &master.Call_GrowVolume{
		AgentId: n.id, Volume: byOps(these("disk" + volumeOf("a", "v") + ":60"))[0], Addition: byOps(these("disk" + reservedFor("a") + ":20"))[0],
	}})
	n.operation(mesos.Offer_Operation_GROW_VOLUME)
	s := w.subscribe(withRole("a"), refined)
	s.accept([]*mesos.Offer{s.offer()}, refuse(1000), create("disk"+volumeOf("a", "v")+":20", asked("c")))
	s.operationStatus("c", mesos.OperationState_OPERATION_ERROR, "persistence.id", `"v"`, "no volume")
	n.quiet()
}

// TestReservationsOfNextToNothingAreBounded: an agent that had too many of them could
// not register any more.
func TestReservationsOfNextToNothingAreBounded(t *testing.T) {
	labelled := func(r *mesos.Resource, text string) {
		r.Reservations[0].Labels = &mesos.Labels{Labels: []*mesos.Label{{Key: new("k"), Value: &text}}}
	}
	small := "cpus" + reservedFor("a") + ":0.001"
	w := newWorld(t)
	n := w.able("cpus:4")
	s := w.subscribe(withRole("a"), refined)
	var ops []*mesos.Offer_Operation
	for _, letter := range "abc" {
		op := reserve(small, asked(string(letter)))
		labelled(op.Reserve.Resources[0], strings.Repeat(string(letter), 100<<10))
		ops = append(ops, op)
	}
	s.accept([]*mesos.Offer{s.offer()}, refuse(0), ops...)
	first := n.operation(mesos.Offer_Operation_RESERVE)
	n.operation(mesos.Offer_Operation_RESERVE)
	n.quiet()
	s.operationStatus("c", mesos.OperationState_OPERATION_ERROR, "agent m-S0", "262144 at most")
	s.accept([]*mesos.Offer{s.offer()}, refuse(0), &mesos.Offer_Operation{ // what there is can go
		Type:      mesos.Offer_Operation_UNRESERVE.Enum(),
		Unreserve: &mesos.Offer_Operation_Unreserve{Resources: first.GetInfo().GetReserve().GetResources()},
	})
	n.operation(mesos.Offer_Operation_UNRESERVE)
	s.offer()
	call := reserveCall(n.id, small)
	labelled(call.ReserveResources.Resources[0], strings.Repeat("d", 300<<10))
	_, err := w.operate(call)
	refused(t, err, core.Invalid, "262144 at most")
}
