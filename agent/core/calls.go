// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// call applies what an executor says.
func (c *Core) call(now time.Time, in ExecutorCall) error {
	e, err := c.caller(in)
	if err != nil {
		return err
	}
	switch call := in.Call; call.GetType() {
	case executor.Call_SUBSCRIBE:
		return c.subscribeCall(now, e, in)
	case executor.Call_UPDATE:
		return c.updateCall(now, e, call.GetUpdate().GetStatus())
	case executor.Call_MESSAGE:
		c.messageUp(e, call.GetMessage().GetData())
		return nil
	case executor.Call_HEARTBEAT:
		return nil
	default:
		return refuse(Invalid, "call.type: %v is not supported", call.GetType())
	}
}

// caller finds whose call it is. The caller holds the token of a container, and
// can speak for nothing else.
func (c *Core) caller(in ExecutorCall) (*execution, error) {
	fid, eid := in.Call.GetFrameworkId().GetValue(), in.Call.GetExecutorId().GetValue()
	e := c.containers[in.Container]
	switch {
	case e == nil:
		return nil, refuse(Unknown, "container %s is not here: it has ended", in.Container)
	case e.isCommand():
		return nil, refuse(Denied, "container %s runs a command task: it has no executor to connect", in.Container)
	case string(e.framework.id) != fid:
		return nil, refuse(Denied, "call.framework_id: %q is not the framework %q of the token's container", fid, e.framework.id)
	case string(e.launch.Executor) != eid:
		return nil, refuse(Denied, "call.executor_id: %q is not the executor %q of the token's container", eid, e.launch.Executor)
	case e.over:
		return nil, refuse(Over, "executor %s has ended", eid)
	case in.Call.GetType() == executor.Call_SUBSCRIBE || in.Conn == e.conn:
		return e, nil
	case c.conns[in.Conn] == nil && e.conn != 0:
		return nil, refuse(Replaced, "another connection of executor %s has subscribed", eid)
	default:
		return nil, refuse(NotReady, "call.type: %v before SUBSCRIBED", in.Call.GetType())
	}
}

func (c *Core) subscribeCall(now time.Time, e *execution, in ExecutorCall) error {
	switch {
	case c.conns[in.Conn] != nil:
		return refuse(Invalid, "call.type: SUBSCRIBE twice on one connection")
	case e.state == Fetching:
		return refuse(NotReady, "executor %s has not been started", e.launch.Executor)
	}
	for _, s := range in.Call.GetSubscribe().GetUnacknowledgedUpdates() {
		if err := checkUpdate(s.GetStatus()); err != nil {
			return err
		}
	}
	c.replace(e, in.Conn)
	if e.state == Starting {
		e.early = &early{in.Conn, in.Call.GetSubscribe()}
		return nil
	}
	c.subscribe(now, e, in.Conn, in.Call.GetSubscribe())
	return nil
}

// replace makes a connection that of the execution, and ends the one before.
func (c *Core) replace(e *execution, conn ConnID) {
	for _, old := range []ConnID{e.conn, e.early.id()} {
		if old != 0 {
			delete(c.conns, old)
			c.send(Hangup{old, Replaced, "another connection of this executor has subscribed"})
		}
	}
	e.conn, e.early = 0, nil
	c.conns[conn] = e
}

// subscribe gives an executor its events, on a connection that is its own.
// What it brings is handled in this order: updates that it has sent without
// an answer, then tasks that it never got, then kills that it may have missed.
func (c *Core) subscribe(now time.Time, e *execution, conn ConnID, s *executor.Call_Subscribe) {
	e.conn = conn
	if e.state == Terminating {
		c.executorUpdates(now, e, s.GetUnacknowledgedUpdates())
		c.event(e, &executor.Event{Type: executor.Event_SHUTDOWN.Enum()})
		return
	}
	if e.state == Registering {
		_ = c.move(e, subscribed) // Registering has this event
	}
	c.timers.stop(&e.timer)
	c.event(e, &executor.Event{
		Type: executor.Event_SUBSCRIBED.Enum(),
		Subscribed: &executor.Event_Subscribed{
			ExecutorInfo:  e.proto(),
			FrameworkInfo: e.framework.info,
			AgentInfo:     c.info(),
			ContainerId:   e.status.ContainerId,
		},
	})
	c.executorUpdates(now, e, s.GetUnacknowledgedUpdates())
	c.reconcile(now, e, s.GetUnacknowledgedTasks())
	c.touch(e)
}

