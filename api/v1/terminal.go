// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos

// Terminal tells whether a task in this state has ended for good: no update
// with another state follows. A task that is unreachable or unknown may come
// back.
func Terminal(s TaskState) bool {
	switch s {
	case TaskState_TASK_FINISHED, TaskState_TASK_FAILED, TaskState_TASK_KILLED,
		TaskState_TASK_ERROR, TaskState_TASK_LOST, TaskState_TASK_DROPPED,
		TaskState_TASK_GONE, TaskState_TASK_GONE_BY_OPERATOR:
		return true
	}
	return false
}
