// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"errors"
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/protobuf/proto"
)

// RequestResources implements Driver.
func (d *MesosDriver) RequestResources(requests []*mesos.Request) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:    wire.Call_REQUEST.Enum(),
		Request: &wire.Call_Request{Requests: requests},
	})
}

// LaunchTasks implements Driver.
func (d *MesosDriver) LaunchTasks(offers []*mesos.OfferID, tasks []*mesos.TaskInfo, filters *mesos.Filters) (mesos.Status, error) {
	if len(tasks) == 0 {
		return d.decline(offers, filters)
	}
	return d.AcceptOffers(offers, []*mesos.Offer_Operation{{
		Type:   mesos.Offer_Operation_LAUNCH.Enum(),
		Launch: &mesos.Offer_Operation_Launch{TaskInfos: tasks},
	}}, filters)
}

// AcceptOffers implements Driver.
func (d *MesosDriver) AcceptOffers(offers []*mesos.OfferID, operations []*mesos.Offer_Operation, filters *mesos.Filters) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:   wire.Call_ACCEPT.Enum(),
		Accept: &wire.Call_Accept{OfferIds: offers, Operations: operations, Filters: filters},
	})
}

// DeclineOffer implements Driver.
func (d *MesosDriver) DeclineOffer(offer *mesos.OfferID, filters *mesos.Filters) (mesos.Status, error) {
	return d.decline([]*mesos.OfferID{offer}, filters)
}

func (d *MesosDriver) decline(offers []*mesos.OfferID, filters *mesos.Filters) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:    wire.Call_DECLINE.Enum(),
		Decline: &wire.Call_Decline{OfferIds: offers, Filters: filters},
	})
}

// KillTask implements Driver.
func (d *MesosDriver) KillTask(task *mesos.TaskID) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type: wire.Call_KILL.Enum(),
		Kill: &wire.Call_Kill{TaskId: task},
	})
}

// ReviveOffers implements Driver.
func (d *MesosDriver) ReviveOffers(roles ...string) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:   wire.Call_REVIVE.Enum(),
		Revive: &wire.Call_Revive{Roles: roles},
	})
}

// SuppressOffers implements Driver.
func (d *MesosDriver) SuppressOffers(roles ...string) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:     wire.Call_SUPPRESS.Enum(),
		Suppress: &wire.Call_Suppress{Roles: roles},
	})
}

// SendFrameworkMessage implements Driver.
func (d *MesosDriver) SendFrameworkMessage(executor *mesos.ExecutorID, agent *mesos.AgentID, data []byte) (mesos.Status, error) {
	return d.Send(&wire.Call{
		Type:    wire.Call_MESSAGE.Enum(),
		Message: &wire.Call_Message{AgentId: agent, ExecutorId: executor, Data: data},
	})
}

// ReconcileTasks implements Driver.
func (d *MesosDriver) ReconcileTasks(tasks []*mesos.TaskStatus) (mesos.Status, error) {
	reconcile := &wire.Call_Reconcile{}
	for _, t := range tasks {
		reconcile.Tasks = append(reconcile.Tasks, &wire.Call_Reconcile_Task{
			TaskId:  t.GetTaskId(),
			AgentId: t.GetAgentId(),
		})
	}
	return d.Send(&wire.Call{Type: wire.Call_RECONCILE.Enum(), Reconcile: reconcile})
}

// Send implements Driver. The call is copied: the caller may change its own
// afterwards.
func (d *MesosDriver) Send(call *wire.Call) (mesos.Status, error) {
	switch t := call.GetType(); t {
	case wire.Call_SUBSCRIBE, wire.Call_ACKNOWLEDGE, wire.Call_ACKNOWLEDGE_OPERATION_STATUS:
		return d.state(), fmt.Errorf("scheduler: %v is sent by the driver itself", t)
	case wire.Call_UPDATE_FRAMEWORK:
		return d.state(), fmt.Errorf("scheduler: %v must go through UpdateFramework, so that the driver knows of it", t)
	}
	status, id := d.identity()
	if status != mesos.Status_DRIVER_RUNNING {
		return status, nil
	}
	call = proto.CloneOf(call)
	if call != nil {
		own(call, id)
	}
	if err := check(call); err != nil {
		return status, err
	}
	return d.state(), d.enqueue(call)
}

// check tells what is wrong with a call, if anything is.
func check(call *wire.Call) error {
	if err := wire.Validate(call); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	if size := proto.Size(call); size > maxCall {
		return fmt.Errorf("scheduler: %v: has %d bytes: must have at most %d: make several calls of it", call.GetType(), size, maxCall)
	}
	return nil
}

// enqueue queues call for the master. Launches that cannot be sent are accepted,
// and told as lost.
func (d *MesosDriver) enqueue(call *wire.Call) error {
	err := d.out.Put(call)
	if errors.Is(err, session.ErrClosed) && launches(call) {
		return d.lose(call)
	}
	switch {
	case errors.Is(err, session.ErrClosed):
		err = ErrDisconnected
	case errors.Is(err, session.ErrFull):
		err = ErrBusy
	default:
		return err
	}
	return fmt.Errorf("scheduler: %v: %w", call.GetType(), err)
}

// identity returns the status and the framework's id, nil before the first
// registration.
func (d *MesosDriver) identity() (mesos.Status, *mesos.FrameworkID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status, d.framework.GetId()
}

// own sets the framework's id in a call and in the executors that it launches,
// where Mesos's driver sets it for the author too. Before the first registration
// there is none, and the call is not going to be sent, but its rules are checked
// all the same.
func own(call *wire.Call, id *mesos.FrameworkID) {
	if id == nil {
		id = &mesos.FrameworkID{Value: proto.String("unregistered")}
	}
	call.FrameworkId = id
	for _, op := range call.GetAccept().GetOperations() {
		for _, task := range op.GetLaunch().GetTaskInfos() {
			ownExecutor(task.GetExecutor(), id)
		}
		ownExecutor(op.GetLaunchGroup().GetExecutor(), id)
	}
}

func ownExecutor(e *mesos.ExecutorInfo, id *mesos.FrameworkID) {
	if e != nil && e.FrameworkId == nil {
		e.FrameworkId = id
	}
}
