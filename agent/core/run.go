// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// request is what a Run or a RunGroup asks for: tasks for one execution, all of
// them or none.
type request struct {
	framework *mesos.FrameworkInfo
	executor  *mesos.ExecutorInfo // nil for a command task
	tasks     []*mesos.TaskInfo
	group     bool
	launch    bool   // the executor may be started
	version   []byte // of the total that the master knows; nil matches any
}

// run takes one new task. An error is for a message that nothing can answer;
// everything else that is wrong ends the task.
func (c *Core) run(now time.Time, r *link.Run) error {
	return c.take(now, &request{
		framework: r.GetFramework(),
		executor:  r.GetTask().GetExecutor(),
		tasks:     []*mesos.TaskInfo{r.GetTask()},
		launch:    r.GetLaunchExecutor(),
		version:   r.ResourceVersion,
	})
}

// runGroup takes tasks that are to start together.
func (c *Core) runGroup(now time.Time, r *link.RunGroup) error {
	for _, t := range r.GetTaskGroup().GetTasks() {
		t.Executor = r.GetExecutor() // it may be named once for all
	}
	return c.take(now, &request{
		framework: r.GetFramework(),
		executor:  r.GetExecutor(),
		tasks:     r.GetTaskGroup().GetTasks(),
		group:     true,
		launch:    r.GetLaunchExecutor(),
		version:   r.ResourceVersion,
	})
}

// take lets tasks begin. Whatever comes of it, the master hears of each task,
// and of an executor that it counts on and that will not be.
func (c *Core) take(now time.Time, r *request) error {
	if err := r.check(c.agentID); err != nil {
		return err
	}
	f := c.join(r.framework)
	fresh, known := c.newTasks(f, r)
	problem := c.admit(f, r, fresh, known)
	for _, t := range known {
		c.announce(now, t)
	}
	if problem == nil {
		return nil
	}
	for _, t := range fresh {
		c.end(now, t, problem)
	}
	if r.launch {
		c.tellNeverRan(f, r.executor)
	}
	return nil
}

// check refuses a request that cannot become tasks: one without usable ids, or
// for another agent.
func (r *request) check(agent string) error {
	err := mesos.ValidateID("framework id", r.framework.GetId().GetValue())
	if r.executor != nil || r.group {
		err = errors.Join(err, mesos.ValidateID("executor id", r.executor.GetExecutorId().GetValue()))
	}
	if len(r.tasks) == 0 {
		err = errors.Join(err, errors.New("task group: must have a task"))
	}
	ids := make(map[string]bool, len(r.tasks))
	for _, t := range r.tasks {
		id := t.GetTaskId().GetValue()
		err = errors.Join(err, mesos.ValidateID("task id", id))
		if to := t.GetAgentId().GetValue(); to != agent {
			err = errors.Join(err, fmt.Errorf("task %s is for agent %q, this is %q", id, to, agent))
		}
		if ids[id] {
			err = errors.Join(err, fmt.Errorf("task id %s: is in the group twice", id))
		}
		ids[id] = true
	}
	if err != nil {
		return fmt.Errorf("core: run: %w", err)
	}
	return nil
}

// join returns the framework that a request is of, with what is known of it now.
func (c *Core) join(info *mesos.FrameworkInfo) *framework {
	id := FrameworkID(info.GetId().GetValue())
	f := c.frameworks[id]
	if f == nil {
		f = newFramework(info)
		c.frameworks[id] = f
	}
	f.info = info
	return f
}

// newTasks makes the tasks of a request; known are those whose ids are taken.
func (c *Core) newTasks(f *framework, r *request) (fresh, known []*task) {
	for _, info := range r.tasks {
		if t := f.tasks[TaskID(info.GetTaskId().GetValue())]; t != nil {
			known = append(known, t)
			continue
		}
		fresh = append(fresh, c.newTask(f, info))
	}
	if r.group {
		for _, t := range fresh {
			t.group = fresh
		}
	}
	return fresh, known
}

func (c *Core) newTask(f *framework, info *mesos.TaskInfo) *task {
	t := &task{
		id: TaskID(info.GetTaskId().GetValue()), order: c.nextOrder(),
		info: info, framework: f, latest: mesos.TaskState_TASK_STAGING,
	}
	t.updates.retry.fire = func(now time.Time) { c.retransmit(now, t) }
	f.tasks[t.id] = t
	return t
}

