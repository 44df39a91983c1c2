// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"google.golang.org/protobuf/proto"
)

// handle turns one event of the master into a callback. Events that have none
// (HEARTBEAT, and what the guide does not know) are let by.
func (d *MesosDriver) handle(c *conversation, event *wire.Event) {
	switch event.GetType() {
	case wire.Event_SUBSCRIBED:
		d.subscribed(c, event.GetSubscribed())
	case wire.Event_OFFERS:
		if offers := event.GetOffers().GetOffers(); len(offers) > 0 {
			d.scheduler.ResourceOffers(d, offers)
		}
	case wire.Event_RESCIND:
		d.scheduler.OfferRescinded(d, event.GetRescind().GetOfferId())
	case wire.Event_UPDATE:
		d.update(c, event.GetUpdate().GetStatus())
	case wire.Event_MESSAGE:
		m := event.GetMessage()
		d.scheduler.FrameworkMessage(d, m.GetExecutorId(), m.GetAgentId(), m.GetData())
	case wire.Event_FAILURE:
		d.failure(event.GetFailure())
	case wire.Event_ERROR:
		d.die(event.GetError().GetMessage())
	case wire.Event_UPDATE_OPERATION_STATUS:
		d.operation(c, event.GetUpdateOperationStatus().GetStatus())
	case wire.Event_INVERSE_OFFERS:
		if s, ok := d.scheduler.(InverseOfferScheduler); ok && len(event.GetInverseOffers().GetInverseOffers()) > 0 {
			s.InverseOffers(d, event.GetInverseOffers().GetInverseOffers())
		}
	case wire.Event_RESCIND_INVERSE_OFFER:
		if s, ok := d.scheduler.(InverseOfferScheduler); ok {
			s.InverseOfferRescinded(d, event.GetRescindInverseOffer().GetInverseOfferId())
		}
	default:
		d.log.Debug("event without callback", "event", event.GetType())
	}
}

// subscribed opens the way for calls before it calls back, so that the callback
// can make some.
func (d *MesosDriver) subscribed(c *conversation, event *wire.Event_Subscribed) {
	c.SetIdle(silence(event.GetHeartbeatIntervalSeconds()))
	first := d.adopt(event.GetFrameworkId())
	c.subscribed = true
	d.open(c)
	d.log.Debug("subscribed", "framework_id", event.GetFrameworkId().GetValue(), "master", d.master)
	if first {
		d.scheduler.Registered(d, proto.CloneOf(event.GetFrameworkId()), event.GetMasterInfo())
		return
	}
	d.scheduler.Reregistered(d, event.GetMasterInfo())
}

// adopt remembers the framework's id for the next SUBSCRIBE, and tells whether
// this was the first subscription of the driver's life.
func (d *MesosDriver) adopt(id *mesos.FrameworkID) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.framework.Id = proto.CloneOf(id)
	first = !d.known
	d.known = true
	return first
}

// silence is how long a master that promised heartbeats may say nothing.
func silence(heartbeatSeconds float64) time.Duration {
	const day = 24 * 60 * 60
	if !(heartbeatSeconds > 0 && heartbeatSeconds < day) {
		return 0
	}
	return missedHeartbeats * time.Duration(heartbeatSeconds*float64(time.Second))
}

// update calls back, and acknowledges when the callback has returned: not when
// it panics, nor when the driver was aborted in it.
func (d *MesosDriver) update(c *conversation, status *mesos.TaskStatus) {
	ack := acknowledgement(status)
	d.scheduler.StatusUpdate(d, status)
	if ack == nil || d.isAborted() {
		return
	}
	_, ack.FrameworkId = d.identity()
	if err := d.put(c, ack); err != nil {
		d.log.Debug("update not acknowledged, it will come again", "task_id", ack.GetAcknowledge().GetTaskId().GetValue(), "error", err)
	}
}

// acknowledgement answers a status that asks for it by a uuid; the master's own
// have none. It is made before the callback, which may change the status.
func acknowledgement(status *mesos.TaskStatus) *wire.Call {
	if len(status.GetUuid()) == 0 || status.GetAgentId() == nil {
		return nil
	}
	return &wire.Call{
		Type: wire.Call_ACKNOWLEDGE.Enum(),
		Acknowledge: &wire.Call_Acknowledge{
			AgentId: proto.CloneOf(status.AgentId),
			TaskId:  proto.CloneOf(status.TaskId),
			Uuid:    append([]byte(nil), status.Uuid...),
		},
	}
}

// failure is of an executor, or of a whole agent.
func (d *MesosDriver) failure(event *wire.Event_Failure) {
	if event.GetExecutorId() == nil {
		d.scheduler.SlaveLost(d, event.GetAgentId())
		return
	}
	d.scheduler.ExecutorLost(d, event.GetExecutorId(), event.GetAgentId(), int(event.GetStatus()))
}
