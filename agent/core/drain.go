// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

// beginDrain kills all tasks, each within its own grace period or the longest of
// the config, whichever is shorter, and takes no new ones. Executors end when
// their last task has. It may be repeated, with another config too.
//
// The agent goes back to work when nothing is left on it: from then on it is the
// master who sends it none.
func (c *Core) beginDrain(now time.Time, config *mesos.DrainConfig) {
	if config == nil {
		config = &mesos.DrainConfig{}
	}
	c.drain = config
	c.note(Note{Kind: NoteDraining, Text: "no grace is longer than " + c.drainLimit().String()})
	for _, e := range c.executions() {
		switch {
		case e.over || e.destroying:
		case e.isCommand():
			c.apply(now, e, e.command.Kill(now, c.drainPolicy(e.task)))
		case e.state == Terminating:
			c.hasten(now, e, c.drainLimit())
		default:
			c.drainExecutor(now, e)
		}
	}
}

// drainExecutor kills the tasks of a framework's own executor, and bounds how long
// it may take over them.
func (c *Core) drainExecutor(now time.Time, e *execution) {
	deadline := time.Duration(0)
	for _, t := range e.live() {
		switch t.phase {
		case ended: // with another one of its group
		case queued:
			c.killQueued(now, t)
		default:
			t.killed, t.policy = true, c.drainPolicy(t)
			c.event(e, killEvent(t))
			deadline = max(deadline, c.drainGrace(t.info.GetKillPolicy(), e.grace))
		}
	}
	switch at := now.Add(deadline); {
	case e.state >= Terminating:
	case len(e.tasks) == 0:
		c.drainIdle(now, e)
	case e.drain.place == 0 || at.Before(e.drain.at):
		c.timers.set(&e.drain, at)
	}
}

// drainIdle ends an executor that has no task left.
func (c *Core) drainIdle(now time.Time, e *execution) {
	if e.over {
		return
	}
	c.shutdown(now, e, "because the agent is drained")
	c.hasten(now, e, c.drainLimit())
}

// drainOverdue ends an executor that has not ended its tasks in time: they are
// killed, if not by it.
func (c *Core) drainOverdue(now time.Time, e *execution) {
	if e.state >= Terminating {
		return
	}
	e.cause = &fate{
		state:   mesos.TaskState_TASK_KILLED,
		reason:  mesos.TaskStatus_REASON_AGENT_DRAINING,
		message: "the agent is drained, and the executor did not end the task within its grace period",
	}
	c.drainIdle(now, e)
}

// drainLimit is the longest grace that anything gets while the agent drains.
func (c *Core) drainLimit() time.Duration {
	if p := c.drain.GetMaxGracePeriod(); p != nil {
		return min(max(0, time.Duration(p.GetNanoseconds())), c.cfg.MaxGrace)
	}
	return c.cfg.MaxGrace
}

// drainGrace is what is left of a task's own grace, which is usual where it
// states none.
func (c *Core) drainGrace(own *mesos.KillPolicy, usual time.Duration) time.Duration {
	if p := own.GetGracePeriod(); p != nil {
		usual = max(0, time.Duration(p.GetNanoseconds()))
	}
	return min(usual, c.drainLimit())
}

// drainPolicy is what a task is killed with; nil leaves it its own grace.
func (c *Core) drainPolicy(t *task) *mesos.KillPolicy {
	if c.drain.GetMaxGracePeriod() == nil {
		return nil
	}
	grace := c.drainGrace(t.info.GetKillPolicy(), c.cfg.KillGrace)
	return &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(grace))}}
}

// explainDrain gives the end of a task on a draining agent its reason, whoever
// reports it.
func (c *Core) explainDrain(t *task, s *mesos.TaskStatus) {
	if c.drain == nil {
		return
	}
	switch s.GetState() {
	case mesos.TaskState_TASK_KILLED:
		if c.drain.GetMarkGone() && t.framework.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
			s.State = mesos.TaskState_TASK_GONE_BY_OPERATOR.Enum()
		}
		fallthrough
	case mesos.TaskState_TASK_KILLING:
		s.Reason = mesos.TaskStatus_REASON_AGENT_DRAINING.Enum()
	}
}

// settleDrain ends executors whose last task has ended in this step, and the
// drain when nothing is left.
func (c *Core) settleDrain(now time.Time) {
	for _, e := range c.idle {
		if c.drain != nil && len(e.tasks) == 0 {
			c.drainIdle(now, e)
		}
	}
	clear(c.idle)
	c.idle = c.idle[:0]
	if c.drain != nil && c.isEmpty() {
		c.drain = nil
		c.note(Note{Kind: NoteDrained})
	}
}

// isEmpty tells whether nothing of anybody's is left.
func (c *Core) isEmpty() bool { return len(c.frameworks) == 0 && len(c.operations) == 0 }

// drainInfo is what a master is told of the drain; nil without one.
func (c *Core) drainInfo() *mesos.DrainInfo {
	if c.drain == nil {
		return nil
	}
	return &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: c.drain}
}

// preempt ends a container whose resources are needed otherwise. One that is to
// end anyhow ends now.
func (c *Core) preempt(e *execution) error {
	if e.state < Terminating {
		e.cause = &fate{
			state:   e.framework.lost(mesos.TaskState_TASK_GONE),
			reason:  mesos.TaskStatus_REASON_CONTAINER_PREEMPTED,
			message: "the container was preempted: its resources are needed by others",
		}
	}
	if !e.over {
		c.destroy(e)
	}
	return nil
}
