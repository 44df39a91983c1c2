// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
)

// The exit status of "tepui run" where the command has none to pass through.
// They are above those that commands mostly use, and below 128, from which on
// shells count signals.
const (
	exitLost      = 120 // lost with its executor or agent, or out of reach with the master
	exitNoLaunch  = 121 // was never started: bad request, fetch or start failed
	exitLimit     = 122 // ended for breaking a limit, such as its memory
	exitKilled    = 123 // killed by someone else
	exitTimeout   = 124 // --timeout, as timeout(1) has it
	exitNoCluster = 125 // no master, or it refused the framework
	exitSignal    = 128 // plus the signal's number
)

// outcome turns the last status of a task into an exit status.
func outcome(status *mesos.TaskStatus) int {
	switch status.GetState() {
	case mesos.TaskState_TASK_FINISHED:
		return exitDone
	case mesos.TaskState_TASK_KILLED:
		return exitKilled
	case mesos.TaskState_TASK_ERROR:
		return exitNoLaunch
	case mesos.TaskState_TASK_FAILED:
		return failure(status)
	}
	return exitLost
}

// failure tells failures apart, by the reason and by the agent's words for how
// the command ended.
func failure(status *mesos.TaskStatus) int {
	reason := status.GetReason()
	switch {
	case status.Reason == nil: // of a command that ended by itself
	case strings.HasPrefix(reason.String(), "REASON_CONTAINER_LIMITATION"),
		reason == mesos.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED:
		return exitLimit
	case reason == mesos.TaskStatus_REASON_COMMAND_EXECUTOR_FAILED:
	case reason == mesos.TaskStatus_REASON_EXECUTOR_TERMINATED:
		return exitLost
	default:
		return exitNoLaunch
	}
	exited := regexp.MustCompile(`exited with status ([0-9]{1,3})\b`)
	if m := exited.FindStringSubmatch(status.GetMessage()); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits
		return n
	}
	signalled := regexp.MustCompile(`terminated by signal (?:\w+ \()?([0-9]{1,2})\b`)
	if m := signalled.FindStringSubmatch(status.GetMessage()); m != nil {
		n, _ := strconv.Atoi(m[1]) // digits
		return exitSignal + n
	}
	return exitFailed
}

// describe writes a status for a person: running, failed (container limitation
// memory): used 65 of 64 MB.
func describe(status *mesos.TaskStatus) string {
	text := lower(status.GetState().String(), "TASK_")
	if status.Reason != nil {
		text += fmt.Sprintf(" (%s)", lower(status.GetReason().String(), "REASON_"))
	}
	if status.GetMessage() != "" {
		text += ": " + status.GetMessage()
	}
	return text
}

// lower makes REASON_TASK_INVALID into "task invalid".
func lower(name, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", " "))
}
