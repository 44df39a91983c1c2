// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// run carries out one operation; field is where it is in the call.
func (l *launch) run(field string, op *mesos.Offer_Operation) {
	switch op.GetType() {
	case mesos.Offer_Operation_LAUNCH:
		for i, t := range op.GetLaunch().GetTaskInfos() {
			l.launchTask(fmt.Sprintf("%s.launch.task_infos[%d]", field, i), t, op.GetId())
		}
	case mesos.Offer_Operation_LAUNCH_GROUP, mesos.Offer_Operation_UNKNOWN:
		l.unsupported(field, op)
	default:
		l.convert(field, op)
	}
}

// unsupported answers an operation that this version cannot carry out.
func (l *launch) unsupported(field string, op *mesos.Offer_Operation) {
	message := fmt.Sprintf("%s.type %v: this operation is not supported by this master version", field, op.GetType())
	reason := mesos.TaskStatus_REASON_TASK_INVALID
	if op.GetType() == mesos.Offer_Operation_LAUNCH_GROUP {
		reason = mesos.TaskStatus_REASON_TASK_GROUP_INVALID
	}
	tasks := tasksOf(op)
	for _, t := range tasks {
		l.refuse(t, reason, message)
	}
	if op.GetId() != nil && len(tasks) == 0 {
		l.core.tellOperation(l.framework, op.GetId(), l.agent.protoID, mesos.OperationState_OPERATION_ERROR, message)
	}
	if len(tasks) == 0 {
		l.count(message)
	}
}

func (l *launch) refuse(t *mesos.TaskInfo, reason mesos.TaskStatus_Reason, message string) {
	l.core.tell(l.framework, taskStatus{
		task: TaskID(t.GetTaskId().GetValue()), agent: t.GetAgentId(),
		state: mesos.TaskState_TASK_ERROR, reason: reason, message: message,
	})
	l.count(message)
}

// order is a task that was found in order.
type order struct {
	task      *mesos.TaskInfo
	resources resource.Resources
	executor  *executor // nil for a command task
	fresh     bool      // the executor is not on the agent yet
}

// launchTask launches one task, or answers what is wrong with it.
func (l *launch) launchTask(field string, t *mesos.TaskInfo, op *mesos.OperationID) {
	if op != nil {
		l.refuse(t, mesos.TaskStatus_REASON_TASK_INVALID,
			fmt.Sprintf("%s: id %q of its operation: must be unset, a LAUNCH has no operation id", field, op.GetValue()))
		return
	}
	o, err := l.check(field, t)
	if err != nil {
		l.refuse(t, mesos.TaskStatus_REASON_TASK_INVALID, err.Error())
		return
	}
	l.place(o)
}

// place enters a task, and its executor if that is new, into the books, and
// sends it to the agent.
func (l *launch) place(o *order) {
	c := l.core
	if len(o.resources.Volumes()) > 0 { // as they were offered, not as this task sees them
		o.resources = l.pool.Common(o.resources)
	}
	l.pool = c.less(l.pool, o.resources)
	t := &task{
		id:        TaskID(o.task.GetTaskId().GetValue()),
		framework: l.framework,
		agent:     l.agent,
		role:      l.role,
		resources: o.resources,
		state:     mesos.TaskState_TASK_STAGING,
		status:    mesos.TaskState_TASK_STAGING,
	}
	if o.executor != nil {
		t.executor = o.executor.id
		if o.fresh {
			l.pool = c.less(l.pool, o.executor.resources)
			c.addExecutor(o.executor)
			c.alloc.Commit(o.executor.piece())
		}
	}
	t.describe(o.task.GetName(), o.task.GetLabels(), o.task.GetDiscovery())
	c.addTask(t)
	c.alloc.Commit(t.piece())
	l.complete(o)
	c.toAgent(l.agent, &link.FromMaster{Message: &link.FromMaster_Run{
		Run: &link.Run{
			Framework: l.framework.info, Task: o.task,
			LaunchExecutor: new(o.executor == nil || o.fresh), ResourceVersion: l.agent.resourceVersion,
		},
	}})
	l.launched++
}

// complete writes into the task what the agent is to know beside it: the role
// that its resources are allocated to, and the framework of its executor.
func (l *launch) complete(o *order) {
	l.allocate(o.task.GetResources())
	if e := o.task.GetExecutor(); e != nil {
		l.allocate(e.GetResources())
		e.FrameworkId = l.framework.protoID
	}
}

func (l *launch) allocate(list []*mesos.Resource) {
	for _, r := range list {
		if r.AllocationInfo == nil {
			r.AllocationInfo = &mesos.Resource_AllocationInfo{Role: new(l.role)}
		}
	}
}
