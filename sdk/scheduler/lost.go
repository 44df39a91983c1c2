// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"fmt"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"google.golang.org/protobuf/proto"
)

// lose makes a TASK_LOST for each task of a launch that cannot be sent. It is
// told by the loop, since callbacks are serial.
func (d *MesosDriver) lose(call *wire.Call) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lost) >= d.opts.queue {
		return fmt.Errorf("scheduler: %v: %w", call.GetType(), ErrBusy)
	}
	d.addLost(call)
	return nil
}

// addLost needs mu.
func (d *MesosDriver) addLost(call *wire.Call) {
	for _, task := range launched(call) {
		d.lost = append(d.lost, lostStatus(task))
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// loseUnsent does the same for launches that were queued when the conversation
// ended. Other calls are forgotten: an update that was not acknowledged comes
// again, and the rest was never promised.
func (d *MesosDriver) loseUnsent(calls []*wire.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, call := range calls {
		if launches(call) {
			d.addLost(call)
			continue
		}
		d.log.Debug("call dropped: master lost before it was sent", "call", call.GetType())
	}
}

// tellLost delivers what is lost so far.
func (d *MesosDriver) tellLost() {
	d.mu.Lock()
	lost := d.lost
	d.lost = nil
	d.mu.Unlock()
	for _, status := range lost {
		if !d.running() {
			return
		}
		d.scheduler.StatusUpdate(d, status)
	}
}

func lostStatus(task *mesos.TaskInfo) *mesos.TaskStatus {
	status := &mesos.TaskStatus{
		TaskId:    task.GetTaskId(),
		State:     mesos.TaskState_TASK_LOST.Enum(),
		Source:    mesos.TaskStatus_SOURCE_MASTER.Enum(),
		Reason:    mesos.TaskStatus_REASON_MASTER_DISCONNECTED.Enum(),
		Message:   proto.String("Master disconnected: the task was not launched"),
		AgentId:   task.GetAgentId(),
		Timestamp: proto.Float64(float64(time.Now().UnixMicro()) / 1e6),
	}
	if e := task.GetExecutor(); e != nil {
		status.ExecutorId = e.GetExecutorId()
	}
	return status
}

func launches(call *wire.Call) bool { return len(launched(call)) > 0 }

// launched returns the tasks that call launches, alone or in groups.
func launched(call *wire.Call) []*mesos.TaskInfo {
	var tasks []*mesos.TaskInfo
	for _, op := range call.GetAccept().GetOperations() {
		tasks = append(tasks, op.GetLaunch().GetTaskInfos()...)
		tasks = append(tasks, op.GetLaunchGroup().GetTaskGroup().GetTasks()...)
	}
	return tasks
}
