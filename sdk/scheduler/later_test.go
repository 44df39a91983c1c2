// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// modern is a recorder that knows what Mesos learned after the guide.
type modern struct{ *recorder }

func (m modern) OperationUpdate(d scheduler.Driver, s *mesos.OperationStatus) {
	m.note(d, "OperationUpdate", "%s %v", s.GetOperationId().GetValue(), s.GetState())
}

func (m modern) InverseOffers(d scheduler.Driver, offers []*mesos.InverseOffer) {
	m.note(d, "InverseOffers", "%d", len(offers))
}

func (m modern) InverseOfferRescinded(d scheduler.Driver, id *mesos.OfferID) {
	m.note(d, "InverseOfferRescinded", "%s", id.GetValue())
}

// modernize gives the bench a scheduler that knows more than the guide.
func (b *bench) modernize() {
	b.driver = scheduler.NewDriver(modern{b.heard}, framework(), "master:5050", scheduler.WithDialer(b.master.Dial))
}

func operationUpdate(uuid []byte) *wire.Event {
	status := &mesos.OperationStatus{
		OperationId: &mesos.OperationID{Value: proto.String("op")},
		State:       mesos.OperationState_OPERATION_FINISHED.Enum(), AgentId: agentID(),
	}
	if uuid != nil {
		status.Uuid = &mesos.UUID{Value: uuid}
	}
	return &wire.Event{
		Type:                  wire.Event_UPDATE_OPERATION_STATUS.Enum(),
		UpdateOperationStatus: &wire.Event_UpdateOperationStatus{Status: status},
	}
}

func operationAcknowledged(uuid []byte) *wire.Call {
	return &wire.Call{
		Type: wire.Call_ACKNOWLEDGE_OPERATION_STATUS.Enum(), FrameworkId: frameworkID(),
		AcknowledgeOperationStatus: &wire.Call_AcknowledgeOperationStatus{
			AgentId: agentID(), Uuid: uuid, OperationId: &mesos.OperationID{Value: proto.String("op")},
		},
	}
}

func TestAnOperationUpdateIsAcknowledgedWhenTheCallbackReturns(t *testing.T) {
	uuid := []byte("0123456789abcdef")
	inBubble(t, func(b *bench) {
		b.modernize()
		p := b.registered()
		b.heard.when("OperationUpdate", func(scheduler.Driver) { p.Silent(time.Minute) })
		p.Send(operationUpdate(uuid))
		b.expect("OperationUpdate op OPERATION_FINISHED")
		same(t, p.Next(), operationAcknowledged(uuid))
		b.heard.when("OperationUpdate", func(scheduler.Driver) {})
		p.Send(operationUpdate(nil)) // the master's own asks for nothing
		b.expect("OperationUpdate op OPERATION_FINISHED")
		p.Silent(time.Minute)
	})
}

func TestAnOperationUpdateThatNobodyIsToHearIsAcknowledged(t *testing.T) {
	uuid := []byte("0123456789abcdef")
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(operationUpdate(uuid))
		same(t, p.Next(), operationAcknowledged(uuid))
	})
}

func TestAnOperationUpdateIsNotAcknowledgedByAnAbortedDriver(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.modernize()
		p := b.registered()
		b.heard.when("OperationUpdate", func(d scheduler.Driver) { d.Abort() })
		p.Send(operationUpdate([]byte("0123456789abcdef")))
		b.expect("OperationUpdate op OPERATION_FINISHED")
		p.Closed()
	})
}

func TestInverseOffersAreForThoseWhoKnowThem(t *testing.T) {
	send := func(p *peer) {
		p.Send(&wire.Event{Type: wire.Event_INVERSE_OFFERS.Enum(), InverseOffers: &wire.Event_InverseOffers{
			InverseOffers: []*mesos.InverseOffer{{
				Id: offerID("I1"), FrameworkId: frameworkID(),
				Unavailability: &mesos.Unavailability{Start: &mesos.TimeInfo{Nanoseconds: proto.Int64(1)}},
			}},
		}})
		p.Send(&wire.Event{
			Type:                wire.Event_RESCIND_INVERSE_OFFER.Enum(),
			RescindInverseOffer: &wire.Event_RescindInverseOffer{InverseOfferId: offerID("I1")},
		})
	}
	inBubble(t, func(b *bench) {
		b.modernize()
		send(b.registered())
		b.expect("InverseOffers 1", "InverseOfferRescinded I1")
	})
	inBubble(t, func(b *bench) {
		p := b.registered()
		send(p)
		p.Silent(time.Minute)
	})
}

func TestAcceptAndDeclineInverseOffers(t *testing.T) {
	ids, filters := []*mesos.OfferID{offerID("I1")}, &mesos.Filters{RefuseSeconds: proto.Float64(60)}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.AcceptInverseOffers(ids, filters) },
		&wire.Call{
			Type:                wire.Call_ACCEPT_INVERSE_OFFERS.Enum(),
			AcceptInverseOffers: &wire.Call_AcceptInverseOffers{InverseOfferIds: ids, Filters: filters},
		})
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.DeclineInverseOffers(ids, nil) },
		&wire.Call{
			Type:                 wire.Call_DECLINE_INVERSE_OFFERS.Enum(),
			DeclineInverseOffers: &wire.Call_DeclineInverseOffers{InverseOfferIds: ids},
		})
}

func TestReconcileOperations(t *testing.T) {
	id := &mesos.OperationID{Value: proto.String("op")}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) {
		return d.ReconcileOperations([]*mesos.OperationStatus{{OperationId: id, AgentId: agentID()}})
	}, &wire.Call{
		Type: wire.Call_RECONCILE_OPERATIONS.Enum(),
		ReconcileOperations: &wire.Call_ReconcileOperations{
			Operations: []*wire.Call_ReconcileOperations_Operation{{OperationId: id, AgentId: agentID()}},
		},
	})
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.ReconcileOperations(nil) },
		&wire.Call{Type: wire.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: &wire.Call_ReconcileOperations{}})
}
