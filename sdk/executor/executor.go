// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import mesos "github.com/tepui/tepui/api/v1"

// Executor is what a framework author writes; the driver calls it, one method at
// a time. (Guide, "Executor API".) Its eight methods are the guide's. Only
// LaunchTask has to do something: embed Callbacks for the rest. The messages
// belong to the callee.
type Executor interface {
	// Registered is called once the driver has connected with its agent.
	// executor.data is what the scheduler wanted to tell its executors. (Guide:
	// registered.)
	Registered(d Driver, executor *mesos.ExecutorInfo, framework *mesos.FrameworkInfo, agent *mesos.AgentInfo)

	// Reregistered is called when the executor is with its agent again, after the
	// agent was restarted. (Guide: reregistered.)
	Reregistered(d Driver, agent *mesos.AgentInfo)

	// Disconnected is called when the agent is lost, say because it is restarted
	// for an upgrade. Tasks run on. Reregistered follows when the framework
	// checkpoints and the agent is back within the recovery timeout, else
	// Shutdown. (Guide: disconnected.)
	Disconnected(d Driver)

	// LaunchTask is called when the scheduler launched a task on this executor. What
	// realizes the task, a goroutine, a process or a computation done right here,
	// is the executor's affair, but no other callback is called until this one has
	// returned. (Guide: launchTask.)
	LaunchTask(d Driver, task *mesos.TaskInfo)

	// KillTask is called when a task of this executor is to be killed. Nothing is
	// reported on the executor's behalf: it sends a status of its own, with
	// TASK_KILLED, through SendStatusUpdate. (Guide: killTask.)
	KillTask(d Driver, task *mesos.TaskID)

	// FrameworkMessage is called when the scheduler sent a message. Messages are
	// best effort: one that is lost is not sent again. (Guide: frameworkMessage.)
	FrameworkMessage(d Driver, data []byte)

	// Shutdown is called when the executor should end all its tasks. Tasks for which
	// it sends no terminal update (TASK_KILLED, TASK_FINISHED, TASK_FAILED, …)
	// become TASK_LOST after its end. It is the last callback. The driver ends
	// when it has returned and every task's end is told and acknowledged, and after
	// the executor's shutdown grace period in any case; a callback that still runs
	// then is ended with its process. (Guide: shutdown.)
	Shutdown(d Driver)

	// Error is called when the executor or its driver cannot go on: the agent refused
	// it, another process took its place, … The driver is aborted BEFORE this is
	// called, and this is the last callback. (Guide: error.)
	Error(d Driver, message string)
}

// Callbacks implements all of Executor but LaunchTask by doing nothing.
type Callbacks struct{}

// Registered does nothing.
func (Callbacks) Registered(Driver, *mesos.ExecutorInfo, *mesos.FrameworkInfo, *mesos.AgentInfo) {}

// Reregistered does nothing.
func (Callbacks) Reregistered(Driver, *mesos.AgentInfo) {}

// Disconnected does nothing.
func (Callbacks) Disconnected(Driver) {}

// KillTask does nothing: the task runs on.
func (Callbacks) KillTask(Driver, *mesos.TaskID) {}

// FrameworkMessage does nothing.
func (Callbacks) FrameworkMessage(Driver, []byte) {}

// Shutdown does nothing: tasks end with the process.
func (Callbacks) Shutdown(Driver) {}

// Error does nothing; the error is also what Join and Run return.
func (Callbacks) Error(Driver, string) {}