// reconcile ends tasks that were sent to an executor which has not seen them,
// and repeats the kills of the others.
func (c *Core) reconcile(now time.Time, e *execution, has []*mesos.TaskInfo) {
	known := make(map[TaskID]bool, len(has))
	for _, t := range has {
		known[TaskID(t.GetTaskId().GetValue())] = true
	}
	for _, t := range e.live() {
		switch {
		case t.phase != delivered:
		case t.latest == mesos.TaskState_TASK_STAGING && !known[t.id]:
			c.end(now, t, &fate{
				state:   t.framework.lost(mesos.TaskState_TASK_DROPPED),
				reason:  mesos.TaskStatus_REASON_AGENT_RESTARTED,
				message: "the executor connected again and did not get the task before",
			})
		case t.killed:
			c.event(e, killEvent(t))
		}
	}
}

// proto is the executor as it was given, with its framework's id.
func (e *execution) proto() *mesos.ExecutorInfo {
	if e.info.FrameworkId != nil {
		return e.info
	}
	return &mesos.ExecutorInfo{
		Type: e.info.Type, ExecutorId: e.info.ExecutorId, FrameworkId: e.framework.info.GetId(),
		Command: e.info.Command, Container: e.info.Container, Resources: e.info.Resources,
		Name: e.info.Name, Data: e.info.Data, Discovery: e.info.Discovery,
		ShutdownGracePeriod: e.info.ShutdownGracePeriod, Labels: e.info.Labels,
	}
}

// info is the agent as executors see it.
func (c *Core) info() *mesos.AgentInfo {
	return &mesos.AgentInfo{
		Hostname:   c.cfg.Agent.Hostname,
		Port:       c.cfg.Agent.Port,
		Attributes: c.cfg.Agent.GetAttributes(),
		Resources:  c.ledger.Total().Proto(),
		Id:         c.id(),
	}
}

func checkUpdate(s *mesos.TaskStatus) error {
	if s.GetState() == mesos.TaskState_TASK_STAGING {
		return refuse(Invalid, "update.status.state: an executor cannot report TASK_STAGING (task %s)", s.GetTaskId().GetValue())
	}
	return nil
}

func (c *Core) updateCall(now time.Time, e *execution, s *mesos.TaskStatus) error {
	if err := checkUpdate(s); err != nil {
		return err
	}
	c.executorUpdate(now, e, s)
	return nil
}

// executorUpdates takes what an executor has sent before without an answer.
func (c *Core) executorUpdates(now time.Time, e *execution, updates []*executor.Call_Update) {
	for _, u := range updates {
		c.executorUpdate(now, e, u.GetStatus())
	}
}

// executorUpdate takes a status from an executor, and acknowledges it unless
// it is to come again.
func (c *Core) executorUpdate(now time.Time, e *execution, s *mesos.TaskStatus) {
	id := TaskID(s.GetTaskId().GetValue())
	v := late
	switch t := e.framework.tasks[id]; {
	case t == nil || t.executor != e || t.phase == queued:
		c.note(Note{
			Kind: NoteUpdateDropped, Framework: e.framework.id, Executor: e.launch.Executor, Task: id,
			To: s.GetState().String(), Text: "the executor does not have this task",
		})
	case t.updates.repeats(s):
		c.note(Note{Kind: NoteUpdateDuplicate, Framework: e.framework.id, Task: id, To: s.GetState().String()})
	default:
		c.complete(now, t, s)
		v = c.report(now, t, s)
	}
	if v == overflow {
		return
	}
	c.event(e, &executor.Event{
		Type:         executor.Event_ACKNOWLEDGED.Enum(),
		Acknowledged: &executor.Event_Acknowledged{TaskId: s.GetTaskId(), Uuid: s.GetUuid()},
	})
}

// messageUp passes an executor's message to its framework, if it can.
func (c *Core) messageUp(e *execution, data []byte) {
	if c.link != registered || e.state != Running {
		c.note(Note{
			Kind: NoteMessageIgnored, Framework: e.framework.id, Executor: e.launch.Executor,
			Text: "executor or agent is not running",
		})
		return
	}
	c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_ExecutorMessage{
		ExecutorMessage: &link.ExecutorMessage{
			FrameworkId: e.framework.info.GetId(), ExecutorId: e.info.ExecutorId, Data: data,
		},
	}}})
}

// disconnect forgets a connection. Its executor goes on, and may come back
// within the time in which it first had to come.
func (c *Core) disconnect(now time.Time, conn ConnID) {
	e := c.conns[conn]
	if e == nil {
		return // it was hung up, or never subscribed
	}
	delete(c.conns, conn)
	if e.conn == conn {
		e.conn = 0
		if e.state == Running {
			c.timers.set(&e.timer, now.Add(c.cfg.RegistrationTimeout))
		}
	}
	if e.early.id() == conn {
		e.early = nil
	}
}
