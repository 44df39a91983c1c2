// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"container/list"
	"iter"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

const (
	// maxUnreachableTasks bounds the tasks of a framework that are remembered
	// while their agents are unreachable.
	maxUnreachableTasks = 1000
	// maxCompletedTasks bounds the tasks of a framework that are remembered after
	// their end.
	maxCompletedTasks = 1000
	// maxKept bounds, in bytes, labels and discovery of a completed task, each.
	maxKept = 4096
)

// awayTasks are tasks of a framework whose agents are unreachable, the last ones.
// They are in no other books and hold nothing.
type awayTasks struct {
	byID  map[TaskID]*list.Element
	order list.List
}

func (u *awayTasks) get(id TaskID) *task {
	if e := u.byID[id]; e != nil {
		t, _ := e.Value.(*task)
		return t
	}
	return nil
}

func (u *awayTasks) len() int { return u.order.Len() }

// add remembers a task, also with its agent, and forgets the oldest if there are
// too many.
func (u *awayTasks) add(t *task) {
	if old := u.get(t.id); old != nil {
		u.remove(old)
	}
	if u.byID == nil {
		u.byID = make(map[TaskID]*list.Element)
	}
	u.byID[t.id] = u.order.PushBack(t)
	if t.agent.away == nil {
		t.agent.away = make(map[taskKey]*task)
	}
	t.agent.away[t.key()] = t
	if u.order.Len() > maxUnreachableTasks {
		oldest, _ := u.order.Front().Value.(*task)
		u.remove(oldest)
	}
}

// remove forgets a task, if it is still remembered.
func (u *awayTasks) remove(t *task) {
	if e := u.byID[t.id]; e != nil && e.Value == t {
		u.order.Remove(e)
		delete(u.byID, t.id)
		delete(t.agent.away, t.key())
	}
}

// all yields the tasks, the oldest first.
func (u *awayTasks) all() iter.Seq[*task] {
	return func(yield func(*task) bool) {
		for e := u.order.Front(); e != nil; e = e.Next() {
			if t, _ := e.Value.(*task); !yield(t) {
				return
			}
		}
	}
}

// completedTask is what is remembered of a task after its end.
type completedTask struct {
	id        TaskID
	name      string
	agent     *mesos.AgentID
	executor  ExecutorID
	resources resource.Resources
	labels    *mesos.Labels
	discovery *mesos.DiscoveryInfo
	end       ending
}

// ending is how a task came to its state.
type ending struct {
	state   mesos.TaskState
	at      float64 // seconds since 1970
	source  mesos.TaskStatus_Source
	reason  mesos.TaskStatus_Reason // 0: none
	message string
}

// taskHistory are the last completed tasks of a framework.
type taskHistory struct {
	ring []completedTask
	next int // the oldest, once the ring is full
}

func (h *taskHistory) add(t completedTask) {
	if len(h.ring) < maxCompletedTasks {
		h.ring = append(h.ring, t)
		return
	}
	h.ring[h.next] = t
	h.next = (h.next + 1) % maxCompletedTasks
}

// all yields the tasks, the oldest first.
func (h *taskHistory) all() iter.Seq[*completedTask] {
	return func(yield func(*completedTask) bool) {
		for i := range h.ring {
			if !yield(&h.ring[(h.next+i)%len(h.ring)]) {
				return
			}
		}
	}
}

// completeTask remembers a task that leaves the books for good. What ran when its
// framework was removed was killed for that.
func (c *Core) completeTask(t *task, end ending) {
	if t.shadow {
		return
	}
	if mesos.Terminal(t.state) && !mesos.Terminal(end.state) {
		end.state = t.state // known before the update that says so has come
	}
	if t.framework.ending && !mesos.Terminal(end.state) {
		end = ending{state: mesos.TaskState_TASK_KILLED, at: seconds(c.now), message: "its framework was removed"}
	}
	if t.framework.ending && end.state == mesos.TaskState_TASK_KILLED {
		end.source, end.reason = mesos.TaskStatus_SOURCE_MASTER, mesos.TaskStatus_REASON_FRAMEWORK_REMOVED
	}
	end.message = brief(end.message)
	t.framework.history.add(completedTask{
		id: t.id, name: brief(t.name), agent: t.agent.protoID, executor: t.executor, resources: t.had,
		labels: kept(t.labels), discovery: kept(t.discovery), end: end,
	})
}

// kept returns what is kept of a completed task of something that its framework made
// as large as it liked: all or, if that is too much, nothing.
func kept[M proto.Message](m M) (none M) {
	if proto.Size(m) > maxKept {
		return none
	}
	return m
}

// proto returns the task as operators see it.
func (t *completedTask) proto(f *framework) *mesos.Task {
	m := &mesos.Task{
		Name: &t.name, TaskId: &mesos.TaskID{Value: new(string(t.id))}, FrameworkId: f.protoID, AgentId: t.agent,
		State: t.end.state.Enum(), Resources: t.resources.Proto(), Labels: t.labels, Discovery: t.discovery,
		Statuses: []*mesos.TaskStatus{t.end.status(t.id, t.agent)},
	}
	if t.executor != "" {
		m.ExecutorId = &mesos.ExecutorID{Value: new(string(t.executor))}
	}
	return m
}

// proto returns the task as operators see it.
func (t *task) proto() *mesos.Task {
	m := &mesos.Task{
		Name: &t.name, TaskId: &mesos.TaskID{Value: new(string(t.id))}, FrameworkId: t.framework.protoID, AgentId: t.agent.protoID,
		State: t.state.Enum(), Resources: t.had.Proto(), Labels: t.labels, Discovery: t.discovery,
		StatusUpdateState: t.status.Enum(), StatusUpdateUuid: t.uuid,
		Statuses: []*mesos.TaskStatus{t.last.status(t.id, t.agent.protoID)},
	}
	if t.executor != "" {
		m.ExecutorId = &mesos.ExecutorID{Value: new(string(t.executor))}
	}
	return m
}

func (e *ending) status(id TaskID, agent *mesos.AgentID) *mesos.TaskStatus {
	s := &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: new(string(id))}, AgentId: agent,
		State: e.state.Enum(), Source: e.source.Enum(), Timestamp: new(e.at),
	}
	if e.reason != 0 {
		s.Reason = e.reason.Enum()
	}
	if e.message != "" {
		s.Message = new(e.message)
	}
	return s
}
