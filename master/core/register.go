// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// register handles an agent's first message on a connection, on which current,
// if not nil, is registered already.
func (c *Core) register(conn ConnID, current *agent, address string, m *link.Register) error {
	if current != nil {
		return failf(Unexpected, "register: agent %s is already registered on this connection", current.id)
	}
	r, problem := c.parseRegistration(m)
	if problem != nil {
		return problem
	}
	a := c.agents[r.id]
	if a == nil && len(c.agents) >= maxAgents {
		return failf(Exhausted, "register: the master knows %d agents and takes no more, come back later", len(c.agents))
	}
	if why := c.turnAway(r, a); why != "" {
		c.note(Note{Level: Warn, Event: "agent turned away", Agent: r.id, Detail: why})
		c.out.Send = append(c.out.Send, Message{Conn: conn, Down: &link.FromMaster{Message: &link.FromMaster_Shutdown{
			Shutdown: &link.Shutdown{Message: new(why)},
		}}})
		c.close(conn, CloseDone)
		return nil
	}
	if a == nil {
		a = c.newAgent(r, address)
	} else {
		c.takeOver(a, r)
	}
	c.connect(a, conn, address, r.info)
	c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_Registered{
		Registered: &link.Registered{AgentId: a.protoID, Master: c.cfg.Master},
	}})
	c.adopt(a, r)
	c.alloc.ActivateAgent(a.id, true, "")
	return nil
}

// turnAway tells why the agent may never register as what it says it is; empty
// if it may. a is the agent of that id, if the master knows one.
func (c *Core) turnAway(r *registration, a *agent) string {
	switch {
	case c.removed.has(r.id):
		return fmt.Sprintf("agent %s was removed, its tasks were reported lost: register as a new agent", r.id)
	case a != nil && a.info.GetHostname() != r.info.GetHostname():
		return fmt.Sprintf("hostname %q: agent %s must keep the hostname %q, or register as a new agent",
			r.info.GetHostname(), a.id, a.info.GetHostname())
	}
	return ""
}

// newAgent adds an agent, under the id that an earlier master gave it if it has
// one. One that is new in the place of a lost one proves that the lost one will
// not come back.
func (c *Core) newAgent(r *registration, address string) *agent {
	if r.id == "" {
		c.removePredecessors(placeOf(r.info, address))
	}
	for r.id == "" || c.agents[r.id] != nil || c.removed.has(r.id) {
		r.id = c.ids.agent()
	}
	c.agentSeq++
	a := &agent{
		id:        r.id,
		protoID:   &mesos.AgentID{Value: new(string(r.id))},
		seq:       c.agentSeq,
		total:     r.total,
		offers:    make(map[OfferID]*offer),
		tasks:     make(map[taskKey]*task),
		executors: make(map[executorKey]*executor),
	}
	c.agents[a.id] = a
	c.alloc.AddAgent(a.id, r.info, a.total)
	c.note(Note{Level: Info, Event: "agent added", Agent: a.id, Detail: r.info.GetHostname() + " " + a.total.String()})
	return a
}

// takeOver readies a known agent for a new registration: an old connection
// ends, its offers are rescinded, and the books are cleared of what it ran,
// which the registration lists anew.
func (c *Core) takeOver(a *agent, r *registration) {
	c.timers.stop(a.lost)
	c.unlink(a)
	for _, o := range sortedOffers(a.offers) {
		c.rescind(o)
	}
	r.before = sortedTasks(a.tasks)
	r.beforeExecutors = sortedExecutors(a.executors)
	for _, t := range r.before {
		c.dropTask(t)
	}
	for _, e := range r.beforeExecutors {
		c.dropExecutor(e)
	}
	a.total = r.total
	c.alloc.UpdateAgent(a.id, r.info, a.total)
	c.note(Note{Level: Info, Event: "agent came back", Agent: a.id, Detail: r.info.GetHostname()})
}

// unlink ends the agent's connection, if it has one, in favour of another.
func (c *Core) unlink(a *agent) {
	if a.conn == 0 {
		return
	}
	delete(c.links, a.conn)
	c.close(a.conn, CloseReplaced)
	a.conn = 0
}

// connect makes conn the agent's link.
func (c *Core) connect(a *agent, conn ConnID, address string, info *mesos.AgentInfo) {
	info.Id = a.protoID
	a.info = info
	a.url = &mesos.URL{
		Scheme: new("http"),
		Address: &mesos.Address{
			Hostname: info.Hostname,
			Ip:       new(address),
			Port:     new(info.GetPort()),
		},
	}
	c.settleAt(a, placeOf(info, address))
	a.conn, a.givenUp = conn, false
	c.links[conn] = a
}
