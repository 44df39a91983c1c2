// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// execution is a custom executor: a program that follows the API as it should,
// though it may be slow, stubborn or mute.
type execution struct {
	b        *container
	w        *world
	stubborn bool // it ignores kills and shutdowns
	mute     bool // it never subscribes
	ready    bool // it is subscribed
	tasks    []*execTask
	unacked  []*execUpdate // in the order in which they were made
}

// execUpdate is an update that the agent has not acknowledged.
type execUpdate struct {
	status *mesos.TaskStatus
	sent   bool // on this connection
}

type execTask struct {
	id     string
	info   *mesos.TaskInfo
	state  mesos.TaskState
	seq    uint64 // of its last update
	heard  bool   // an update of it was acknowledged
	killed bool
}

func newExecution(b *container) *execution {
	return &execution{
		b: b, w: b.w,
		stubborn: b.rng.Float64() < b.w.prof.stubborn,
		mute:     b.rng.Float64() < b.w.prof.mute,
	}
}

func (x *execution) name() string {
	return fmt.Sprintf("executor %s/%s", x.b.launch.Framework, x.b.launch.Executor)
}

// begin is the start of the program.
func (x *execution) begin() {
	if !x.mute {
		x.b.later(50*ms, x.subscribe)
	}
}

// subscribe opens a connection, and brings what the agent may not have.
func (x *execution) subscribe() {
	b := x.b
	if b.conn != nil || !b.runs {
		return
	}
	b.conn = x.w.net.dial(x.name(), b, b.a, true)
	b.a.callers[core.ConnID(b.conn.id)] = b
	s := &executor.Call_Subscribe{}
	for _, t := range x.tasks {
		if !t.heard {
			s.UnacknowledgedTasks = append(s.UnacknowledgedTasks, t.info)
		}
	}
	for _, u := range x.unacked {
		u.sent = true
		s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, &executor.Call_Update{Status: proto.CloneOf(u.status)})
	}
	x.call(&executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: s})
}

func (x *execution) call(c *executor.Call) {
	if x.b.conn == nil {
		return
	}
	c.FrameworkId = &mesos.FrameworkID{Value: new(string(x.b.launch.Framework))}
	c.ExecutorId = &mesos.ExecutorID{Value: new(string(x.b.launch.Executor))}
	x.b.conn.send(client, c)
}

// lost is the end of the connection: the executor comes back.
func (x *execution) lost() {
	x.ready = false
	x.b.later([...]instant{2 * second, 20 * second}[x.b.rng.IntN(2)], x.subscribe)
}

// drop breaks the connection, sometimes with some updates on their way.
func (x *execution) drop() {
	if c := x.b.conn; c != nil {
		if n := x.b.rng.IntN(4); n > 0 && len(x.tasks) > 0 && x.tasks[0].state == mesos.TaskState_TASK_RUNNING {
			for range n {
				x.update(x.tasks[0], mesos.TaskState_TASK_RUNNING)
			}
		}
		x.w.line("%s drops its connection", x.name())
		c.sever()
	}
}

// die is the end of the process.
func (x *execution) die() {
	x.tasks, x.unacked, x.ready = nil, nil, false
	if c := x.b.conn; c != nil {
		c.vanish(client)
		x.b.conn = nil
	}
}

func (x *execution) event(e *executor.Event) {
	switch e.GetType() {
	case executor.Event_SUBSCRIBED:
		x.ready = true
		x.flush()
		for _, t := range x.tasks {
			x.startTask(t)
		}
	case executor.Event_LAUNCH:
		x.launch(e.GetLaunch().GetTask())
	case executor.Event_LAUNCH_GROUP:
		for _, t := range e.GetLaunchGroup().GetTaskGroup().GetTasks() {
			x.launch(t)
		}
	case executor.Event_KILL:
		x.kill(e.GetKill().GetTaskId().GetValue())
	case executor.Event_ACKNOWLEDGED:
		x.acknowledged(e.GetAcknowledged())
	case executor.Event_SHUTDOWN:
		x.shutdown()
	}
}

