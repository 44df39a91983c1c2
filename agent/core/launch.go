// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// executionFor returns the execution for a task, the first of its request: that
// of its executor if it is there and fit, else a fresh one, which so far only
// has its account.
func (c *Core) executionFor(t *task, r *request) (e *execution, fresh bool, problem *fate) {
	var own resource.Resources
	var mounts []Mount
	dropped := t.framework.lost(mesos.TaskState_TASK_DROPPED)
	if info := r.executor; info != nil {
		if e := t.framework.executors[ExecutorID(info.GetExecutorId().GetValue())]; e != nil && !e.over {
			return e, false, e.unfit(r, dropped)
		}
		if !r.launch {
			return nil, false, &fate{
				dropped, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
				fmt.Sprintf("executor %s, which was to run the task, has exited", info.GetExecutorId().GetValue()), nil,
			}
		}
		var err error
		if own, err = resource.FromProto(info.GetResources()); err != nil {
			return nil, false, r.invalid(fmt.Errorf("executor.resources: %w", err))
		}
		if mounts, err = mountsIn(own); err != nil {
			return nil, false, r.invalid(fmt.Errorf("executor.resources: %w", err))
		}
	}
	e = c.newExecution(t)
	e.mounts = mounts
	if err := c.ledger.Open(e.id(), own); err != nil {
		return nil, false, unaffordable(dropped, err)
	}
	return e, true, nil
}

// unfit tells why an execution cannot take what is requested of its executor.
func (e *execution) unfit(r *request, dropped mesos.TaskState) *fate {
	if e.state >= Terminating {
		return &fate{
			dropped, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
			fmt.Sprintf("executor %s is terminating", e.launch.Executor), nil,
		}
	}
	if !sameExecutor(e.info, r.executor) {
		return r.invalid(fmt.Errorf("executor: executor %s runs already with a different ExecutorInfo: "+
			"use the same one, or another executor_id", e.launch.Executor))
	}
	return nil
}

// sameExecutor compares two executors of one framework, of which each may or
// may not name the framework.
func sameExecutor(a, b *mesos.ExecutorInfo) bool {
	if (a.FrameworkId == nil) == (b.FrameworkId == nil) {
		return proto.Equal(a, b)
	}
	if a.FrameworkId == nil {
		a, b = b, a
	}
	b = proto.Clone(b).(*mesos.ExecutorInfo)
	b.FrameworkId = a.FrameworkId
	return proto.Equal(a, b)
}

// newExecution returns an execution for a task, known to nobody yet.
func (c *Core) newExecution(t *task) *execution {
	id := c.ids.container()
	e := &execution{
		order:     c.nextOrder(),
		framework: t.framework,
		tasks:     map[TaskID]*task{},
		grace:     c.cfg.ShutdownGrace,
		status:    &mesos.ContainerStatus{ContainerId: &mesos.ContainerID{Value: new(string(id))}},
		launch: Launch{
			Container:  id,
			Agent:      c.agentID,
			Framework:  t.framework.id,
			Executor:   ExecutorID(t.id),
			Command:    t.info.GetCommand(),
			User:       t.framework.info.GetUser(),
			Checkpoint: t.framework.info.GetCheckpoint(),
		},
	}
	if info := t.info.GetExecutor(); info != nil {
		e.info = info
		e.launch.Custom = true
		e.launch.Executor = ExecutorID(info.GetExecutorId().GetValue())
		e.launch.Command = info.GetCommand()
		if g := info.GetShutdownGracePeriod(); g != nil {
			e.grace = max(0, time.Duration(g.GetNanoseconds()))
		}
	} else {
		e.command = c.newCommand(t)
	}
	if user := e.launch.Command.GetUser(); user != "" {
		e.launch.User = user
	}
	e.grace = min(e.grace, c.cfg.MaxGrace)
	e.launch.ShutdownGrace = e.grace
	e.timer.fire = func(now time.Time) { c.expired(now, e) }
	e.drain.fire = func(now time.Time) { c.drainOverdue(now, e) }
	e.limits.retry.fire = func(time.Time) { c.touch(e) }
	return e
}

// begin makes a fresh execution known, and its container launched.
func (c *Core) begin(e *execution) {
	c.containers[e.id()] = e
	e.framework.live++
	if !e.isCommand() {
		e.framework.executors[e.launch.Executor] = e
	}
	c.note(Note{
		Kind: NoteExecutor, Framework: e.framework.id, Executor: e.launch.Executor,
		Container: e.id(), To: e.state.String(),
	})
	c.do(e.launch)
}

// fetched goes on to start what was launched, with the limits of now.
func (c *Core) fetched(e *execution) error {
	if err := c.move(e, fetched); err != nil {
		return err
	}
	if e.state == Starting {
		e.limits.applied = c.ledger.Limits(e.id())
		c.do(Start{e.id(), e.limits.applied, e.firstMounts()})
	}
	return nil
}

// firstMounts are those of the executor and of all tasks that it has by now.
func (e *execution) firstMounts() []Mount {
	if e.isCommand() {
		return e.task.mounts
	}
	return append(slices.Clone(e.mounts), e.newMounts()...)
}

// started has the executor register; that of a command task does so at once.
func (c *Core) started(now time.Time, e *execution, pid uint32) error {
	if err := c.move(e, started); err != nil {
		return err
	}
	if pid > 0 {
		e.status = &mesos.ContainerStatus{ContainerId: e.status.ContainerId, ExecutorPid: &pid}
	}
	if e.state != Registering {
		return nil // it is to end
	}
	c.touch(e)
	if e.isCommand() {
		if err := c.move(e, subscribed); err != nil {
			return err
		}
		c.apply(now, e, e.command.Started(now))
		return nil
	}
	c.timers.set(&e.timer, now.Add(c.cfg.RegistrationTimeout))
	if s := e.early; s != nil {
		e.early = nil
		c.subscribe(now, e, s.conn, s.subscribe)
	}
	return nil
}

func unaffordable(dropped mesos.TaskState, err error) *fate {
	return &fate{
		dropped, mesos.TaskStatus_REASON_RESOURCES_UNKNOWN,
		"the agent does not have the resources free: " + err.Error(), nil,
	}
}
