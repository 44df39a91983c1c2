// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// stranger is a peer that sends garbage. Nothing of what it sends may count.
type stranger struct{ w *world }

func (x *stranger) receive(_ *conn, msg any) {
	if e, ok := msg.(*scheduler.Event); ok && e.GetType() == scheduler.Event_SUBSCRIBED {
		x.w.fail("L6: garbage was taken for a subscription", "%s", describe(e))
	}
	if d, ok := msg.(*link.FromMaster); ok && d.GetRegistered() != nil {
		x.w.fail("L6: garbage was taken for a registration", "%s", describe(d))
	}
}

func (x *stranger) closed(*conn) {}

// byzantine has somebody send what breaks a rule, and checks that the master
// refuses it or that it has no effect.
func (w *world) byzantine(draw *rand.Rand) {
	if !w.master.up {
		return
	}
	switch draw.IntN(5) {
	case 0, 1:
		w.garbageCall(draw)
		return
	case 2:
		w.badAgent(draw)
		return
	}
	m := w.master
	c := m.dial("stranger", &stranger{w})
	id := core.ConnID(c.id)
	m.bad[id] = true
	var in core.Input
	end := core.Input(core.SchedulerClosed{Conn: id})
	switch draw.IntN(2) {
	case 0:
		in = core.Call{Conn: id, Call: garbageCalls(draw)}
	default:
		in, end = core.AgentMessage{Conn: id, Address: "10.9.9.9", Message: garbageMessages(draw)}, core.AgentClosed{Conn: id}
	}
	if err := m.step(in); err != nil && m.up {
		m.refused(c, err, end)
	}
	if m.up && m.conns[id] != nil {
		delete(m.conns, id)
		_ = m.step(end) // the end of a connection is never an error
	}
}

// badAgent registers, with next to nothing, and then tells of what is not there, or
// not on it.
func (w *world) badAgent(draw *rand.Rand) {
	m := w.master
	c := m.dial("bad agent", &deaf{})
	id := core.ConnID(c.id)
	m.bad[id] = true
	say := func(msg *link.FromAgent) {
		if !m.up || m.conns[id] == nil {
			return
		}
		if err := m.step(core.AgentMessage{Conn: id, Address: "10.9.9.9", Message: msg}); err != nil && m.up {
			m.refused(c, err, core.AgentClosed{Conn: id})
		}
	}
	say(&link.FromAgent{Message: &link.FromAgent_Register{Register: &link.Register{
		Agent: &mesos.AgentInfo{Hostname: new("bad"), Resources: []*mesos.Resource{scalar("disk", 1)}}, Version: new("0"),
	}}})
	for range 1 + draw.IntN(4) {
		say(w.lie(draw))
	}
	if m.up && m.conns[id] != nil {
		delete(m.conns, id)
		_ = m.step(core.AgentClosed{Conn: id}) // the end of a connection is never an error
	}
}

// deaf is a peer that does not mind what it is sent.
type deaf struct{}

func (deaf) receive(*conn, any) {}
func (deaf) closed(*conn)       {}

// lie is a message in form about a framework that there is, and a task or executor
// that runs elsewhere or nowhere.
func (w *world) lie(draw *rand.Rand) *link.FromAgent {
	s := w.scheds[draw.IntN(len(w.scheds))]
	framework := &mesos.FrameworkID{Value: new(s.id)}
	task := &mesos.TaskID{Value: new("nobody's")}
	if t := w.tasks.some(s, draw); t != nil && draw.IntN(2) == 0 {
		task.Value = new(t.id)
	}
	switch draw.IntN(6) {
	case 0:
		return &link.FromAgent{Message: &link.FromAgent_ExecutorExited{ExecutorExited: &link.ExecutorExited{
			FrameworkId: framework, ExecutorId: &mesos.ExecutorID{Value: new("e1")}, Status: new(int32(9)),
		}}}
	case 1:
		return &link.FromAgent{Message: &link.FromAgent_Pong{Pong: &link.Pong{}}}
	case 2:
		return &link.FromAgent{Message: &link.FromAgent_OperationUpdate{OperationUpdate: &link.OperationUpdate{
			FrameworkId: framework, OperationUuid: &mesos.UUID{Value: make([]byte, 16)},
			Status: &mesos.OperationStatus{State: mesos.OperationState_OPERATION_FINISHED.Enum()},
		}}}
	case 3:
		return &link.FromAgent{Message: &link.FromAgent_UpdateResources{UpdateResources: &link.UpdateResources{
			Total: []*mesos.Resource{scalar("disk", float64(draw.IntN(3)))}, ResourceVersion: []byte{byte(draw.IntN(256))},
		}}}
	case 4:
		return &link.FromAgent{Message: &link.FromAgent_Register{}}
	default: // of a framework that nobody knows: others would hear of it
		return &link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
			FrameworkId: &mesos.FrameworkID{Value: new("nobody")},
			Status:      &mesos.TaskStatus{TaskId: task, State: mesos.TaskState_TASK_LOST.Enum(), Uuid: make([]byte, 16)},
			LatestState: mesos.TaskState_TASK_LOST.Enum(),
		}}}
	}
}

