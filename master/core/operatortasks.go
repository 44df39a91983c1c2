// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
)

func (c *Core) getTasks() *master.Response {
	return &master.Response{Type: master.Response_GET_TASKS.Enum(), GetTasks: c.tasksAnswer()}
}

// tasksAnswer returns the tasks of each framework, in the order of launch or of
// their end.
func (c *Core) tasksAnswer() *master.Response_GetTasks {
	answer := &master.Response_GetTasks{}
	completed := func(f *framework) {
		for t := range f.history.all() {
			answer.CompletedTasks = append(answer.CompletedTasks, t.proto(f))
		}
	}
	for _, f := range c.history {
		completed(f)
	}
	for _, f := range sortedFrameworks(c.frameworks) {
		for _, t := range sortedTasks(f.tasks) {
			answer.Tasks = append(answer.Tasks, t.proto())
		}
		for t := range f.unreachable.all() {
			m := t.proto()
			m.State = f.lostState(mesos.TaskState_TASK_UNREACHABLE).Enum()
			answer.UnreachableTasks = append(answer.UnreachableTasks, m)
		}
		if !f.ending { // that are in the history
			completed(f)
		}
	}
	return answer
}

func (c *Core) getOperations() *master.Response {
	answer := &master.Response_GetOperations{}
	for _, a := range sortedAgents(c.agents) {
		for _, o := range sortedOperations(a.operations) {
			answer.Operations = append(answer.Operations, o.proto())
		}
	}
	return &master.Response{Type: master.Response_GET_OPERATIONS.Enum(), GetOperations: answer}
}

func (c *Core) getState() *master.Response {
	return &master.Response{
		Type: master.Response_GET_STATE.Enum(),
		GetState: &master.Response_GetState{
			GetTasks: c.tasksAnswer(), GetExecutors: c.executorsAnswer(),
			GetFrameworks: c.frameworksAnswer(), GetAgents: c.viewAgents(),
		},
	}
}
