// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

// agentFor returns the agent that an operator's call names, if it is one that may
// be in the cluster again.
func (c *Core) agentFor(field string, id *mesos.AgentID) (*agent, *Error) {
	a := c.findAgent(AgentID(id.GetValue()))
	switch {
	case a == nil:
		return nil, failf(NotFound, "%s %.255q: the master knows no such agent", field, id.GetValue())
	case a.state == AgentRemoved:
		return nil, failf(Conflict, "%s %q: this agent was removed, it does not come back", field, a.id)
	}
	return a, nil
}

// markAgentGone handles MARK_AGENT_GONE. To mark an agent again changes nothing.
func (c *Core) markAgentGone(call *master.Call_MarkAgentGone) *Error {
	a, err := c.agentFor("mark_agent_gone.agent_id", call.GetAgentId())
	if err != nil {
		return err
	}
	if a.state != AgentGone {
		c.markGone(a)
	}
	return nil
}

// drainAgent handles DRAIN_AGENT, which is carried out over time. An agent that is
// not there is drained when it comes back.
func (c *Core) drainAgent(call *master.Call_DrainAgent) *Error {
	a, err := c.steerable("drain_agent.agent_id", call.GetAgentId())
	if err != nil {
		return err
	}
	config := &mesos.DrainConfig{MarkGone: new(call.GetMarkGone())}
	if d := call.GetMaxGracePeriod(); d != nil {
		if err := d.CheckValid(); err != nil {
			return failf(Invalid, "drain_agent.max_grace_period: %v", err)
		}
		if d.AsDuration() < 0 {
			return failf(Invalid, "drain_agent.max_grace_period %v: must be 0 or more", d.AsDuration())
		}
		config.MaxGracePeriod = mesos.NewDuration(d.AsDuration())
	}
	c.beginDrain(a, config)
	return nil
}

// steerable returns the agent that a call names, if it is not gone for good.
func (c *Core) steerable(field string, id *mesos.AgentID) (*agent, *Error) {
	a, err := c.agentFor(field, id)
	if err == nil && a.state == AgentGone {
		return nil, failf(Conflict, "%s %q: this agent is gone, it does not come back", field, a.id)
	}
	return a, err
}

// deactivateAgent handles DEACTIVATE_AGENT: it runs on, and is offered no more.
func (c *Core) deactivateAgent(call *master.Call_DeactivateAgent) *Error {
	a, err := c.steerable("deactivate_agent.agent_id", call.GetAgentId())
	if err != nil {
		return err
	}
	if !a.deactivated {
		a.deactivated = true
		c.steered(a, "agent deactivated")
	}
	return nil
}

// reactivateAgent handles REACTIVATE_AGENT: it is offered again, also if it was
// drained.
func (c *Core) reactivateAgent(call *master.Call_ReactivateAgent) *Error {
	a, err := c.steerable("reactivate_agent.agent_id", call.GetAgentId())
	if err != nil {
		return err
	}
	if a.drain.GetState() == mesos.DrainState_DRAINING {
		return failf(Conflict, "reactivate_agent.agent_id %q: this agent is draining, it can be reactivated when it has drained", a.id)
	}
	if a.deactivated || a.drain != nil {
		a.deactivated, a.drain = false, nil
		c.steered(a, "agent reactivated")
	}
	return nil
}

// steered writes down and applies what an operator wants of an agent.
func (c *Core) steered(a *agent, event string) {
	c.note(Note{Level: Info, Event: event, Agent: a.id})
	c.rememberAgent(a)
	if a.state == AgentConnected {
		c.activate(a)
	}
}

// getAgents handles GET_AGENTS.
func (c *Core) getAgents() *master.Response {
	return &master.Response{Type: master.Response_GET_AGENTS.Enum(), GetAgents: c.viewAgents()}
}

// viewAgents returns the agents as operators see them, in the order in which they
// registered.
func (c *Core) viewAgents() *master.Response_GetAgents {
	view := &master.Response_GetAgents{}
	for _, a := range sortedAgents(c.agents) {
		if a.state == AgentRecovered {
			view.RecoveredAgents = append(view.RecoveredAgents, a.info)
			continue
		}
		view.Agents = append(view.Agents, a.view(c.offeredNow(a)))
	}
	return view
}

func (a *agent) view(offered resource.Resources) *master.Response_GetAgents_Agent {
	v := &master.Response_GetAgents_Agent{
		AgentInfo:          a.info,
		Active:             new(a.inactive() == ""),
		Deactivated:        new(a.deactivated || a.drain != nil),
		Version:            new(a.version),
		Pid:                new(fmt.Sprintf("agent@%s:%d", a.place.address, a.info.GetPort())),
		RegisteredTime:     timeInfo(a.registered),
		TotalResources:     a.total.Proto(),
		AllocatedResources: a.used.Proto(),
		OfferedResources:   offered.Proto(),
		DrainInfo:          a.drain,
	}
	for _, each := range a.capabilities {
		v.Capabilities = append(v.Capabilities, &mesos.AgentInfo_Capability{Type: each.Enum()})
	}
	if !a.reregistered.IsZero() {
		v.ReregisteredTime = timeInfo(a.reregistered)
	}
	if a.drain != nil && !a.drainStarted.IsZero() {
		v.EstimatedDrainStartTime = timeInfo(a.drainStarted)
	}
	return v
}