func (x *execution) launch(info *mesos.TaskInfo) {
	id := info.GetTaskId().GetValue()
	if x.find(id) != nil {
		x.w.fail("L5: an executor is sent a task twice", "%s: %s", x.name(), id)
	}
	t := &execTask{id: id, info: proto.CloneOf(info), state: mesos.TaskState_TASK_STAGING}
	x.tasks = append(x.tasks, t)
	x.startTask(t)
}

// startTask has a new task run, and some of them end by themselves.
func (x *execution) startTask(t *execTask) {
	if t.state != mesos.TaskState_TASK_STAGING {
		return
	}
	if x.b.rng.IntN(3) == 0 {
		x.update(t, mesos.TaskState_TASK_STARTING)
	}
	x.b.later(500*ms, func() {
		if t.state == mesos.TaskState_TASK_STAGING || t.state == mesos.TaskState_TASK_STARTING {
			x.update(t, mesos.TaskState_TASK_RUNNING)
		}
	})
	if x.b.rng.IntN(3) == 0 {
		x.b.later(2*minute, func() { x.finish(t, mesos.TaskState_TASK_FINISHED) })
	}
}

func (x *execution) find(id string) *execTask {
	for _, t := range x.tasks {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (x *execution) kill(id string) {
	t := x.find(id)
	if t == nil || mesos.Terminal(t.state) || x.stubborn && !x.w.healed {
		return
	}
	if !t.killed && x.b.rng.IntN(3) == 0 {
		x.update(t, mesos.TaskState_TASK_KILLING)
	}
	t.killed = true
	x.b.later(second, func() { x.finish(t, mesos.TaskState_TASK_KILLED) })
}

func (x *execution) finish(t *execTask, state mesos.TaskState) {
	if !mesos.Terminal(t.state) && x.b.runs {
		x.update(t, state)
	}
}

// update sends a status. It is kept until the agent has it.
func (x *execution) update(t *execTask, state mesos.TaskState) {
	t.state = state
	t.seq++
	s := &mesos.TaskStatus{
		TaskId: t.info.GetTaskId(), State: &state, Uuid: executorUUID(x.b, t),
		Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(),
	}
	x.unacked = append(x.unacked, &execUpdate{status: s})
	if x.ready {
		x.flush()
	}
}

// flush sends what was not sent on this connection.
func (x *execution) flush() {
	for _, u := range x.unacked {
		if !u.sent {
			u.sent = true
			x.call(&executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: proto.CloneOf(u.status)}})
		}
	}
}

// executorUUID carries the number of the update among those of its task, so that
// who sees it knows whether one before is missing.
func executorUUID(b *container, t *execTask) []byte {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:], hashOf(string(b.id)+t.id))
	binary.BigEndian.PutUint64(u[8:], t.seq)
	u[6] = u[6]&0x0f | 0x40
	return u[:]
}

func (x *execution) acknowledged(a *executor.Event_Acknowledged) {
	x.unacked = slices.DeleteFunc(x.unacked, func(u *execUpdate) bool { return string(u.status.GetUuid()) == string(a.GetUuid()) })
	id := a.GetTaskId().GetValue()
	t := x.find(id)
	if t == nil {
		return
	}
	t.heard = true
	if mesos.Terminal(t.state) && !slices.ContainsFunc(x.unacked, func(u *execUpdate) bool { return u.status.GetTaskId().GetValue() == id }) {
		x.tasks = slices.DeleteFunc(x.tasks, func(o *execTask) bool { return o == t })
	}
	if x.w.healed && len(x.tasks) == 0 {
		x.leave()
	}
}

// leave ends an executor that has nothing more to do.
func (x *execution) leave() {
	x.b.later(5*second, func() {
		if len(x.tasks) == 0 && x.w.healed {
			x.b.exit(core.Exit{})
		}
	})
}

func (x *execution) shutdown() {
	if x.stubborn {
		return
	}
	for _, t := range x.tasks {
		if x.b.rng.IntN(2) == 0 {
			x.finish(t, mesos.TaskState_TASK_KILLED)
		}
	}
	x.b.later(2*second, func() { x.b.exit(core.Exit{}) })
}
