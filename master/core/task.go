// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// task is one that was launched and whose end the framework has not yet
// acknowledged.
type task struct {
	id        TaskID
	seq       uint64 // order of launch or adoption
	framework *framework
	agent     *agent
	executor  ExecutorID // empty for a command task
	role      string
	resources resource.Resources // nothing once it has ended
	had       resource.Resources // while it ran

	name      string // and what else people and tools want to see of it
	labels    *mesos.Labels
	discovery *mesos.DiscoveryInfo

	state  mesos.TaskState // the newest the agent told of
	status mesos.TaskState // of the newest update that was sent on
	uuid   []byte          // of that update
	last   ending          // what that update said
	// container is the one that update names, empty for none.
	container string
	// shadow marks a task that an agent brought back while its framework
	// already runs another of the same id: it is killed, and its framework,
	// which knows the other, hears nothing of it.
	shadow bool
	// kill is what to tell the agent whenever it comes back, until the task
	// has ended; nil for nothing.
	kill *link.Kill
}

func (t *task) key() taskKey { return taskKey{t.framework.id, t.id} }

func (t *task) piece() Piece {
	return Piece{Agent: t.agent.id, Framework: t.framework.id, Role: t.role, Resources: t.resources}
}

// addTask enters a task into the books of its agent and framework.
func (c *Core) addTask(t *task) {
	c.taskSeq++
	t.seq = c.taskSeq
	t.agent.tasks[t.key()] = t
	t.agent.used = t.agent.used.Add(t.resources)
	t.had = t.resources
	if t.last.state == 0 && t.last.at == 0 {
		t.last = ending{state: t.state, at: seconds(c.now)}
	}
	if t.shadow {
		t.framework.shadows++
	} else {
		t.framework.tasks[t.id] = t
	}
}

// describe keeps what people and tools want to see of a task. A name that is the
// id, as many are, is not kept twice.
func (t *task) describe(name string, labels *mesos.Labels, discovery *mesos.DiscoveryInfo) {
	if name == string(t.id) {
		name = string(t.id)
	}
	t.name, t.labels, t.discovery = name, labels, discovery
}

// freeTask gives back what a task has.
func (c *Core) freeTask(t *task) {
	if t.resources.IsEmpty() {
		return
	}
	t.agent.used = c.less(t.agent.used, t.resources)
	c.alloc.Discharge(t.piece())
	t.resources = resource.Resources{}
	if t.agent.overdrawn() {
		c.retotal(t.agent)
	}
}

// dropTask takes a task out of the books, with what it has.
func (c *Core) dropTask(t *task) {
	c.freeTask(t)
	c.lessOn(t.agent)
	delete(t.agent.tasks, t.key())
	if t.shadow {
		t.framework.shadows--
	} else {
		delete(t.framework.tasks, t.id)
	}
}

// loss is what becomes of tasks that their agent will tell no more of.
type loss struct {
	precise mesos.TaskState // for PARTITION_AWARE; the others see TASK_LOST
	reason  mesos.TaskStatus_Reason
	message string
	since   *mesos.TimeInfo // when the agent became unreachable; nil if it did not
}

// lose takes a task out of the books that its agent will tell no more of, and
// tells its framework so, once and without asking for an acknowledgement.
func (c *Core) lose(t *task, l loss) {
	c.dropTask(t)
	end := c.tellLost(t, l)
	if mesos.Terminal(end.state) || t.framework.ending {
		c.completeTask(t, end)
	}
}

// tellLost tells a framework of a loss. A task that had ended stays what it ended
// in: its framework may not have heard of that.
func (c *Core) tellLost(t *task, l loss) ending {
	end := ending{
		state: t.framework.lostState(l.precise), at: seconds(c.now),
		source: mesos.TaskStatus_SOURCE_MASTER, reason: l.reason, message: l.message,
	}
	if mesos.Terminal(t.state) {
		end.state, l.since = t.state, nil
	}
	if !t.shadow && !t.framework.ending {
		c.tell(t.framework, taskStatus{
			task: t.id, agent: t.agent.protoID, executor: t.executor,
			state: end.state, reason: l.reason, message: l.message, unreachable: l.since,
		})
	}
	return end
}

// sortedTasks returns tasks in the order in which they were launched.
func sortedTasks[K comparable](m map[K]*task) []*task {
	return slices.SortedFunc(maps.Values(m), func(a, b *task) int { return cmp.Compare(a.seq, b.seq) })
}
