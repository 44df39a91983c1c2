// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// phase is how far a task is on its way.
type phase uint8

const (
	queued    phase = iota // not given to its executor yet
	delivered              // the executor has it
	ended                  // its terminal update is in the stream
)

// task is one task of a framework, from its Run until its terminal update is
// acknowledged.
type task struct {
	id        TaskID
	order     uint64 // of arrival, over all tasks of the agent
	info      *mesos.TaskInfo
	resources resource.Resources
	framework *framework
	executor  *execution // nil only for a task that ended before it had one
	group     []*task    // those that start with it, itself too; nil for a task by itself, and once it is delivered

	mounts  []Mount // where it sees its persistent volumes
	mounted bool    // the container was asked for them

	phase   phase
	latest  mesos.TaskState // as of the newest update, acknowledged or not
	killed  bool            // a kill is to be repeated if the executor comes back
	policy  *mesos.KillPolicy
	updates stream
}

func (t *task) holder() Holder { return Holder{t.framework.id, t.id} }

// isCommand tells whether the task is one command, without an executor of its
// framework's.
func (t *task) isCommand() bool { return t.info.GetExecutor() == nil }

// remains are what of a task's info is still of use when it has ended: a task
// may wait long for its last acknowledgement.
func remains(info *mesos.TaskInfo) *mesos.TaskInfo {
	r := &mesos.TaskInfo{Name: info.Name, TaskId: info.TaskId, AgentId: info.AgentId, Resources: info.Resources}
	if e := info.Executor; e != nil {
		r.Executor = &mesos.ExecutorInfo{ExecutorId: e.ExecutorId}
	}
	return r
}

// proto describes the task for a master that may know nothing of it.
func (t *task) proto(agent string) *mesos.Task {
	p := &mesos.Task{
		Name:        t.info.Name,
		TaskId:      t.info.GetTaskId(),
		FrameworkId: t.framework.info.GetId(),
		AgentId:     &mesos.AgentID{Value: &agent},
		State:       t.latest.Enum(),
		Resources:   t.info.GetResources(),
		Labels:      t.info.GetLabels(),
		Discovery:   t.info.GetDiscovery(),
		Container:   t.info.GetContainer(),
		HealthCheck: t.info.GetHealthCheck(),
		KillPolicy:  t.info.GetKillPolicy(),
		Limits:      t.info.GetLimits(),
	}
	if !t.isCommand() {
		p.ExecutorId = t.info.GetExecutor().GetExecutorId()
	}
	if s := t.updates.reported(); s != nil {
		p.StatusUpdateState = s.State
		p.StatusUpdateUuid = s.Uuid
		p.Statuses = []*mesos.TaskStatus{{TaskId: s.TaskId, State: s.State, ContainerStatus: s.ContainerStatus}}
	}
	if t.executor != nil {
		p.User = &t.executor.launch.User
	}
	return p
}
