// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// linkState is where the connection to the master is.
type linkState uint8

const (
	down        linkState = iota
	registering           // Register is out
	registered
	held // up, but an agent that the master does not want has still to become empty, or is over
)

// maxExits is how many ends of executors are kept for the next registration.
const maxExits = 1024

// lingerTime is how long a stopping agent without containers waits for the
// last acknowledgements.
const lingerTime = 2 * time.Second

// linkUp registers with the master on a new connection.
func (c *Core) linkUp() {
	if c.link != down {
		c.linkDown()
	}
	if c.leaving && (c.gone || len(c.containers) > 0) {
		c.link = held
		return
	}
	c.leaving = false
	c.link = registering
	c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_Register{Register: c.register()}}})
}

// linkDown lets the updates in flight wait for the next registration. What has
// not left yet must not come out on another connection.
func (c *Core) linkDown() {
	c.link = down
	c.timers.stop(&c.silence)
	c.out.Send = slices.DeleteFunc(c.out.Send, func(m Message) bool {
		up, ok := m.(ToMaster)
		if ok && up.Message.GetExecutorExited() != nil {
			c.keepExit(up)
		}
		return ok
	})
	for _, f := range c.frameworks {
		for _, t := range f.tasks {
			c.timers.stop(&t.updates.retry)
		}
	}
	for _, o := range c.operations {
		c.timers.stop(&o.retry)
	}
}

// register tells a master all that it may not know.
func (c *Core) register() *link.Register {
	agent := &mesos.AgentInfo{
		Hostname:   c.cfg.Agent.Hostname,
		Port:       c.cfg.Agent.Port,
		Attributes: c.cfg.Agent.GetAttributes(),
		Domain:     c.cfg.Agent.GetDomain(),
		Resources:  c.cfg.Total.Proto(),
	}
	if c.agentID != "" {
		agent.Id = c.id()
	}
	r := &link.Register{
		Agent: agent, Version: &c.cfg.Version, Capabilities: capabilities(),
		Total: c.ledger.Total().Proto(), ResourceVersion: c.version,
	}
	c.toldVersion = c.version
	for _, o := range c.allOperations() {
		if o.told() {
			r.Operations = append(r.Operations, o.proto(agent.Id))
		}
	}
	r.Drain = c.drainInfo()
	for _, id := range slices.Sorted(maps.Keys(c.frameworks)) {
		r.Frameworks = append(r.Frameworks, c.frameworks[id].info)
	}
	for _, e := range c.executions() {
		if !e.isCommand() && !e.over {
			r.Executors = append(r.Executors, e.proto())
		}
	}
	for _, t := range c.allTasks() {
		r.Tasks = append(r.Tasks, t.proto(c.agentID))
	}
	for _, m := range c.exits {
		r.Exited = append(r.Exited, m.Message.GetExecutorExited())
	}
	c.exitsListed = len(c.exits)
	return r
}

// capabilities are what this agent can do and others may not.
func capabilities() (all []*mesos.AgentInfo_Capability) {
	for _, t := range []mesos.AgentInfo_Capability_Type{
		mesos.AgentInfo_Capability_MULTI_ROLE,
		mesos.AgentInfo_Capability_HIERARCHICAL_ROLE,
		mesos.AgentInfo_Capability_RESERVATION_REFINEMENT,
		mesos.AgentInfo_Capability_RESIZE_VOLUME,
		mesos.AgentInfo_Capability_AGENT_OPERATION_FEEDBACK,
		mesos.AgentInfo_Capability_AGENT_DRAINING,
	} {
		all = append(all, &mesos.AgentInfo_Capability{Type: &t})
	}
	return all
}

// executions are in the order of their launches.
func (c *Core) executions() []*execution {
	return slices.SortedFunc(maps.Values(c.containers), func(a, b *execution) int { return cmp.Compare(a.order, b.order) })
}

// allTasks are in the order of their arrival.
func (c *Core) allTasks() []*task {
	var all []*task
	for _, f := range c.frameworks {
		all = slices.AppendSeq(all, maps.Values(f.tasks))
	}
	slices.SortFunc(all, func(a, b *task) int { return cmp.Compare(a.order, b.order) })
	return all
}

// fromMaster applies a message of the master.
func (c *Core) fromMaster(now time.Time, m *link.FromMaster) error {
	switch m := m.GetMessage().(type) {
	case *link.FromMaster_Registered:
		return c.registered(now, m.Registered)
	case *link.FromMaster_Shutdown:
		c.leave(now, m.Shutdown)
		return nil
	case nil:
		return errors.New("core: the master's message is empty or of a kind that this agent does not know")
	}
	if c.link != registered {
		return fmt.Errorf("core: %T before Registered", m.GetMessage())
	}
	switch m := m.GetMessage().(type) {
	case *link.FromMaster_Run:
		return c.run(now, m.Run)
	case *link.FromMaster_RunGroup:
		return c.runGroup(now, m.RunGroup)
	case *link.FromMaster_Kill:
		return c.kill(now, m.Kill)
	case *link.FromMaster_Acknowledge:
		c.acknowledge(now, m.Acknowledge)
	case *link.FromMaster_ExecutorMessage:
		c.messageDown(m.ExecutorMessage)
	case *link.FromMaster_ShutdownExecutor:
		c.shutdownExecutor(now, m.ShutdownExecutor)
	case *link.FromMaster_ShutdownFramework:
		c.shutdownFramework(now, m.ShutdownFramework)
	case *link.FromMaster_UpdateFramework:
		c.updateFramework(now, m.UpdateFramework.GetFramework())
	case *link.FromMaster_ApplyOperation:
		return c.applyOperation(now, m.ApplyOperation)
	case *link.FromMaster_AcknowledgeOperation:
		c.acknowledgeOperation(m.AcknowledgeOperation)
	case *link.FromMaster_Drain:
		c.beginDrain(now, m.Drain.GetConfig())
	case *link.FromMaster_Ping:
		c.ping(now)
	default:
		return fmt.Errorf("core: unknown message %T from the master", m)
	}
	return nil
}

