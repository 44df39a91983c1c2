// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"syscall"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/executor/command"
	"google.golang.org/protobuf/proto"
)

// The exit status is read back from the words of the command executor, so the
// two must agree for every way to end.
func TestOutcomeOfACommand(t *testing.T) {
	for code := 1; code < 256; code++ {
		status := &mesos.TaskStatus{
			State:   mesos.TaskState_TASK_FAILED.Enum(),
			Message: proto.String("command " + command.Words(syscall.WaitStatus(code<<8))),
		}
		if got := outcome(status); got != code {
			t.Errorf("%s: outcome %d, want %d", status.GetMessage(), got, code)
		}
	}
	for signal := 1; signal < 65; signal++ {
		for _, dumped := range []int{0, 0x80} {
			status := &mesos.TaskStatus{
				State:   mesos.TaskState_TASK_FAILED.Enum(),
				Message: proto.String("command " + command.Words(syscall.WaitStatus(signal|dumped))),
			}
			if got := outcome(status); got != 128+signal {
				t.Errorf("%s: outcome %d, want %d", status.GetMessage(), got, 128+signal)
			}
		}
	}
}

func TestOutcome(t *testing.T) {
	tests := []struct {
		state  mesos.TaskState
		reason *mesos.TaskStatus_Reason
		want   int
	}{
		{mesos.TaskState_TASK_FINISHED, nil, 0},
		{mesos.TaskState_TASK_KILLED, nil, exitKilled},
		{mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID.Enum(), exitNoLaunch},
		{mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED.Enum(), exitLost},
		{mesos.TaskState_TASK_GONE, nil, exitLost},
		{mesos.TaskState_TASK_FAILED, nil, exitFailed},
		{mesos.TaskState_TASK_FAILED, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED.Enum(), exitLost},
		{mesos.TaskState_TASK_FAILED, mesos.TaskStatus_REASON_CONTAINER_LIMITATION_MEMORY.Enum(), exitLimit},
		{mesos.TaskState_TASK_FAILED, mesos.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED.Enum(), exitLimit},
		{mesos.TaskState_TASK_FAILED, mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED.Enum(), exitNoLaunch},
	}
	for _, tt := range tests {
		status := &mesos.TaskStatus{State: tt.state.Enum(), Reason: tt.reason}
		if got := outcome(status); got != tt.want {
			t.Errorf("outcome of %v = %d, want %d", status, got, tt.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, status := range map[string]*mesos.TaskStatus{
		"running": {State: mesos.TaskState_TASK_RUNNING.Enum()},
		"failed (container limitation memory): used 65 MB of 64 MB": {
			State:   mesos.TaskState_TASK_FAILED.Enum(),
			Reason:  mesos.TaskStatus_REASON_CONTAINER_LIMITATION_MEMORY.Enum(),
			Message: proto.String("used 65 MB of 64 MB"),
		},
		"gone by operator": {State: mesos.TaskState_TASK_GONE_BY_OPERATOR.Enum()},
	} {
		if got := describe(status); got != want {
			t.Errorf("describe = %q, want %q", got, want)
		}
	}
}
