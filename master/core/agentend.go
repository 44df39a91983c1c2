// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

// agentClosed handles the loss of an agent's link: its offers are rescinded at
// once, its tasks stay what they were until it comes back or is given up.
func (c *Core) agentClosed(conn ConnID) {
	a := c.links[conn]
	if a == nil {
		return
	}
	delete(c.links, conn)
	a.conn = 0
	c.alloc.ActivateAgent(a.id, false, "not connected")
	for _, o := range sortedOffers(a.offers) {
		c.rescind(o)
	}
	a.lost = c.timers.set(c.now.Add(c.cfg.AgentReregisterTimeout), func() { c.giveUp(a) })
	c.note(Note{Level: Warn, Event: "agent disconnected", Agent: a.id, Detail: a.info.GetHostname()})
}

const (
	// removedAtOnce is how many lost agents are removed in one go, with
	// removalPause between two: every framework is told of each, so that all
	// agents of a large cluster at once would be more than any queue takes.
	removedAtOnce = 100
	removalPause  = 100 * time.Millisecond
)

// giveUp has an agent removed that did not come back in time.
func (c *Core) giveUp(a *agent) {
	a.givenUp = true
	c.overdue = append(c.overdue, a)
	if c.removal == nil {
		c.removal = c.timers.set(c.now, c.removeSome)
	}
}

// removeSome removes the next agents that were given up and are still away, and
// comes back for the rest.
func (c *Core) removeSome() {
	n := min(removedAtOnce, len(c.overdue))
	for _, a := range c.overdue[:n] {
		if a.givenUp && c.agents[a.id] == a {
			c.removeAgent(a, "it did not come back in "+c.cfg.AgentReregisterTimeout.String())
		}
	}
	c.overdue = c.overdue[n:]
	if len(c.overdue) == 0 {
		c.overdue, c.removal = nil, nil
		return
	}
	c.removal = c.timers.set(c.now.Add(removalPause), c.removeSome)
}

// removeAgent gives an agent up, for good: each of its tasks is lost, and every
// framework is told that the agent is.
func (c *Core) removeAgent(a *agent, why string) {
	c.timers.stop(a.lost)
	c.unlink(a)
	c.vacate(a)
	c.note(Note{Level: Warn, Event: "agent removed", Agent: a.id, Detail: why})
	for _, o := range sortedOffers(a.offers) {
		c.rescind(o)
	}
	affected := make(map[FrameworkID]*framework)
	for _, t := range sortedTasks(a.tasks) {
		affected[t.framework.id] = t.framework
		c.tellLost(t, mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED,
			"agent "+a.info.GetHostname()+" was removed: "+why)
		c.dropTask(t)
	}
	for _, e := range sortedExecutors(a.executors) {
		affected[e.framework.id] = e.framework
		c.dropExecutor(e)
	}
	delete(c.agents, a.id)
	c.alloc.RemoveAgent(a.id)
	c.removed.add(a.id)
	failure := failureEvent(a.protoID, nil, nil)
	for _, f := range sortedFrameworks(c.frameworks) {
		c.toFramework(f, failure)
	}
	for _, f := range sortedFrameworks(affected) {
		c.forgetIfEmpty(f)
	}
}

// sortedAgents returns agents in the order in which they registered.
func sortedAgents(m map[AgentID]*agent) []*agent {
	return slices.SortedFunc(maps.Values(m), func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
}

// sortedFrameworks returns frameworks in the order of their ids.
func sortedFrameworks(m map[FrameworkID]*framework) []*framework {
	return slices.SortedFunc(maps.Values(m), func(a, b *framework) int { return cmp.Compare(a.id, b.id) })
}