// registered starts, or resumes, the work with a master: every stream sends
// its front again at once.
func (c *Core) registered(now time.Time, r *link.Registered) error {
	id := r.GetAgentId().GetValue()
	switch {
	case c.link != registering:
		return errors.New("core: Registered without a Register")
	case mesos.ValidateID("agent id", id) != nil:
		return fmt.Errorf("core: registered: %w", mesos.ValidateID("agent id", id))
	case c.agentID != "" && c.agentID != id:
		return fmt.Errorf("core: registered: the master calls this agent %q, which is %q", id, c.agentID)
	}
	c.link, c.agentID = registered, id
	c.note(Note{Kind: NoteRegistered, Text: id})
	c.listen(now, r)
	for _, m := range c.exits[c.exitsListed:] {
		c.send(m)
	}
	c.exits, c.exitsListed = nil, 0
	for _, t := range c.allTasks() {
		t.updates.interval = 0
		c.transmit(now, t)
	}
	c.resumeOperations(now)
	return nil
}

// messageDown passes a framework's message to its executor, if it is there.
func (c *Core) messageDown(m *link.ExecutorMessage) {
	fid, eid := FrameworkID(m.GetFrameworkId().GetValue()), ExecutorID(m.GetExecutorId().GetValue())
	if e := c.executor(fid, eid); e != nil && e.state == Running && e.conn != 0 {
		c.event(e, &executor.Event{
			Type:    executor.Event_MESSAGE.Enum(),
			Message: &executor.Event_Message{Data: m.GetData()},
		})
		return
	}
	c.note(Note{Kind: NoteMessageIgnored, Framework: fid, Executor: eid, Text: "the executor is not connected"})
}

// executor is a framework's own executor that is not terminated, or nil.
func (c *Core) executor(fid FrameworkID, eid ExecutorID) *execution {
	if f := c.frameworks[fid]; f != nil {
		return f.executors[eid]
	}
	return nil
}

func (c *Core) shutdownExecutor(now time.Time, m *link.ShutdownExecutor) {
	fid, eid := FrameworkID(m.GetFrameworkId().GetValue()), ExecutorID(m.GetExecutorId().GetValue())
	if e := c.executor(fid, eid); e != nil {
		c.shutdown(now, e, "by its framework")
		return
	}
	c.note(Note{Kind: NoteMessageIgnored, Framework: fid, Executor: eid, Text: "shutdown of an executor that is not here"})
}

// shutdownFramework ends all of a framework that is removed. The master
// acknowledges its updates from now on.
func (c *Core) shutdownFramework(now time.Time, m *link.ShutdownFramework) {
	f := c.frameworks[FrameworkID(m.GetFrameworkId().GetValue())]
	if f == nil {
		return
	}
	f.removed = true
	for _, e := range c.executions() {
		if e.framework == f {
			c.shutdown(now, e, "because its framework is removed")
		}
	}
}

// leave ends everything, for a master that does not want the agent and will
// acknowledge nothing; then the agent registers as one that was never there, or is
// over if it is gone. A master cannot mean that of an agent that has no id yet.
func (c *Core) leave(now time.Time, m *link.Shutdown) {
	if m.GetGone() && c.agentID != "" && !c.gone {
		c.gone, c.goneWhy = true, m.GetMessage()
		c.note(Note{Kind: NoteGone, Text: m.GetMessage()})
	} else {
		c.note(Note{Kind: NoteLeaving, Text: m.GetMessage()})
	}
	c.leaving, c.link, c.exits, c.exitsListed = true, held, nil, 0
	c.timers.stop(&c.silence)
	c.drain = nil // it was of the agent that is to go
	for _, t := range c.allTasks() {
		c.forgo(t)
	}
	c.forgoOperations()
	for _, e := range c.executions() {
		c.shutdown(now, e, "because the master does not want this agent")
	}
}

// stop ends everything, for good, and within the grace.
func (c *Core) stop(now time.Time, grace time.Duration) {
	if !c.stopping {
		c.stopping = true
		c.note(Note{Kind: NoteStopping})
	}
	for _, e := range c.executions() {
		c.shutdown(now, e, "because the agent stops")
		c.hasten(now, e, grace)
	}
}

// settle notices that the last task of an executor has ended, or that the last
// container of a stopping or leaving agent is gone. It is cheap: it runs after each step.
func (c *Core) settle(now time.Time) {
	c.settleUndo()
	c.settleDrain(now)
	if len(c.containers) > 0 {
		return
	}
	if c.leaving {
		c.left()
	}
	if c.stopping && !c.stopped {
		if c.link != registered || c.isEmpty() {
			c.unregister()
		} else if c.linger.place == 0 {
			c.timers.set(&c.linger, now.Add(lingerTime))
		}
	}
}

// left lets go of the link that a leaving agent without containers still has. One
// that is gone keeps its name, and needs nothing more.
func (c *Core) left() {
	reason := "the agent is empty and registers anew"
	if c.gone {
		reason, c.stopped = "the agent is gone", true
	} else {
		c.agentID = ""
	}
	if c.link == held {
		c.link = down
		c.send(Unlink{reason})
	}
}

// unregister ends the work. The master is told, if it is there, so that it need not
// wait to find out: the message may get lost with the link.
func (c *Core) unregister() {
	c.stopped = true
	if c.link == registered {
		c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_Unregister{Unregister: &link.Unregister{}}}})
	}
}
