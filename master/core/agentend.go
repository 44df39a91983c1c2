// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// agentClosed handles the loss of an agent's link: its offers are rescinded at
// once. Its tasks stay what they were until it comes back or is given up, also
// those of frameworks without checkpoint: that a link broke does not mean that
// the agent did, and if it did, it says so when it registers again.
func (c *Core) agentClosed(conn ConnID) {
	a := c.links[conn]
	if a == nil {
		return
	}
	delete(c.links, conn)
	a.conn = 0
	c.move(a, agentLinkBroken)
	c.activate(a)
	wait := c.cfg.AgentReregisterTimeout
	a.lost = c.timers.set(c.now.Add(wait), func() { c.giveUp(a, "it did not come back in "+wait.String()) })
	c.note(Note{Level: Warn, Event: "agent disconnected", Agent: a.id, Detail: a.info.GetHostname()})
}

// inactive tells why the agent may not be offered; empty if it may.
func (a *agent) inactive() string {
	switch {
	case a.conn == 0:
		return "not connected"
	case a.drain.GetState() == mesos.DrainState_DRAINING:
		return "draining"
	case a.drain != nil:
		return "drained, and not reactivated yet"
	case a.deactivated:
		return "deactivated by an operator"
	}
	return ""
}

// activate tells the allocator whether the agent may be offered. If it may not,
// what stands offered of it is rescinded.
func (c *Core) activate(a *agent) {
	why := a.inactive()
	c.alloc.ActivateAgent(a.id, why == "", why)
	if why != "" {
		c.rescindAll(a)
	}
}

// rescindAll rescinds the offers of an agent, also the inverse ones.
func (c *Core) rescindAll(a *agent) {
	for _, o := range sortedOffers(a.offers) {
		c.rescind(o)
	}
	c.rescindInverse(a)
}

// removeAgent removes an agent for good: its tasks are lost.
func (c *Core) removeAgent(a *agent, e agentEvent, why string) {
	c.depart(a, e, why, loss{
		precise: mesos.TaskState_TASK_LOST, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		message: "agent " + a.info.GetHostname() + " was removed: " + why,
	})
}

// markGone removes an agent for good of which an operator says that it is gone.
func (c *Core) markGone(a *agent) {
	const why = "an operator marked it gone"
	c.depart(a, agentMarkedGone, why, loss{
		precise: mesos.TaskState_TASK_GONE_BY_OPERATOR, reason: mesos.TaskStatus_REASON_AGENT_REMOVED_BY_OPERATOR,
		message: "agent " + a.info.GetHostname() + " is gone: " + why,
	})
}

// depart takes an agent out of the cluster: each of its tasks is told what became
// of it, every framework that the agent is out of reach, and the agent, if it is
// there, that it is not wanted any more.
func (c *Core) depart(a *agent, e agentEvent, why string, l loss) {
	was := a.state
	c.departed.take(a)
	c.move(a, e)
	if a.state != AgentUnreachable {
		c.vacate(a)
	}
	c.dismiss(a, e, l.message)
	c.note(Note{Level: Warn, Event: "agent " + a.state.String(), Agent: a.id, Detail: why})
	affected := c.clearAgent(a, l)
	c.loseAway(a, l)
	c.keepDeparted(a)
	c.rememberAgent(a)
	if was != AgentUnreachable {
		failure := failureEvent(a.protoID, nil, nil)
		for _, f := range sortedFrameworks(c.frameworks) {
			c.toFramework(f, failure)
		}
	}
	for _, f := range affected {
		c.forgetIfEmpty(f)
	}
}

// clearAgent takes all that is on an agent, and the agent, out of the books, and
// returns the frameworks of which there was something.
func (c *Core) clearAgent(a *agent, l loss) []*framework {
	c.timers.stop(a.lost)
	c.timers.stop(a.ping)
	c.leaveQueue(a)
	c.rescindAll(a)
	clear(a.inverse)
	a.unavailability = nil
	delete(c.machines.affected, a.id)
	affected := make(map[FrameworkID]*framework)
	for _, t := range sortedTasks(a.tasks) {
		affected[t.framework.id] = t.framework
		if a.state == AgentUnreachable && !t.shadow && !t.framework.ending && !mesos.Terminal(t.state) {
			c.dropTask(t)
			c.tellLost(t, l)
			t.framework.unreachable.add(t)
			continue
		}
		c.lose(t, l)
	}
	for _, e := range sortedExecutors(a.executors) {
		affected[e.framework.id] = e.framework
		c.dropExecutor(e)
	}
	c.loseOperations(a, l.message)
	if c.agents[a.id] == a {
		delete(c.agents, a.id)
		c.alloc.RemoveAgent(a.id)
	}
	return sortedFrameworks(affected)
}

// dismiss ends the link of an agent that has left, if there is one. It is told
// so where it is to end what it runs.
func (c *Core) dismiss(a *agent, e agentEvent, why string) {
	switch e {
	case agentOverdue:
		c.unlink(a, CloseSilent)
	case agentReplaced:
		c.unlink(a, CloseReplaced)
	case agentUnregisters:
		c.unlink(a, CloseDone)
	default:
		c.toAgent(a, shutdownMessage(why, e == agentMarkedGone))
		c.unlink(a, CloseDone)
	}
}

// shutdownMessage tells an agent that it is not wanted as what it is; one that is gone
// is to end.
func shutdownMessage(why string, gone bool) *link.FromMaster {
	m := &link.Shutdown{Message: new(why)}
	if gone {
		m.Gone = new(true)
	}
	return &link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: m}}
}

// sortedAgents returns agents in the order in which they registered.
func sortedAgents(m map[AgentID]*agent) []*agent {
	return slices.SortedFunc(maps.Values(m), func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
}

// sortedFrameworks returns frameworks in the order of their ids.
func sortedFrameworks(m map[FrameworkID]*framework) []*framework {
	return slices.SortedFunc(maps.Values(m), func(a, b *framework) int { return cmp.Compare(a.id, b.id) })
}
