// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"syscall"

	mesos "github.com/tepui/tepui/api/v1"
)

// Effect is something to be done for the task. Effects of one call are to be
// carried out in order.
type Effect interface{ effect() }

// Update is a status of the task, to be sent to its framework.
type Update struct {
	State   mesos.TaskState
	Message string                   // for people; empty when there is nothing to add
	Reason  *mesos.TaskStatus_Reason // nil when the state says it all
}

// Signal is to be sent to the command's process group.
type Signal struct{ Sig syscall.Signal }

// Destroy is the whole container's end: every process in it is killed.
type Destroy struct{}

func (Update) effect()  {}
func (Signal) effect()  {}
func (Destroy) effect() {}
