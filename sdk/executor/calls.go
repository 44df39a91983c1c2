// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/protobuf/proto"
)

// SendStatusUpdate implements Driver. The status is copied: the caller may
// change its own afterwards.
func (d *MesosDriver) SendStatusUpdate(status *mesos.TaskStatus) (mesos.Status, error) {
	if s := d.state(); s != mesos.Status_DRIVER_RUNNING {
		return s, nil
	}
	call := d.call(wire.Call_UPDATE)
	call.Update = &wire.Call_Update{Status: d.complete(status)}
	if err := check(call); err != nil {
		return d.state(), err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status, d.keep(call)
}

// keep queues an update and notes it until it is acknowledged; it needs mu, so
// that no update falls between a subscription and the queue's opening.
func (d *MesosDriver) keep(call *wire.Call) error {
	if d.status != mesos.Status_DRIVER_RUNNING {
		return nil
	}
	busy := d.ledger.full()
	err := error(nil)
	if !busy {
		err = d.out.Put(call)
		busy = errors.Is(err, session.ErrFull)
	}
	if busy {
		return fmt.Errorf("executor: update of task %q: %w", call.GetUpdate().GetStatus().GetTaskId().GetValue(), ErrBusy)
	}
	d.ledger.add(call.GetUpdate(), err == nil)
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return nil
}

// complete fills what the driver owes to a status.
func (d *MesosDriver) complete(status *mesos.TaskStatus) *mesos.TaskStatus {
	s := proto.CloneOf(status)
	if s == nil {
		s = &mesos.TaskStatus{}
	}
	uuid := make([]byte, 16)
	_, _ = rand.Read(uuid) // never fails: crypto/rand ends the process instead
	s.Uuid = uuid
	s.Source = mesos.TaskStatus_SOURCE_EXECUTOR.Enum()
	s.ExecutorId = &mesos.ExecutorID{Value: proto.String(d.config.ExecutorID)}
	if s.Timestamp == nil {
		s.Timestamp = proto.Float64(float64(time.Now().UnixMicro()) / 1e6)
	}
	return s
}

// SendFrameworkMessage implements Driver. data is copied.
func (d *MesosDriver) SendFrameworkMessage(data []byte) (mesos.Status, error) {
	if s := d.state(); s != mesos.Status_DRIVER_RUNNING {
		return s, nil
	}
	call := d.call(wire.Call_MESSAGE)
	call.Message = &wire.Call_Message{Data: append([]byte{}, data...)}
	if err := check(call); err != nil {
		return d.state(), err
	}
	err := d.out.Put(call)
	switch {
	case errors.Is(err, session.ErrClosed):
		err = fmt.Errorf("executor: message: %w", ErrDisconnected)
	case errors.Is(err, session.ErrFull):
		err = fmt.Errorf("executor: message: %w", ErrBusy)
	}
	return d.state(), err
}

// call returns a call of type t with who is calling.
func (d *MesosDriver) call(t wire.Call_Type) *wire.Call {
	return &wire.Call{
		Type:        t.Enum(),
		ExecutorId:  &mesos.ExecutorID{Value: proto.String(d.config.ExecutorID)},
		FrameworkId: &mesos.FrameworkID{Value: proto.String(d.config.FrameworkID)},
	}
}

// check finds calls that the agent would refuse.
func check(call *wire.Call) error {
	if err := wire.Validate(call); err != nil {
		return fmt.Errorf("executor: %w", err)
	}
	if size := proto.Size(call); size > maxCall {
		return fmt.Errorf("executor: %v: has %d bytes: must have at most %d: pass large data by a file or a server", call.GetType(), size, maxCall)
	}
	return nil
}
