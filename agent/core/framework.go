// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

// framework is what the agent knows of a framework that has something here.
type framework struct {
	id    FrameworkID
	info  *mesos.FrameworkInfo
	tasks map[TaskID]*task
	// executors are the framework's own, by their ids, until they are
	// terminated. Those of command tasks are found through their tasks.
	executors map[ExecutorID]*execution
	live      int  // executions of either kind that are not terminated
	removed   bool // the master has removed it: it gets no more tasks
}

func newFramework(info *mesos.FrameworkInfo) *framework {
	return &framework{
		id:        FrameworkID(info.GetId().GetValue()),
		info:      info,
		tasks:     map[TaskID]*task{},
		executors: map[ExecutorID]*execution{},
	}
}

// empty tells whether nothing of the framework is left.
func (f *framework) empty() bool { return len(f.tasks) == 0 && f.live == 0 }

// sortedTasks are in the order of their arrival.
func (f *framework) sortedTasks() []*task {
	return slices.SortedFunc(maps.Values(f.tasks), func(a, b *task) int { return cmp.Compare(a.order, b.order) })
}

// has tells whether the framework has a capability.
func (f *framework) has(want mesos.FrameworkInfo_Capability_Type) bool {
	return slices.ContainsFunc(f.info.GetCapabilities(), func(c *mesos.FrameworkInfo_Capability) bool {
		return c.GetType() == want
	})
}

// lost is the state of a task that came to grief without its framework's doing:
// the precise one for a PARTITION_AWARE framework, TASK_LOST for others.
func (f *framework) lost(precise mesos.TaskState) mesos.TaskState {
	if f.has(mesos.FrameworkInfo_Capability_PARTITION_AWARE) {
		return precise
	}
	return mesos.TaskState_TASK_LOST
}
