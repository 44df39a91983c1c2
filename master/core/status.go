// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// statusUpdate handles a task's status on its way from the agent to the
// framework. The agent sends it again until it is acknowledged, so that it may
// be dropped here whenever the framework is not there.
func (c *Core) statusUpdate(a *agent, u *link.Update) {
	status := u.GetStatus()
	f := c.frameworks[FrameworkID(u.GetFrameworkId().GetValue())]
	if f == nil {
		// Of a framework that is long gone: nobody else will ever answer.
		c.acknowledgeUpdate(a, u)
		return
	}
	key := taskKey{f.id, TaskID(status.GetTaskId().GetValue())}
	if c.wasAcknowledged(a, key, containerOf(status), status.GetUuid()) {
		// The acknowledgement is on its way, or was lost. By now the id may
		// be that of another task, which this is not about.
		c.acknowledgeUpdate(a, u)
		return
	}
	t := a.tasks[key]
	if t != nil {
		c.updateTask(t, u)
	}
	if f.ending || t != nil && t.shadow {
		c.swallow(a, f, t, u)
		return
	}
	c.toFramework(f, updateEvent(status))
}

// wasAcknowledged tells whether this is the end of a task that its framework has
// acknowledged lately.
func (c *Core) wasAcknowledged(a *agent, t taskKey, container string, b []byte) bool {
	e, ok := endOf(a, t, container, b)
	return ok && c.acked.has(e)
}

// containerOf returns the container in which the task of a status runs.
func containerOf(status *mesos.TaskStatus) string {
	return status.GetContainerStatus().GetContainerId().GetValue()
}

// updateTask takes over what an update says of its task. An end is final.
func (c *Core) updateTask(t *task, u *link.Update) {
	status := u.GetStatus()
	t.status, t.uuid, t.container = status.GetState(), status.GetUuid(), containerOf(status)
	t.last = endingOf(status)
	if mesos.Terminal(t.state) {
		return
	}
	t.state = u.GetLatestState()
	if mesos.Terminal(status.GetState()) {
		t.state = status.GetState()
	}
	if mesos.Terminal(t.state) {
		c.freeTask(t)
		c.note(Note{Level: Debug, Event: "task ended", Framework: t.framework.id, Agent: t.agent.id, Task: t.id, Detail: t.state.String()})
	}
}

// swallow acknowledges an update that no framework is to see.
func (c *Core) swallow(a *agent, f *framework, t *task, u *link.Update) {
	c.acknowledgeUpdate(a, u)
	if t != nil && mesos.Terminal(u.GetStatus().GetState()) {
		c.dropTask(t)
		c.completeTask(t, t.last)
		c.forgetIfEmpty(f)
	}
}

// acknowledgeUpdate answers an update in place of its framework.
func (c *Core) acknowledgeUpdate(a *agent, u *link.Update) {
	if uuid := u.GetStatus().GetUuid(); len(uuid) > 0 {
		c.toAgent(a, acknowledgement(u.GetFrameworkId(), u.GetStatus().GetTaskId(), uuid))
	}
}

// acknowledge handles ACKNOWLEDGE. The acknowledged end of a task is the end of
// what the master knows of it. While the agent is not there the call is without
// effect: the agent will send the update again.
func (c *Core) acknowledge(f *framework, call *scheduler.Call_Acknowledge) {
	a := c.agents[AgentID(call.GetAgentId().GetValue())]
	if a == nil || a.conn == 0 {
		c.note(Note{
			Level: Debug, Event: "acknowledgement dropped", Framework: f.id,
			Agent: AgentID(call.GetAgentId().GetValue()), Task: TaskID(call.GetTaskId().GetValue()),
			Detail: "agent not connected",
		})
		return
	}
	t := a.tasks[taskKey{f.id, TaskID(call.GetTaskId().GetValue())}]
	if t != nil && mesos.Terminal(t.status) && bytes.Equal(t.uuid, call.GetUuid()) {
		c.dropTask(t)
		c.completeTask(t, t.last)
		if e, ok := endOf(a, t.key(), t.container, t.uuid); ok {
			c.acked.add(e)
		}
	}
	c.toAgent(a, acknowledgement(f.protoID, call.GetTaskId(), call.GetUuid()))
}

func acknowledgement(f *mesos.FrameworkID, t *mesos.TaskID, uuid []byte) *link.FromMaster {
	return &link.FromMaster{Message: &link.FromMaster_Acknowledge{
		Acknowledge: &link.Acknowledge{FrameworkId: f, TaskId: t, Uuid: uuid},
	}}
}

// taskStatus is a status that the master makes itself. It has no uuid: it is
// sent once, and not to be acknowledged.
type taskStatus struct {
	task     TaskID
	agent    *mesos.AgentID // nil if none is known
	executor ExecutorID
	state    mesos.TaskState
	reason   mesos.TaskStatus_Reason
	message  string
	// unreachable is since when the task's agent is that; nil if it is not.
	unreachable *mesos.TimeInfo
}

// maxMessage bounds in bytes what the master says in a status of its own: one
// cause, in which a peer is quoted, can be that of many tasks.
const maxMessage = 2048

// tell sends a framework a status that the master makes.
func (c *Core) tell(f *framework, s taskStatus) {
	status := &mesos.TaskStatus{
		TaskId:    &mesos.TaskID{Value: new(string(s.task))},
		State:     s.state.Enum(),
		Message:   new(cut(s.message, maxMessage)),
		Source:    mesos.TaskStatus_SOURCE_MASTER.Enum(),
		Reason:    s.reason.Enum(),
		AgentId:   s.agent,
		Timestamp: new(seconds(c.now)),

		UnreachableTime: s.unreachable,
	}
	if s.executor != "" {
		status.ExecutorId = &mesos.ExecutorID{Value: new(string(s.executor))}
	}
	c.toFramework(f, updateEvent(status))
}

// endingOf returns what is kept of a status.
func endingOf(status *mesos.TaskStatus) ending {
	e := ending{
		state: status.GetState(), at: status.GetTimestamp(), source: status.GetSource(), message: brief(status.GetMessage()),
	}
	if status.Reason != nil {
		e.reason = status.GetReason()
	}
	return e
}

// seconds is a time as messages carry it: since 1970, with a fraction.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / float64(time.Second) }
