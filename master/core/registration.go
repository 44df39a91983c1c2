// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// registration is a register message that was found to be in order.
type registration struct {
	id      AgentID // empty for a new agent
	info    *mesos.AgentInfo
	version string
	total   resource.Resources

	resourceVersion []byte // of total
	capabilities    []mesos.AgentInfo_Capability_Type

	frameworks map[FrameworkID]*mesos.FrameworkInfo
	executors  []registeredExecutor
	tasks      []registeredTask
	exited     map[executorKey]int32 // wait status of those that have ended
	operations []registeredOperation

	// What the master knew of a known agent before.
	before           []*task
	beforeExecutors  []*executor
	beforeOperations []*operation
	// What was out of reach with an agent that was unreachable, and that it was.
	away    []*task
	returns bool
}

type registeredExecutor struct {
	framework FrameworkID
	info      *mesos.ExecutorInfo
	resources resource.Resources
}

func (e registeredExecutor) key() executorKey {
	return executorKey{e.framework, ExecutorID(e.info.GetExecutorId().GetValue())}
}

type registeredTask struct {
	framework FrameworkID
	task      *mesos.Task
	resources resource.Resources // nothing if the task has ended
}

func (t registeredTask) key() taskKey {
	return taskKey{t.framework, TaskID(t.task.GetTaskId().GetValue())}
}

// container returns the container that the newest status names.
func (t registeredTask) container() string {
	list := t.task.GetStatuses()
	if len(list) == 0 {
		return ""
	}
	return containerOf(list[len(list)-1])
}

// mentioned returns the frameworks that the agent lists, by themselves or by
// something of theirs, sorted.
func (r *registration) mentioned() []FrameworkID {
	set := make(map[FrameworkID]struct{}, len(r.frameworks))
	for id := range r.frameworks {
		set[id] = struct{}{}
	}
	for _, e := range r.executors {
		set[e.framework] = struct{}{}
	}
	for _, t := range r.tasks {
		set[t.framework] = struct{}{}
	}
	for _, o := range r.operations {
		set[o.framework] = struct{}{} // of an operator's nobody is found
	}
	return slices.Sorted(maps.Keys(set))
}

