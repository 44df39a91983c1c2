// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// run takes a new task. An error is for a message that no status update can
// answer; everything else that is wrong ends the task.
func (c *Core) run(now time.Time, r *link.Run) error {
	if err := c.checkRun(r); err != nil {
		return err
	}
	fid, info := FrameworkID(r.GetFramework().GetId().GetValue()), r.GetTask()
	f := c.frameworks[fid]
	if f == nil {
		f = newFramework(r.GetFramework())
		c.frameworks[fid] = f
	}
	f.info = r.GetFramework()
	t := &task{
		id: TaskID(info.GetTaskId().GetValue()), order: c.nextOrder(),
		info: info, framework: f, latest: mesos.TaskState_TASK_STAGING,
	}
	t.updates.retry.fire = func(now time.Time) { c.retransmit(now, t) }
	f.tasks[t.id] = t
	if fate := c.accept(t, r.GetLaunchExecutor()); fate != nil {
		c.end(now, t, fate)
		if r.GetLaunchExecutor() {
			c.tellNeverRan(f, info.GetExecutor())
		}
	}
	return nil
}

// tellNeverRan tells the master, which counts on an executor that it asked for,
// that there is none.
func (c *Core) tellNeverRan(f *framework, info *mesos.ExecutorInfo) {
	e := f.executors[ExecutorID(info.GetExecutorId().GetValue())]
	if info != nil && (e == nil || e.over) {
		c.tellExit(f, info.GetExecutorId(), Exit{Unknown: "it never ran"})
	}
}

// checkRun refuses a Run that cannot become a task: one without usable ids, for
// another agent, of a framework that is going, or of a task that is here.
func (c *Core) checkRun(r *link.Run) error {
	fid, tid := r.GetFramework().GetId().GetValue(), r.GetTask().GetTaskId().GetValue()
	err := errors.Join(mesos.ValidateID("framework id", fid), mesos.ValidateID("task id", tid))
	if e := r.GetTask().GetExecutor(); e != nil {
		err = errors.Join(err, mesos.ValidateID("executor id", e.GetExecutorId().GetValue()))
	}
	if err != nil {
		return fmt.Errorf("core: run: %w", err)
	}
	if agent := r.GetTask().GetAgentId().GetValue(); agent != c.agentID {
		return fmt.Errorf("core: run: task %s is for agent %q, this is %q", tid, agent, c.agentID)
	}
	f := c.frameworks[FrameworkID(fid)]
	if f == nil {
		return nil
	}
	if f.removed {
		return fmt.Errorf("core: run: framework %s of task %s is removed", fid, tid)
	}
	if _, ok := f.tasks[TaskID(tid)]; ok {
		return fmt.Errorf("core: run: task %s of framework %s is here already", tid, fid)
	}
	return nil
}

// accept finds or makes the execution for a task and lets it hold its
// resources. If it cannot, the fate says why, and nothing has changed.
func (c *Core) accept(t *task, launchExecutor bool) *fate {
	dropped := t.framework.lost(mesos.TaskState_TASK_DROPPED)
	if c.stopping {
		return &fate{dropped, mesos.TaskStatus_REASON_AGENT_DRAINING, "the agent is shutting down", nil}
	}
	if err := validate(t.info); err != nil {
		return invalid(err)
	}
	var err error
	if t.resources, err = resource.FromProto(t.info.GetResources()); err != nil {
		return invalid(fmt.Errorf("task.resources: %w", err))
	}
	e, fresh, fate := c.executionFor(t, launchExecutor)
	if fate != nil {
		return fate
	}
	if err := c.ledger.Grant(e.id(), t.holder(), t.resources); err != nil {
		if fresh {
			c.ledger.Close(e.id())
		}
		return unaffordable(dropped, err)
	}
	e.add(t)
	if fresh {
		c.begin(e)
	}
	c.touch(e)
	return nil
}

// executionFor returns the execution for a task: the one of its executor if it
// is there and fit, else a fresh one, which so far only has its account.
func (c *Core) executionFor(t *task, launchExecutor bool) (e *execution, fresh bool, problem *fate) {
	var own resource.Resources
	dropped := t.framework.lost(mesos.TaskState_TASK_DROPPED)
	if info := t.info.GetExecutor(); info != nil {
		if e := t.framework.executors[ExecutorID(info.GetExecutorId().GetValue())]; e != nil && !e.over {
			return e, false, e.unfit(info, dropped)
		}
		if !launchExecutor {
			return nil, false, &fate{
				dropped, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
				fmt.Sprintf("executor %s, which was to run the task, has exited", info.GetExecutorId().GetValue()), nil,
			}
		}
		var err error
		if own, err = resource.FromProto(info.GetResources()); err != nil {
			return nil, false, invalid(fmt.Errorf("task.executor.resources: %w", err))
		}
	}
	e = c.newExecution(t)
	if err := c.ledger.Open(e.id(), own); err != nil {
		return nil, false, unaffordable(dropped, err)
	}
	return e, true, nil
}

// unfit tells why an execution cannot take a task with this executor.
func (e *execution) unfit(info *mesos.ExecutorInfo, dropped mesos.TaskState) *fate {
	if e.state >= Terminating {
		return &fate{
			dropped, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED,
			fmt.Sprintf("executor %s is terminating", e.launch.Executor), nil,
		}
	}
	if !sameExecutor(e.info, info) {
		return invalid(fmt.Errorf("task.executor: executor %s runs already with a different ExecutorInfo: "+
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
		c.do(Start{e.id(), e.limits.applied})
	}
	return nil
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

func invalid(err error) *fate {
	return &fate{mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID, err.Error(), nil}
}

func unaffordable(dropped mesos.TaskState, err error) *fate {
	return &fate{
		dropped, mesos.TaskStatus_REASON_RESOURCES_UNKNOWN,
		"the agent does not have the resources free: " + err.Error(), nil,
	}
}