// announce tells a master that asks for a task which is here what has become of
// that one, so that it counts the two as one.
func (c *Core) announce(now time.Time, t *task) {
	switch {
	case len(t.updates.pending) > 0:
		c.transmit(now, t)
	case t.latest != mesos.TaskState_TASK_STAGING:
		s := c.status(now, t, t.latest, mesos.TaskStatus_SOURCE_AGENT)
		s.Reason = mesos.TaskStatus_REASON_RECONCILIATION.Enum()
		s.Message = new("the task was here already when it was launched again")
		c.report(now, t, s)
	}
}

// tellNeverRan tells the master, which counts on an executor that it asked for,
// that there is none.
func (c *Core) tellNeverRan(f *framework, info *mesos.ExecutorInfo) {
	e := f.executors[ExecutorID(info.GetExecutorId().GetValue())]
	if info != nil && (e == nil || e.over) {
		c.tellExit(f, info.GetExecutorId(), Exit{Unknown: "it never ran"})
	}
}

// admit lets the new tasks of a request into an execution, or says what becomes
// of them instead; then nothing has changed.
func (c *Core) admit(f *framework, r *request, tasks, known []*task) *fate {
	if problem := c.closed(f, r); problem != nil {
		return problem
	}
	if len(known) > 0 {
		return r.invalid(fmt.Errorf("task.task_id: %s is here already", known[0].id))
	}
	if err := r.validate(); err != nil {
		return r.invalid(err)
	}
	for _, t := range tasks {
		if problem := t.read(r); problem != nil {
			return problem
		}
	}
	e, fresh, problem := c.executionFor(tasks[0], r)
	if problem != nil {
		return problem
	}
	if err := c.grant(e, tasks); err != nil {
		if fresh {
			c.ledger.Close(e.id())
		}
		return unaffordable(f.lost(mesos.TaskState_TASK_DROPPED), err)
	}
	for _, t := range tasks {
		e.add(t)
	}
	if fresh {
		c.begin(e)
	}
	c.touch(e)
	return nil
}

// read reads what a task asks for.
func (t *task) read(r *request) *fate {
	if len(t.info.GetLimits()) > 0 {
		return &fate{
			t.framework.lost(mesos.TaskState_TASK_DROPPED), mesos.TaskStatus_REASON_GC_ERROR,
			"task.limits: this agent does not enforce them", nil,
		}
	}
	var err error
	if t.resources, err = resource.FromProto(t.info.GetResources()); err == nil {
		t.mounts, err = mountsIn(t.resources)
	}
	if err != nil {
		return r.invalid(fmt.Errorf("task.resources: %w", err))
	}
	return nil
}

// closed tells why the agent takes no tasks of a request, whatever they are.
func (c *Core) closed(f *framework, r *request) *fate {
	dropped := f.lost(mesos.TaskState_TASK_DROPPED)
	switch {
	case c.stopping:
		return &fate{dropped, mesos.TaskStatus_REASON_AGENT_DRAINING, "the agent is shutting down", nil}
	case c.drain != nil:
		return &fate{dropped, mesos.TaskStatus_REASON_AGENT_DRAINING, "the agent is being drained", nil}
	case f.removed:
		return &fate{dropped, mesos.TaskStatus_REASON_FRAMEWORK_REMOVED, "the framework is removed", nil}
	case r.version != nil && !bytes.Equal(r.version, c.version):
		return &fate{
			dropped, mesos.TaskStatus_REASON_INVALID_OFFERS,
			"the agent's resources have changed since they were offered", nil,
		}
	default:
		return nil
	}
}

// grant lets all of the tasks hold what they ask for, or none.
func (c *Core) grant(e *execution, tasks []*task) error {
	for i, t := range tasks {
		if err := c.ledger.Grant(e.id(), t.holder(), t.resources); err != nil {
			for _, t := range tasks[:i] {
				c.ledger.Release(e.id(), t.holder())
			}
			return err
		}
	}
	return nil
}

// invalid is the fate of tasks that make no sense.
func (r *request) invalid(err error) *fate {
	reason := mesos.TaskStatus_REASON_TASK_INVALID
	if r.group {
		reason = mesos.TaskStatus_REASON_TASK_GROUP_INVALID
	}
	return &fate{mesos.TaskState_TASK_ERROR, reason, err.Error(), nil}
}
