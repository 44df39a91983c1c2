// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// status makes a status update of a task.
func (c *Core) status(now time.Time, t *task, state mesos.TaskState, source mesos.TaskStatus_Source) *mesos.TaskStatus {
	uuid := c.updates.uuid()
	s := &mesos.TaskStatus{
		TaskId: t.info.GetTaskId(),
		State:  &state,
		Source: &source,
		Uuid:   uuid[:],
	}
	c.complete(now, t, s)
	return s
}

// complete fills in what the agent knows of a status.
func (c *Core) complete(now time.Time, t *task, s *mesos.TaskStatus) {
	s.AgentId = c.id()
	if s.Timestamp == nil {
		s.Timestamp = new(float64(now.UnixNano()) / 1e9)
	}
	if !t.isCommand() {
		s.ExecutorId = t.info.GetExecutor().GetExecutorId()
	}
	if t.executor == nil {
		return
	}
	if s.ContainerStatus == nil {
		s.ContainerStatus = t.executor.status
		return
	}
	s.ContainerStatus.ContainerId = t.executor.status.ContainerId
}

// end gives a task its terminal update, made by the agent.
func (c *Core) end(now time.Time, t *task, f *fate) {
	s := c.status(now, t, f.state, mesos.TaskStatus_SOURCE_AGENT)
	s.Reason = &f.reason
	s.Message = &f.message
	if f.limit != nil {
		s.Limitation = &mesos.TaskResourceLimitation{Resources: f.limit}
	}
	c.report(now, t, s)
}

// report puts an update of a task, complete and with a uuid, on its way. A
// terminal one ends the task: what it held is free in the same step.
func (c *Core) report(now time.Time, t *task, s *mesos.TaskStatus) verdict {
	c.explainDrain(t, s)
	if v := t.updates.add(s); v != taken {
		c.note(Note{
			Kind: NoteUpdateDropped, Framework: t.framework.id, Task: t.id,
			To: s.GetState().String(), Text: v.String(),
		})
		return v
	}
	c.note(Note{
		Kind: NoteTask, Framework: t.framework.id, Task: t.id,
		From: t.latest.String(), To: s.GetState().String(), Text: s.GetMessage(),
	})
	t.latest = s.GetState()
	if mesos.Terminal(t.latest) {
		c.retire(t)
	}
	switch {
	case c.leaving:
		c.forgo(t)
	case len(t.updates.pending) == 1:
		c.transmit(now, t)
	}
	return taken
}

// retire takes a task that has ended out of its execution and the ledger.
func (c *Core) retire(t *task) {
	t.info, t.group = remains(t.info), nil
	e := t.executor
	if e == nil {
		t.phase = ended
		return
	}
	e.remove(t)
	if t.mounted {
		e.unmount = append(e.unmount, t.mounts...)
	}
	if c.drain != nil && len(e.tasks) == 0 && !e.isCommand() {
		c.idle = append(c.idle, e)
	}
	if c.ledger.Release(e.id(), t.holder()) {
		c.touch(e)
	}
}

// forgo has a task's updates wait for no acknowledgement, of which none will
// come, and forgets it if it has ended.
func (c *Core) forgo(t *task) {
	c.timers.stop(&t.updates.retry)
	t.updates.pending, t.updates.bytes = nil, 0
	if t.phase == ended {
		c.drop(t)
	}
}

// transmit sends a task's update that is to be in flight, if there is a master,
// and arms the timer to send it again.
func (c *Core) transmit(now time.Time, t *task) {
	s := t.updates.front()
	if s == nil || c.link != registered {
		return
	}
	c.send(c.updateMessage(t, s))
	c.timers.set(&t.updates.retry, now.Add(t.updates.backoff()))
}

func (c *Core) retransmit(now time.Time, t *task) {
	c.note(Note{
		Kind: NoteUpdateResent, Framework: t.framework.id, Task: t.id,
		To: t.updates.front().GetState().String(),
	})
	c.transmit(now, t)
}

func (c *Core) updateMessage(t *task, s *mesos.TaskStatus) ToMaster {
	latest := t.latest
	u := &link.Update{FrameworkId: t.framework.info.GetId(), Status: s, LatestState: &latest}
	if !t.isCommand() {
		u.ExecutorId = t.info.GetExecutor().GetExecutorId()
	}
	return ToMaster{&link.FromAgent{Message: &link.FromAgent_Update{Update: u}}}
}

// acknowledge takes the update in flight off, sends the next one, and forgets
// the task after its last.
func (c *Core) acknowledge(now time.Time, a *link.Acknowledge) {
	f := c.frameworks[FrameworkID(a.GetFrameworkId().GetValue())]
	id := TaskID(a.GetTaskId().GetValue())
	var t *task
	if f != nil {
		t = f.tasks[id]
	}
	if t == nil || !t.updates.ack(a.GetUuid()) {
		c.note(Note{
			Kind: NoteAckIgnored, Framework: FrameworkID(a.GetFrameworkId().GetValue()), Task: id,
			Text: "no update with this uuid is in flight",
		})
		return
	}
	c.timers.stop(&t.updates.retry)
	if t.updates.closed() {
		c.drop(t)
		return
	}
	c.transmit(now, t)
}

// drop forgets a task that has ended.
func (c *Core) drop(t *task) {
	c.timers.stop(&t.updates.retry)
	delete(t.framework.tasks, t.id)
	c.purge(t.framework)
}
