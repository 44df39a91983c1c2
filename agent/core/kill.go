// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// kill ends one task, wherever it is on its way.
func (c *Core) kill(now time.Time, k *link.Kill) error {
	fid, tid := FrameworkID(k.GetFrameworkId().GetValue()), TaskID(k.GetTaskId().GetValue())
	f := c.frameworks[fid]
	if f == nil {
		return fmt.Errorf("core: kill: framework %q of task %q is not here", fid, tid)
	}
	t := f.tasks[tid]
	switch {
	case t == nil:
		return c.killUnknown(now, f, k)
	case t.phase == ended || t.executor.destroying || t.executor.state >= Terminating && !t.executor.isCommand():
		return nil // its end is on the way
	case t.executor.isCommand():
		c.apply(now, t.executor, t.executor.command.Kill(now, k.GetKillPolicy()))
	case t.phase == queued:
		c.killQueued(now, t)
	default:
		t.killed, t.policy = true, k.GetKillPolicy()
		c.event(t.executor, killEvent(t))
	}
	return nil
}

func killEvent(t *task) *executor.Event {
	return &executor.Event{
		Type: executor.Event_KILL.Enum(),
		Kill: &executor.Event_Kill{TaskId: t.info.GetTaskId(), KillPolicy: t.policy},
	}
}

// killQueued ends a task that its executor has not got, and with it its group. An
// executor that never got one, and has none to come, ends too.
func (c *Core) killQueued(now time.Time, t *task) {
	e, victims, message := t.executor, []*task{t}, "killed before its executor got it"
	if t.group != nil {
		victims = t.group
	}
	for _, v := range victims {
		if v != t {
			message = "task " + string(t.id) + " of its group was killed before their executor got them"
		}
		c.end(now, v, &fate{
			state:   mesos.TaskState_TASK_KILLED,
			reason:  mesos.TaskStatus_REASON_TASK_KILLED_DURING_LAUNCH,
			message: message,
		})
	}
	if !e.served && e.waiting == 0 {
		c.shutdown(now, e, "because its only task was killed")
	}
}

// killUnknown answers for a task that the agent does not have, of a framework
// that it knows.
func (c *Core) killUnknown(now time.Time, f *framework, k *link.Kill) error {
	id := k.GetTaskId().GetValue()
	if err := mesos.ValidateID("task id", id); err != nil {
		return fmt.Errorf("core: kill: %w", err)
	}
	t := c.newTask(f, &mesos.TaskInfo{Name: new(""), TaskId: k.GetTaskId()})
	c.end(now, t, &fate{
		state:   f.lost(mesos.TaskState_TASK_DROPPED),
		reason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
		message: "the agent does not have this task",
	})
	return nil
}