// garbageCalls are calls with which nobody can begin.
func garbageCalls(draw *rand.Rand) *scheduler.Call {
	bad := &mesos.FrameworkInfo{User: new("u"), Name: new("n")}
	switch draw.IntN(7) {
	case 0:
		return nil
	case 1:
		return &scheduler.Call{}
	case 2:
		return &scheduler.Call{Type: scheduler.Call_ACCEPT.Enum()}
	case 3:
		return &scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum(), FrameworkId: &mesos.FrameworkID{Value: new("m1-0000")}}
	case 4:
		bad.FailoverTimeout = new(-1.0)
	case 5:
		bad.Roles = []string{"a", "b"}
	case 6:
		bad.Id = &mesos.FrameworkID{Value: new("../../etc")}
		return &scheduler.Call{
			Type: scheduler.Call_SUBSCRIBE.Enum(), FrameworkId: bad.Id,
			Subscribe: &scheduler.Call_Subscribe{FrameworkInfo: bad},
		}
	}
	return &scheduler.Call{Type: scheduler.Call_SUBSCRIBE.Enum(), Subscribe: &scheduler.Call_Subscribe{FrameworkInfo: bad}}
}

// garbageMessages are messages with which no agent can begin.
func garbageMessages(draw *rand.Rand) *link.FromAgent {
	info := &mesos.AgentInfo{Hostname: new("bad"), Resources: []*mesos.Resource{scalar("cpus", 1)}}
	r := &link.Register{Agent: info, Version: new("0")}
	switch draw.IntN(6) {
	case 0:
		return nil
	case 1:
		return &link.FromAgent{}
	case 2:
		return &link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
			FrameworkId: &mesos.FrameworkID{Value: new("m1-0000")}, Status: &mesos.TaskStatus{TaskId: &mesos.TaskID{Value: new("s0-t1")}},
			LatestState: mesos.TaskState_TASK_FINISHED.Enum(),
		}}}
	case 3:
		info.Hostname = new("")
	case 4:
		info.Resources = []*mesos.Resource{scalar("cpus", -1)}
	case 5:
		r.Tasks = []*mesos.Task{{
			Name: new("t"), TaskId: &mesos.TaskID{Value: new("s0-t1")}, FrameworkId: &mesos.FrameworkID{Value: new("nobody")},
			AgentId: &mesos.AgentID{Value: new("m1-S0")}, State: mesos.TaskState_TASK_RUNNING.Enum(),
		}}
	}
	return &link.FromAgent{Message: &link.FromAgent_Register{Register: r}}
}

// garbageCall has a real scheduler send a call that is in form and makes no sense:
// about what is not there, or not its own.
func (w *world) garbageCall(draw *rand.Rand) {
	s := w.scheds[draw.IntN(len(w.scheds))]
	if !s.ready || !s.present {
		return
	}
	other := w.scheds[draw.IntN(len(w.scheds))]
	id := &mesos.TaskID{Value: new("nobody's")}
	agent := &mesos.AgentID{Value: new("m1-S0")}
	switch draw.IntN(6) {
	case 0:
		s.call(&scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE.Enum(), Acknowledge: &scheduler.Call_Acknowledge{
			AgentId: agent, TaskId: id, Uuid: make([]byte, 16),
		}})
	case 1:
		s.call(&scheduler.Call{Type: scheduler.Call_SHUTDOWN.Enum(), Shutdown: &scheduler.Call_Shutdown{
			AgentId: agent, ExecutorId: &mesos.ExecutorID{Value: new("e1")},
		}})
	case 2:
		s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"not mine"}}})
	case 3:
		s.call(&scheduler.Call{Type: scheduler.Call_MESSAGE.Enum(), Message: &scheduler.Call_Message{
			AgentId: agent, ExecutorId: &mesos.ExecutorID{Value: new("nobody's")}, Data: []byte{0},
		}})
	default: // an offer of another
		if other == s || len(other.offers) == 0 {
			return
		}
		o := proto.CloneOf(other.offers[draw.IntN(len(other.offers))])
		s.launch(draw, []*mesos.Offer{o})
	}
}
