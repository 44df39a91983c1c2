// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/executor/command"
	"github.com/tepui/tepui/resource"
)

// maxHistory is how many of an executor's tasks Containers can name.
const maxHistory = 1000

// execution is one executor in its one container, from Launch to Forget.
type execution struct {
	order     uint64
	framework *framework
	launch    Launch
	info      *mesos.ExecutorInfo // nil for a command task
	command   *command.Executor   // nil for a framework's own executor
	task      *task               // the one of a command task

	state      ExecutorState
	why        string // it was shut down, for people: "by its framework"
	cause      *fate  // what its tasks end in, where it is not just the exit
	destroying bool   // Destroy was asked for
	over       bool   // it has ended: no task, no account, no connection
	timer      timer  // registration, again too; grace; what the command waits for
	drain      timer  // until a draining agent ends what has not ended its tasks
	grace      time.Duration

	tasks   map[TaskID]*task // those that have not ended
	queue   []*task          // those not delivered, in order, among some that have ended
	waiting int              // how many in queue have not ended
	served  bool             // some task was delivered, ever
	history []TaskID         // the last ones that were ever in it, in order
	limits  limits
	mounts  []Mount            // of the executor itself
	unmount []Mount            // of tasks that have ended, to go with the next change
	held    resource.Resources // what it and its tasks held when it ended

	conn   ConnID // 0 without one
	early  *early
	status *mesos.ContainerStatus // as its tasks' updates carry it, shared
	dirty  bool                   // it is in Core.dirty
}

// early is a SUBSCRIBE that came before the shell could say that the executor
// has started.
type early struct {
	conn      ConnID
	subscribe *executor.Call_Subscribe
}

// id is the connection; 0 for none.
func (e *early) id() ConnID {
	if e == nil {
		return 0
	}
	return e.conn
}

func (e *execution) id() ContainerID { return e.launch.Container }

// isCommand tells whether the agent itself speaks for the task in it.
func (e *execution) isCommand() bool { return e.command != nil }

// live are the tasks that have not ended, in the order of their arrival.
func (e *execution) live() []*task {
	return slices.SortedFunc(maps.Values(e.tasks), func(a, b *task) int { return cmp.Compare(a.order, b.order) })
}

// add puts a task into the execution, not yet delivered.
func (e *execution) add(t *task) {
	t.executor = e
	e.tasks[t.id] = t
	if len(e.history) >= 2*maxHistory {
		e.history = slices.Delete(e.history, 0, maxHistory)
	}
	e.history = append(e.history, t.id)
	if e.isCommand() {
		t.phase = delivered
		e.task = t
		return
	}
	e.queue = append(e.queue, t)
	e.waiting++
}

// remove takes a task out that has ended.
func (e *execution) remove(t *task) {
	delete(e.tasks, t.id)
	if t.phase == queued && !e.isCommand() {
		if e.waiting--; len(e.queue) > 2*e.waiting+16 {
			e.queue = slices.DeleteFunc(e.queue, func(q *task) bool { return q == t || q.phase != queued })
		}
	}
	t.phase = ended
}

// move follows the table of transitions, or fails and changes nothing.
func (c *Core) move(e *execution, ev event) error {
	to, ok := transitions[e.state][ev]
	if !ok {
		return &TransitionError{e.id(), e.state, ev.String()}
	}
	if to != e.state {
		c.note(Note{
			Kind: NoteExecutor, Framework: e.framework.id, Executor: e.launch.Executor,
			Container: e.id(), From: e.state.String(), To: to.String(), Text: ev.String(),
		})
	}
	e.state = to
	return nil
}

// event sends an event to the executor, if it is connected.
func (c *Core) event(e *execution, ev *executor.Event) {
	if e.conn != 0 {
		c.send(ToExecutor{e.conn, ev})
	}
}

// expired is what an execution's timer does.
func (c *Core) expired(now time.Time, e *execution) {
	switch {
	case e.isCommand():
		c.apply(now, e, e.command.Tick(now))
	case e.state == Registering:
		e.cause = &fate{
			state:   mesos.TaskState_TASK_FAILED,
			reason:  mesos.TaskStatus_REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			message: "executor did not subscribe within " + c.cfg.RegistrationTimeout.String() + " of its start",
		}
		c.shutdown(now, e, "")
	case e.state == Running:
		e.cause = &fate{
			state:   e.framework.lost(mesos.TaskState_TASK_FAILED),
			reason:  mesos.TaskStatus_REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
			message: "executor did not connect again within " + c.cfg.RegistrationTimeout.String() + " of losing its connection",
		}
		c.shutdown(now, e, "")
	case e.state == Terminating:
		c.destroy(e)
	}
}

// shutdown ends an execution: with its grace period if it has subscribed, at
// once if it has not. why is for people, and may be empty.
func (c *Core) shutdown(now time.Time, e *execution, why string) {
	if e.state >= Terminating {
		return
	}
	was := e.state
	if err := c.move(e, stop); err != nil {
		return // there is no such state: every one before Terminating can stop
	}
	e.why = why
	switch {
	case e.isCommand():
		c.apply(now, e, e.command.Shutdown(now))
	case was == Running:
		c.event(e, &executor.Event{Type: executor.Event_SHUTDOWN.Enum()})
		c.timers.set(&e.timer, now.Add(e.grace))
	default:
		c.destroy(e)
	}
}

// hasten leaves an execution that is to end no more than this grace.
func (c *Core) hasten(now time.Time, e *execution, grace time.Duration) {
	switch end := now.Add(grace); {
	case e.destroying:
	case e.isCommand():
		policy := &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(grace))}}
		c.apply(now, e, e.command.Kill(now, policy))
	case end.Before(e.timer.at):
		c.timers.set(&e.timer, end)
	}
}

// destroy asks for the container's end, once.
func (c *Core) destroy(e *execution) {
	if e.destroying {
		return
	}
	if e.state < Terminating {
		_ = c.move(e, stop) // every state before Terminating can stop
	}
	e.destroying = true
	c.timers.stop(&e.timer)
	c.do(Destroy{e.id()})
}
