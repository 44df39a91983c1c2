// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// exitUnknown is the wait status of an executor of which nobody knows how it
// ended.
const exitUnknown = int32(-1)

// adopt enters what a registered agent brings into the books, and settles what
// the master knew and the agent does not.
func (c *Core) adopt(a *agent, r *registration) {
	before := make(map[taskKey]*task, len(r.before))
	for _, t := range r.before {
		before[t.key()] = t
	}
	for _, t := range r.away {
		before[t.key()] = t
	}
	beforeExecutors := make(map[executorKey]*executor, len(r.beforeExecutors))
	for _, e := range r.beforeExecutors {
		beforeExecutors[e.key()] = e
	}
	for _, e := range r.executors {
		c.adoptExecutor(a, r, e, beforeExecutors[e.key()])
	}
	for _, t := range r.tasks {
		m := t.task
		if mesos.Terminal(m.GetStatusUpdateState()) && c.wasAcknowledged(a, t.key(), t.container(), m.GetStatusUpdateUuid()) {
			// It is over, only the acknowledgement did not reach the agent.
			c.toAgent(a, acknowledgement(m.GetFrameworkId(), m.GetTaskId(), m.GetStatusUpdateUuid()))
			continue
		}
		c.adoptTask(a, r, t, before[t.key()])
	}
	c.adoptOperations(a, r)
	c.correct(a, r)
	for _, id := range r.mentioned() {
		if f := c.frameworks[id]; f != nil && f.ending {
			c.toAgent(a, shutdownFramework(f))
		}
	}
	c.settle(a, r)
}

// adoptFramework returns a framework that an agent lists: one that is known, one
// that is recovered because its scheduler has not come to this master yet, or
// one that is ending because it is over and the agent missed that.
func (c *Core) adoptFramework(r *registration, id FrameworkID) *framework {
	if f := c.frameworks[id]; f != nil {
		return f
	}
	f := c.addFramework(id, profile{info: r.frameworks[id]})
	f.recovered, f.ending = true, c.completed.has(id)
	if !f.ending {
		c.rememberFramework(f)
		c.awaitReturn(f, max(f.failoverTimeout(), c.cfg.AgentReregisterTimeout))
	}
	c.note(Note{Level: Info, Event: "framework recovered", Framework: id, Agent: r.id})
	return f
}

func (c *Core) adoptExecutor(a *agent, r *registration, m registeredExecutor, before *executor) {
	f := c.adoptFramework(r, m.framework)
	e := &executor{
		id:        ExecutorID(m.info.GetExecutorId().GetValue()),
		framework: f,
		agent:     a,
		info:      m.info,
		role:      roleOf(m.info.GetResources(), f),
		resources: m.resources,
	}
	if before != nil {
		e.role = before.role
	}
	c.addExecutor(e)
	c.alloc.Charge(e.piece())
}

func (c *Core) adoptTask(a *agent, r *registration, m registeredTask, before *task) {
	f := c.adoptFramework(r, m.framework)
	t := &task{
		id:        TaskID(m.task.GetTaskId().GetValue()),
		framework: f,
		agent:     a,
		executor:  ExecutorID(m.task.GetExecutorId().GetValue()),
		role:      roleOf(m.task.GetResources(), f),
		resources: m.resources,
		state:     m.task.GetState(),
		status:    m.task.GetStatusUpdateState(),
		uuid:      m.task.GetStatusUpdateUuid(),
		container: m.container(),
	}
	if m.task.StatusUpdateState == nil {
		t.status = mesos.TaskState_TASK_STAGING
	}
	if before != nil {
		t.role, t.kill = before.role, before.kill
	}
	t.shadow = f.tasks[t.id] != nil || before != nil && before.shadow
	t.describe(m.task.GetName(), m.task.GetLabels(), m.task.GetDiscovery())
	c.addTask(t)
	c.alloc.Charge(t.piece())
	if r.returns {
		c.tellReturned(t)
	}
	if t.shadow {
		t.kill = &link.Kill{FrameworkId: f.protoID, TaskId: m.task.GetTaskId()}
		c.note(Note{Level: Warn, Event: "task id runs twice", Framework: f.id, Agent: a.id, Task: t.id})
	}
	c.sendKill(t)
}

// tellReturned tells the framework of a task whose agent was unreachable that it
// is there after all, once, and not to be acknowledged.
func (c *Core) tellReturned(t *task) {
	if t.shadow || t.framework.ending {
		return
	}
	c.tell(t.framework, taskStatus{
		task: t.id, agent: t.agent.protoID, executor: t.executor, state: t.state,
		reason:  mesos.TaskStatus_REASON_AGENT_REREGISTERED,
		message: "agent " + t.agent.info.GetHostname() + " was unreachable and came back",
	})
}

// settle tells frameworks of tasks and executors that the agent no longer has,
// and agents of frameworks that are over.
func (c *Core) settle(a *agent, r *registration) {
	l := loss{
		precise: mesos.TaskState_TASK_DROPPED, reason: mesos.TaskStatus_REASON_RECONCILIATION,
		message: "the agent came back without this task",
	}
	for _, t := range r.before {
		if a.tasks[t.key()] == nil {
			c.completeTask(t, c.tellLost(t, l))
		}
		c.forgetIfEmpty(t.framework)
	}
	for _, t := range r.away {
		if a.tasks[t.key()] == nil {
			c.loseOne(t, l)
		}
	}
	c.settleOperations(a, r)
	for _, e := range r.beforeExecutors {
		f := e.framework
		if a.executors[e.key()] == nil && !f.ending {
			status, known := r.exited[e.key()]
			if !known {
				status = exitUnknown
			}
			c.toFramework(f, failureEvent(a.protoID, e.info.ExecutorId, &status))
		}
		c.forgetIfEmpty(f)
	}
}

// defaultRole is the role of what nobody knows a role of.
const defaultRole = "*"

// roleOf returns the role that resources were offered in. An agent may not know
// it: then it is the framework's first, if it has any now.
func roleOf(list []*mesos.Resource, f *framework) string {
	for _, r := range list {
		if role := r.GetAllocationInfo().GetRole(); role != "" {
			return role
		}
	}
	if len(f.roles) == 0 {
		return defaultRole
	}
	return f.roles[0]
}
