// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/executor/command"
	"github.com/tepui/tepui/resource"
)

// fate is how a task ends that does not end by itself.
type fate struct {
	state   mesos.TaskState
	reason  mesos.TaskStatus_Reason
	message string
	limit   []*mesos.Resource // the limit that was broken, if one was
}

// launchFailed ends an execution of which nothing runs.
func (c *Core) launchFailed(now time.Time, e *execution, ev event, message string) error {
	if err := c.move(e, ev); err != nil {
		return err
	}
	if e.state == Terminating {
		return nil // its Destroyed is on the way
	}
	e.cause = &fate{
		state:   mesos.TaskState_TASK_FAILED,
		reason:  mesos.TaskStatus_REASON_CONTAINER_LAUNCH_FAILED,
		message: message,
	}
	c.over(now, e, Exit{Unknown: "it never ran"})
	c.finish(e)
	return nil
}

// exited ends an execution whose PID 1 is gone; its container is still to be
// taken away.
func (c *Core) exited(now time.Time, e *execution, x Exit) error {
	if err := c.move(e, exited); err != nil {
		return err
	}
	if e.over {
		return fmt.Errorf("core: container %s exited twice", e.id())
	}
	c.over(now, e, x)
	c.destroy(e)
	return nil
}

// destroyed takes the last step: the container is gone.
func (c *Core) destroyed(now time.Time, e *execution) error {
	if err := c.move(e, destroyed); err != nil {
		return err
	}
	if !e.over {
		c.over(now, e, Exit{Unknown: "it was ended before it ran"})
	}
	c.finish(e)
	return nil
}

// over ends all that belongs to an execution but its container: tasks, account,
// connection. This is the one place where an executor's end meets its tasks.
func (c *Core) over(now time.Time, e *execution, x Exit) {
	e.over, e.held = true, c.ledger.Held(e.id())
	for _, t := range e.live() {
		if f := e.fate(x); f != nil {
			c.end(now, t, f)
			continue
		}
		c.apply(now, e, e.command.Exited(now, x.Status))
	}
	c.ledger.Close(e.id())
	c.timers.stop(&e.timer)
	c.timers.stop(&e.drain)
	c.timers.stop(&e.limits.retry)
	for _, conn := range []ConnID{e.conn, e.early.id()} {
		if conn != 0 {
			delete(c.conns, conn)
			c.send(Hangup{conn, Over, "the executor's container has ended"})
		}
	}
	e.conn, e.early = 0, nil
	if !e.isCommand() {
		c.tellExit(e.framework, e.info.GetExecutorId(), x)
	}
}

// finish forgets an execution.
func (c *Core) finish(e *execution) {
	f := e.framework
	delete(c.containers, e.id())
	if f.executors[e.launch.Executor] == e {
		delete(f.executors, e.launch.Executor)
	}
	f.live--
	c.do(Forget{e.id(), c.describe(e)})
	c.purge(f)
}

// purge forgets a framework of which nothing is left.
func (c *Core) purge(f *framework) {
	if f.empty() && c.frameworks[f.id] == f {
		delete(c.frameworks, f.id)
		c.note(Note{Kind: NoteFrameworkRemoved, Framework: f.id})
	}
}

// tellExit tells the master that a framework's own executor has ended. What
// cannot be told now is told after the next registration.
func (c *Core) tellExit(f *framework, executor *mesos.ExecutorID, x Exit) {
	code := x.Code()
	m := ToMaster{&link.FromAgent{Message: &link.FromAgent_ExecutorExited{
		ExecutorExited: &link.ExecutorExited{
			FrameworkId: f.info.GetId(),
			ExecutorId:  executor,
			Status:      &code,
		},
	}}}
	if c.link == registered {
		c.send(m)
		return
	}
	c.keepExit(m)
}

// keepExit keeps the end of an executor for the next registration.
func (c *Core) keepExit(m ToMaster) {
	if !c.leaving && len(c.exits) < maxExits {
		c.exits = append(c.exits, m)
	}
}

// fate tells what an execution's live tasks end in; nil when the command's own
// exit says it.
func (e *execution) fate(x Exit) *fate {
	stopped := e.isCommand() && e.command.Stopped()
	switch {
	case e.cause != nil:
		f := *e.cause
		if x.Unknown == "" {
			f.message += ": it was ended and " + command.Words(x.Status)
		}
		return &f
	case x.OOM != nil && !stopped:
		return e.memoryFate(x)
	case e.isCommand() && x.Unknown == "":
		return nil
	case stopped:
		return &fate{
			state:   mesos.TaskState_TASK_KILLED,
			reason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
			message: "command ended, wait status unknown: " + x.Unknown,
		}
	default:
		return &fate{
			state:   e.framework.lost(mesos.TaskState_TASK_FAILED),
			reason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
			message: e.lastWords(x),
		}
	}
}

// lastWords says how an execution ended.
func (e *execution) lastWords(x Exit) string {
	words := "executor "
	if e.isCommand() {
		words = "command "
	}
	if e.why != "" {
		words += "was shut down " + e.why + " and "
	}
	if x.Unknown != "" {
		return words + "ended, wait status unknown: " + x.Unknown
	}
	return words + command.Words(x.Status)
}

// memoryFate is for tasks of a container that the kernel killed for memory. Only
// its own limit is its own fault.
func (e *execution) memoryFate(x Exit) *fate {
	o := x.OOM
	if o.Outside {
		return &fate{
			state:   e.framework.lost(mesos.TaskState_TASK_FAILED),
			reason:  mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
			message: fmt.Sprintf("the host ran out of memory and the kernel killed %d processes; %s", o.Kills, e.lastWords(x)),
		}
	}
	message := "memory limit of " + megabytes(o.Limit) + " reached: "
	if o.Peak > 0 {
		message += "the peak was " + megabytes(o.Peak) + ", "
	}
	return &fate{
		state:   mesos.TaskState_TASK_FAILED,
		reason:  mesos.TaskStatus_REASON_CONTAINER_LIMITATION_MEMORY,
		message: message + fmt.Sprintf("the kernel killed %d processes", o.Kills),
		limit: []*mesos.Resource{{
			Name:   new(resource.Mem),
			Type:   mesos.Value_SCALAR.Enum(),
			Scalar: &mesos.Value_Scalar{Value: new(float64(o.Limit) / (1 << 20))},
		}},
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20)) }
