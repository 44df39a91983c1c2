// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/executor"
)

// executorCommand makes this program the executor of its own benchmark.
const executorCommand = "executor"

// runFinisher is an executor whose tasks are finished as soon as they run.
func runFinisher() error {
	_, err := executor.NewDriver(quick{}).Run()
	return err
}

type quick struct{ executor.Callbacks }

// LaunchTask reports the task as running, then as finished.
func (quick) LaunchTask(d executor.Driver, task *mesos.TaskInfo) {
	for _, state := range []mesos.TaskState{mesos.TaskState_TASK_RUNNING, mesos.TaskState_TASK_FINISHED} {
		if _, err := d.SendStatusUpdate(&mesos.TaskStatus{TaskId: task.GetTaskId(), State: state.Enum()}); err != nil {
			return // the driver has ended, and with it this executor
		}
	}
}
