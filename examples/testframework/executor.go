// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/executor"
)

// testExecutor runs each task right in LaunchTask.
type testExecutor struct {
	executor.Callbacks
	host string
}

// Registered remembers where the executor runs.
func (e *testExecutor) Registered(_ executor.Driver, info *mesos.ExecutorInfo, _ *mesos.FrameworkInfo, agent *mesos.AgentInfo) {
	e.host = agent.GetHostname()
	fmt.Printf("registered on %s, told %q by the scheduler\n", e.host, info.GetData())
}

// LaunchTask tells that the task runs, reports to the scheduler, and tells that
// it has finished.
func (e *testExecutor) LaunchTask(d executor.Driver, task *mesos.TaskInfo) {
	id := task.GetTaskId().GetValue()
	fmt.Printf("running task %s\n", id)
	update(d, task, mesos.TaskState_TASK_RUNNING)
	report := fmt.Sprintf("%s: %s says hello from %s", id, task.GetName(), e.host)
	if _, err := d.SendFrameworkMessage([]byte(report)); err != nil {
		fmt.Println(err)
	}
	update(d, task, mesos.TaskState_TASK_FINISHED)
}

func update(d executor.Driver, task *mesos.TaskInfo, state mesos.TaskState) {
	status := &mesos.TaskStatus{TaskId: task.GetTaskId(), State: state.Enum()}
	if _, err := d.SendStatusUpdate(status); err != nil {
		fmt.Println(err)
	}
}