// parseRegistration checks all of a register message before any of it counts.
func (c *Core) parseRegistration(m *link.Register) (*registration, *Error) {
	if err := mesos.ValidateRequired(m); err != nil {
		return nil, failf(Invalid, "register: %v", err)
	}
	r := &registration{
		info:       m.GetAgent(),
		version:    m.GetVersion(),
		id:         AgentID(m.GetAgent().GetId().GetValue()),
		frameworks: make(map[FrameworkID]*mesos.FrameworkInfo),
		exited:     make(map[executorKey]int32),
	}
	if err := r.parseAgent(); err != nil {
		return nil, err
	}
	if err := r.parseTotal(m); err != nil {
		return nil, err
	}
	for _, info := range m.GetFrameworks() {
		if err := r.parseFramework(info); err != nil {
			return nil, err
		}
	}
	if n := c.unknownOf(r.frameworks); len(c.frameworks)+n > maxFrameworks {
		return nil, failf(Exhausted, "register.frameworks: the master knows %d and takes no %d more", len(c.frameworks), n)
	}
	for _, e := range m.GetExited() {
		r.exited[exitedKey(e)] = e.GetStatus()
	}
	free, err := c.parseExecutors(r, m.GetExecutors())
	if err == nil {
		free, err = c.parseTasks(r, m.GetTasks(), free)
	}
	if err == nil {
		err = c.parseOperations(r, m.GetOperations(), free)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// unknownOf counts the frameworks that the master does not know.
func (c *Core) unknownOf(frameworks map[FrameworkID]*mesos.FrameworkInfo) int {
	n := 0
	for id := range frameworks {
		if c.frameworks[id] == nil {
			n++
		}
	}
	return n
}

func (r *registration) parseAgent() *Error {
	if r.id != "" {
		if err := mesos.ValidateID("register.agent.id", string(r.id)); err != nil {
			return failf(Invalid, "%v", err)
		}
	}
	if r.info.GetHostname() == "" {
		return failf(Invalid, "register.agent.hostname: must not be empty")
	}
	if port := r.info.GetPort(); port < 0 || port > 65535 {
		return failf(Invalid, "register.agent.port %d: must be from 0 to 65535", port)
	}
	total, err := resource.FromProto(r.info.GetResources())
	if err != nil {
		return failf(Invalid, "register.agent.resources: %v", err)
	}
	r.total = total
	return nil
}

func (r *registration) parseFramework(info *mesos.FrameworkInfo) *Error {
	if err := mesos.ValidateID("register.frameworks.id", info.GetId().GetValue()); err != nil {
		return failf(Invalid, "%v", err)
	}
	if err := validateFramework(info, nil); err != nil {
		return failf(Invalid, "register.frameworks: %s", err.Text)
	}
	r.frameworks[FrameworkID(info.GetId().GetValue())] = info
	return nil
}

// parseExecutors checks the executors and returns what they leave of the total.
func (c *Core) parseExecutors(r *registration, list []*mesos.ExecutorInfo) (resource.Resources, *Error) {
	free, seen := r.total, make(map[executorKey]bool)
	for i, info := range list {
		field := fmt.Sprintf("register.executors[%d]", i)
		key := executorKey{FrameworkID(info.GetFrameworkId().GetValue()), ExecutorID(info.GetExecutorId().GetValue())}
		if err := mesos.ValidateID(field+".executor_id", string(key.executor)); err != nil {
			return free, failf(Invalid, "%v", err)
		}
		if err := c.checkListed(r, field, key.framework); err != nil {
			return free, err
		}
		if seen[key] {
			return free, failf(Invalid, "%s.executor_id %q: must be there once", field, key.executor)
		}
		seen[key] = true
		res, left, err := take(free, info.GetResources(), field)
		if err != nil {
			return free, err
		}
		free = left
		r.executors = append(r.executors, registeredExecutor{key.framework, info, res})
	}
	return free, nil
}

// parseTasks checks the tasks and returns what they leave of what is free.
func (c *Core) parseTasks(r *registration, list []*mesos.Task, free resource.Resources) (resource.Resources, *Error) {
	seen := make(map[taskKey]bool, len(list))
	for i, m := range list {
		field := fmt.Sprintf("register.tasks[%d]", i)
		key := taskKey{FrameworkID(m.GetFrameworkId().GetValue()), TaskID(m.GetTaskId().GetValue())}
		if err := mesos.ValidateID(field+".task_id", string(key.task)); err != nil {
			return free, failf(Invalid, "%v", err)
		}
		if err := c.checkListed(r, field, key.framework); err != nil {
			return free, err
		}
		if seen[key] {
			return free, failf(Invalid, "%s.task_id %q: must be there once", field, key.task)
		}
		seen[key] = true
		t := registeredTask{framework: key.framework, task: m}
		if !mesos.Terminal(m.GetState()) {
			res, left, err := take(free, m.GetResources(), field)
			if err != nil {
				return free, err
			}
			t.resources, free = res, left
		}
		r.tasks = append(r.tasks, t)
	}
	return free, nil
}

// checkListed checks that a framework whose executor or task an agent lists is
// listed as well, or known. One that is ending may be gone when the registration
// counts, with the agent in whose place this one comes: what it was is kept.
func (c *Core) checkListed(r *registration, field string, id FrameworkID) *Error {
	if r.frameworks[id] != nil {
		return nil
	}
	f := c.frameworks[id]
	if f == nil {
		return failf(Invalid, "%s.framework_id %q: must be one of register.frameworks", field, id)
	}
	if f.ending {
		r.frameworks[id] = proto.CloneOf(f.info)
	}
	return nil
}

// take returns the resources of a list, and what is left of free without them.
func take(free resource.Resources, list []*mesos.Resource, field string) (res, left resource.Resources, problem *Error) {
	res, err := resource.FromProto(list)
	if err != nil {
		return res, free, failf(Invalid, "%s.resources: %v", field, err)
	}
	left, err = free.Subtract(res)
	if err != nil {
		return res, free, failf(Invalid, "%s.resources %s: must be part of the agent's, with all before: %v", field, res, err)
	}
	// As the agent has it: a volume where its CREATE said, not where a task sees it.
	return free.Without(left), left, nil
}
