// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

func subscribedEvent(f *framework, master *mesos.MasterInfo) *scheduler.Event {
	return &scheduler.Event{
		Type: scheduler.Event_SUBSCRIBED.Enum(),
		Subscribed: &scheduler.Event_Subscribed{
			FrameworkId:              f.protoID,
			HeartbeatIntervalSeconds: new(HeartbeatInterval.Seconds()),
			MasterInfo:               master,
		},
	}
}

func heartbeatEvent() *scheduler.Event {
	return &scheduler.Event{Type: scheduler.Event_HEARTBEAT.Enum()}
}

func errorEvent(text string) *scheduler.Event {
	return &scheduler.Event{
		Type:  scheduler.Event_ERROR.Enum(),
		Error: &scheduler.Event_Error{Message: new(text)},
	}
}

func offersEvent(offers []*mesos.Offer) *scheduler.Event {
	return &scheduler.Event{
		Type:   scheduler.Event_OFFERS.Enum(),
		Offers: &scheduler.Event_Offers{Offers: offers},
	}
}

func rescindEvent(id OfferID) *scheduler.Event {
	return &scheduler.Event{
		Type:    scheduler.Event_RESCIND.Enum(),
		Rescind: &scheduler.Event_Rescind{OfferId: &mesos.OfferID{Value: new(string(id))}},
	}
}

func updateEvent(status *mesos.TaskStatus) *scheduler.Event {
	return &scheduler.Event{
		Type:   scheduler.Event_UPDATE.Enum(),
		Update: &scheduler.Event_Update{Status: status},
	}
}

func operationEvent(status *mesos.OperationStatus) *scheduler.Event {
	return &scheduler.Event{
		Type:                  scheduler.Event_UPDATE_OPERATION_STATUS.Enum(),
		UpdateOperationStatus: &scheduler.Event_UpdateOperationStatus{Status: status},
	}
}

func messageEvent(agent *mesos.AgentID, executor *mesos.ExecutorID, data []byte) *scheduler.Event {
	return &scheduler.Event{
		Type:    scheduler.Event_MESSAGE.Enum(),
		Message: &scheduler.Event_Message{AgentId: agent, ExecutorId: executor, Data: data},
	}
}

// failureEvent tells of the end of an agent, or of an executor on it with its
// wait status.
func failureEvent(agent *mesos.AgentID, executor *mesos.ExecutorID, status *int32) *scheduler.Event {
	return &scheduler.Event{
		Type:    scheduler.Event_FAILURE.Enum(),
		Failure: &scheduler.Event_Failure{AgentId: agent, ExecutorId: executor, Status: status},
	}
}
