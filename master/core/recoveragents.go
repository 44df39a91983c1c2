// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
)

// recoverAgents takes over what an earlier master remembered of agents and of
// maintenance, in the order in which it came to be.
func (c *Core) recoverAgents(records []Record) error {
	since := func(r Record) int64 {
		a, _ := r.Value.(*registry.Agent)
		return a.GetSince().GetNanoseconds()
	}
	slices.SortStableFunc(records, func(a, b Record) int { return cmp.Compare(since(a), since(b)) })
	for _, r := range records {
		var err error
		switch r.Kind {
		case RecordAgent:
			err = check(r, c.recoverAgent)
		case RecordMaintenance:
			err = c.recoverMaintenance(r)
		}
		if err != nil {
			return badRecord(r, err)
		}
	}
	c.expectAgents(c.recovered)
	return nil
}

// recoverAgent takes over an agent. What it has is known when it comes back.
func (c *Core) recoverAgent(key string, r *registry.Agent) error {
	a := c.makeAgent(AgentID(key))
	if err := mesos.ValidateID("agent id", key); err != nil {
		return err
	}
	if a.info = r.GetInfo(); a.info == nil {
		a.info = &mesos.AgentInfo{Id: a.protoID, Hostname: new("")}
	}
	a.deactivated, a.drain = r.GetDeactivated(), r.GetDrain()
	switch r.GetState() {
	case registry.AgentState_AGENT_ADMITTED:
		c.move(a, agentRemembered)
		c.agents[a.id] = a
	case registry.AgentState_AGENT_UNREACHABLE:
		a.state = AgentUnreachable
	case registry.AgentState_AGENT_GONE:
		a.state = AgentGone
	case registry.AgentState_AGENT_REMOVED:
		a.state = AgentRemoved
	default:
		return fmt.Errorf("state %v: must be one that this master version knows", r.GetState())
	}
	a.since = timeOf(r.GetSince())
	if a.state != AgentRecovered {
		c.keepDeparted(a)
	}
	return nil
}

// awaitAgents gives the agents of an earlier master AgentReregisterTimeout to come
// back, from now, and goes on with what was planned for machines.
func (c *Core) awaitAgents() {
	c.sweepLater()
	c.askLater()
	for _, a := range c.agents {
		c.foresee(a)
	}
	if c.recovered > 0 {
		c.note(Note{Level: Info, Event: "agents recovered", Detail: strconv.Itoa(c.recovered)})
		c.timers.set(c.now.Add(c.cfg.AgentReregisterTimeout), c.giveUpRecovered)
	}
}

// giveUpRecovered gives up those agents of an earlier master that have not come
// back. What ran on them this master never knew. If too many are missing, it waits
// for as long again: their network is gone, say, and not they.
func (c *Core) giveUpRecovered() {
	if c.recovered == 0 {
		return
	}
	limit := c.cfg.RecoveryAgentRemovalLimit
	if limit > 0 && float64(c.recovered) > limit*float64(c.hold.expected) {
		c.note(Note{
			Level: Warn, Event: "agents missing",
			Detail: fmt.Sprintf("%d of %d have not come back, more than the removal limit of %v lets become unreachable: they are waited for",
				c.recovered, c.hold.expected, limit),
		})
		c.timers.set(c.now.Add(c.cfg.AgentReregisterTimeout), c.giveUpRecovered)
		return
	}
	for _, a := range sortedAgents(c.agents) {
		if a.state == AgentRecovered {
			c.giveUp(a, "it did not come back to this master in "+c.cfg.AgentReregisterTimeout.String())
		}
	}
}

// rememberAgent writes down how an agent stands.
func (c *Core) rememberAgent(a *agent) {
	value := &registry.Agent{State: registry.AgentState_AGENT_ADMITTED.Enum(), Info: a.info, Drain: a.drain}
	switch a.state {
	case AgentUnreachable:
		value.State = registry.AgentState_AGENT_UNREACHABLE.Enum()
	case AgentGone:
		value.State = registry.AgentState_AGENT_GONE.Enum()
	case AgentRemoved:
		value.State = registry.AgentState_AGENT_REMOVED.Enum()
	}
	value.Since = timeInfo(a.since)
	if a.deactivated {
		value.Deactivated = new(true)
	}
	c.remember(RecordAgent, string(a.id), value)
}
