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
	case mesos.Offer_Operation_LAUNCH_GROUP:
		l.launchGroup(field+".launch_group", op)
	case mesos.Offer_Operation_UNKNOWN:
		l.unknown(field, op)
	default:
		l.convert(field, op)
	}
}

// unknown answers an operation of no type that this version knows.
func (l *launch) unknown(field string, op *mesos.Offer_Operation) {
	message := fmt.Sprintf("%s.type %v: this operation is not supported by this master version", field, op.GetType())
	tasks := tasksOf(op)
	for _, t := range tasks {
		l.refuse(t, mesos.TaskStatus_REASON_TASK_INVALID, message)
	}
	if len(tasks) == 0 {
		l.core.tellOperation(l.framework, op.GetId(), l.agent.protoID, mesos.OperationState_OPERATION_ERROR, message)
		l.count(message)
	}
}

// refuse answers a task that is not launched.
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
			fmt.Sprintf("%s: id %q of its operation: must be unset, a LAUNCH has no operation id", field, brief(op.GetValue())))
		return
	}
	if err := l.core.mayRun(l.framework, t, t.GetExecutor()); err != nil {
		l.refuse(t, mesos.TaskStatus_REASON_TASK_UNAUTHORIZED, unauthorized(field, err))
		return
	}
	o, err := l.check(field, t)
	if err != nil {
		l.refuse(t, mesos.TaskStatus_REASON_TASK_INVALID, err.Error())
		return
	}
	if o.fresh {
		l.placeExecutor(o.executor)
	}
	l.place(o)
	l.complete(t, t.GetExecutor())
	l.core.toAgent(l.agent, &link.FromMaster{Message: &link.FromMaster_Run{
		Run: &link.Run{
			Framework: l.framework.info, Task: t,
			LaunchExecutor: new(o.executor == nil || o.fresh), ResourceVersion: l.agent.resourceVersion,
		},
	}})
}

func unauthorized(field string, err error) string {
	return fmt.Sprintf("%s: not authorized: %s", field, brief(err.Error()))
}

// place enters a task into the books.
func (l *launch) place(o *order) {
	c := l.core
	o.resources = l.take(o.resources)
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
	}
	t.describe(o.task.GetName(), o.task.GetLabels(), o.task.GetDiscovery())
	c.addTask(t)
	c.alloc.Commit(t.piece())
	l.launched++
}

// placeExecutor enters a new executor into the books. One with hardly anything is
// wrong in a group; for a single task it is the framework's risk.
func (l *launch) placeExecutor(e *executor) {
	if e.resources.CPUs() < minExecutorCPUs || e.resources.Mem() < minExecutorMem {
		l.core.note(Note{
			Level: Info, Event: "executor with hardly any cpus or mem", Framework: l.framework.id, Agent: l.agent.id, Executor: e.id,
			Detail: brief(e.resources.String()),
		})
	}
	e.resources = l.take(e.resources)
	l.core.addExecutor(e)
	l.core.alloc.Commit(e.piece())
}

// take takes resources from the pool, and returns them as they were offered:
// where a task sees a volume is no matter of the books.
func (l *launch) take(r resource.Resources) resource.Resources {
	if len(r.Volumes()) > 0 {
		r = l.pool.Common(r)
	}
	l.pool = l.core.less(l.pool, r)
	return r
}

// complete writes into a task and its executor what the agent is to know beside
// them: the role that resources are allocated to, and the framework.
func (l *launch) complete(t *mesos.TaskInfo, e *mesos.ExecutorInfo) {
	l.allocate(t.GetResources())
	if e != nil {
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
