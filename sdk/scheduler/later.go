// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"google.golang.org/protobuf/proto"
)

// What Mesos learned after the guide was written has callbacks of its own: a
// Scheduler that implements one of these interfaces gets them.

// OperationScheduler is a Scheduler that gives operations an id, to hear what
// becomes of them.
type OperationScheduler interface {
	// OperationUpdate is called when the state of such an operation has changed.
	// Returning from it acknowledges the update, as with StatusUpdate; without this
	// method the driver acknowledges by itself.
	OperationUpdate(d Driver, status *mesos.OperationStatus)
}

// InverseOfferScheduler is a Scheduler that is to know of maintenance in advance.
type InverseOfferScheduler interface {
	// InverseOffers is called when the framework is asked to leave agents in a window
	// of time. Answered by AcceptInverseOffers or DeclineInverseOffers.
	InverseOffers(d Driver, offers []*mesos.InverseOffer)
	// InverseOfferRescinded is called when an agent stays after all, or is away
	// already.
	InverseOfferRescinded(d Driver, id *mesos.OfferID)
}

// operation calls back, and acknowledges when the callback has returned, as update
// does.
func (d *MesosDriver) operation(c *conversation, status *mesos.OperationStatus) {
	ack := operationAcknowledgement(status)
	if s, ok := d.scheduler.(OperationScheduler); ok && status != nil {
		s.OperationUpdate(d, status)
	}
	if ack == nil || d.isAborted() {
		return
	}
	_, ack.FrameworkId = d.identity()
	if err := d.put(c, ack); err != nil {
		d.log.Debug("operation update not acknowledged, it will come again",
			"operation_id", ack.GetAcknowledgeOperationStatus().GetOperationId().GetValue(), "error", err)
	}
}

func operationAcknowledgement(status *mesos.OperationStatus) *wire.Call {
	if len(status.GetUuid().GetValue()) == 0 || status.GetAgentId() == nil || status.GetOperationId() == nil {
		return nil
	}
	return &wire.Call{
		Type: wire.Call_ACKNOWLEDGE_OPERATION_STATUS.Enum(),
		AcknowledgeOperationStatus: &wire.Call_AcknowledgeOperationStatus{
			AgentId:            proto.CloneOf(status.AgentId),
			ResourceProviderId: proto.CloneOf(status.ResourceProviderId),
			Uuid:               append([]byte(nil), status.GetUuid().GetValue()...),
			OperationId:        proto.CloneOf(status.OperationId),
		},
	}
}

// AcceptInverseOffers implements Driver.
func (d *MesosDriver) AcceptInverseOffers(offers []*mesos.OfferID, filters *mesos.Filters) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:                wire.Call_ACCEPT_INVERSE_OFFERS.Enum(),
		AcceptInverseOffers: &wire.Call_AcceptInverseOffers{InverseOfferIds: offers, Filters: filters},
	})
}

// DeclineInverseOffers implements Driver.
func (d *MesosDriver) DeclineInverseOffers(offers []*mesos.OfferID, filters *mesos.Filters) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:                 wire.Call_DECLINE_INVERSE_OFFERS.Enum(),
		DeclineInverseOffers: &wire.Call_DeclineInverseOffers{InverseOfferIds: offers, Filters: filters},
	})
}

// ReconcileOperations implements Driver.
func (d *MesosDriver) ReconcileOperations(operations []*mesos.OperationStatus) (mesos.Status, error) {
	reconcile := &wire.Call_ReconcileOperations{}
	for _, o := range operations {
		reconcile.Operations = append(reconcile.Operations, &wire.Call_ReconcileOperations_Operation{
			OperationId:        o.GetOperationId(),
			AgentId:            o.GetAgentId(),
			ResourceProviderId: o.GetResourceProviderId(),
		})
	}
	return d.Send(&wire.Call{Type: wire.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: reconcile})
}
