// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import mesos "github.com/tepui/tepui/api/v1"

// CompletedTasks returns the completed tasks of a framework that is known or was
// removed lately.
func CompletedTasks(c *Core, id string) []*mesos.Task {
	return tasksOfFramework(c, id, func(f *framework) []*mesos.Task {
		var list []*mesos.Task
		for t := range f.history.all() {
			list = append(list, t.proto(f))
		}
		return list
	})
}

// UnreachableTasks returns the unreachable tasks of a framework.
func UnreachableTasks(c *Core, id string) []*mesos.Task {
	return tasksOfFramework(c, id, func(f *framework) []*mesos.Task {
		var list []*mesos.Task
		for t := range f.unreachable.all() {
			list = append(list, t.proto())
		}
		return list
	})
}

func tasksOfFramework(c *Core, id string, tasks func(*framework) []*mesos.Task) []*mesos.Task {
	if f := c.frameworks[FrameworkID(id)]; f != nil {
		return tasks(f)
	}
	for _, f := range c.history {
		if f.id == FrameworkID(id) {
			return tasks(f)
		}
	}
	return nil
}

// PartitionAware tells whether a framework that is known is that.
func PartitionAware(c *Core, id string) bool {
	return c.frameworks[FrameworkID(id)].caps.PartitionAware
}

// HasBooks tells whether room is kept for what an agent runs that has left.
func HasBooks(c *Core, id string) bool {
	a := c.departed.byID[AgentID(id)]
	return a.offers != nil || a.tasks != nil || a.executors != nil || a.operations != nil || a.inverse != nil
}

// Queued returns how many agents wait for their turn to be unreachable.
func Queued(c *Core) int { return len(c.overdue) }
