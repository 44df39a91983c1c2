// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import mesos "github.com/tepui/tepui/api/v1"

// Action is what somebody wants to do.
type Action string

// Actions that an Authorizer is asked about.
const (
	// ActionRunTask is to run a task: AuthorizationRequest has Framework and Task.
	ActionRunTask Action = "RUN_TASK"
)

// AuthorizationRequest asks whether somebody may do something. Its messages are
// to be read only.
type AuthorizationRequest struct {
	Action    Action
	Principal string // who asks; empty if nobody was asked to say so
	Framework *mesos.FrameworkInfo
	Task      *mesos.TaskInfo
	Executor  *mesos.ExecutorInfo // the one that is to run the task; nil for a command task
}

// Authorizer decides who may do what. It is pure, as the core that asks it.
type Authorizer interface {
	// Authorize returns nil if the request is allowed, otherwise why it is not.
	Authorize(r AuthorizationRequest) error
}

// mayRun asks whether a framework may run a task.
func (c *Core) mayRun(f *framework, t *mesos.TaskInfo, e *mesos.ExecutorInfo) error {
	if c.cfg.Authorizer == nil {
		return nil
	}
	return c.cfg.Authorizer.Authorize(AuthorizationRequest{
		Action: ActionRunTask, Principal: f.info.GetPrincipal(), Framework: f.info, Task: t, Executor: e,
	})
}
