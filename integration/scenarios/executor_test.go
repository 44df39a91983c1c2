// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"os"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/executor"
)

// The ways in which our custom executor can act.
const (
	actIdle   = "idle"   // tasks run until they are killed, or told by a message to finish
	actSilent = "silent" // never registers
	actTwice  = "twice"  // a second driver registers as the same executor
)

// runExecutor is the custom executor; it returns its exit status.
func runExecutor(role string) int {
	if role == actSilent {
		time.Sleep(time.Hour)
		return 0
	}
	if role == actTwice {
		first := announcer{registered: make(chan struct{})}
		if _, err := executor.NewDriver(first, executor.WithExit(func(int) {})).Start(); err != nil {
			fmt.Fprintln(os.Stderr, "first driver:", err)
			return 1
		}
		<-first.registered
	}
	status, err := executor.NewDriver(idler{}).Run()
	if err != nil || status != mesos.Status_DRIVER_STOPPED {
		fmt.Fprintln(os.Stderr, "driver:", status, err)
		return 1
	}
	return 0
}

// announcer is an idler that tells when it is registered.
type announcer struct {
	idler
	registered chan struct{}
}

// Registered tells.
func (a announcer) Registered(executor.Driver, *mesos.ExecutorInfo, *mesos.FrameworkInfo, *mesos.AgentInfo) {
	close(a.registered)
}

// idler runs tasks until it is told otherwise: by a kill, or by a framework
// message "finish TASK". It echoes every message.
type idler struct{ executor.Callbacks }

// LaunchTask reports the task as running.
func (idler) LaunchTask(d executor.Driver, task *mesos.TaskInfo) {
	tell(d, task.GetTaskId(), mesos.TaskState_TASK_RUNNING)
}

// KillTask reports the task as killed.
func (idler) KillTask(d executor.Driver, task *mesos.TaskID) {
	tell(d, task, mesos.TaskState_TASK_KILLED)
}

// FrameworkMessage echoes the message and does what it says.
func (idler) FrameworkMessage(d executor.Driver, data []byte) {
	var id string
	if n, _ := fmt.Sscanf(string(data), "finish %s", &id); n == 1 {
		tell(d, &mesos.TaskID{Value: &id}, mesos.TaskState_TASK_FINISHED)
	}
	if _, err := d.SendFrameworkMessage(data); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
	}
}

// Shutdown ends the executor, and with it all of its tasks.
func (idler) Shutdown(d executor.Driver) { d.Stop() }

func tell(d executor.Driver, task *mesos.TaskID, state mesos.TaskState) {
	if _, err := d.SendStatusUpdate(&mesos.TaskStatus{TaskId: task, State: state.Enum()}); err != nil {
		fmt.Fprintln(os.Stderr, "status update:", err)
	}
}
