// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/protobuf/proto"
)

// register handles an agent's first message on a connection, on which current,
// if not nil, is registered already.
func (c *Core) register(conn ConnID, current *agent, address string, m *link.Register) error {
	r, problem := c.parseRegistration(m)
	if problem != nil {
		return problem
	}
	if current != nil {
		return c.registerTwice(current, r)
	}
	a := c.findAgent(r.id)
	if c.agents[r.id] == nil && len(c.agents) >= maxAgents {
		return failf(Exhausted, "register: the master knows %d agents and takes no more, come back later", len(c.agents))
	}
	if why := c.turnAway(r, a, address); why != "" {
		c.note(Note{Level: Warn, Event: "agent turned away", Agent: r.id, Detail: why})
		c.out.Send = append(c.out.Send, Message{Conn: conn, Down: shutdownMessage(why, a != nil && a.state == AgentGone)})
		c.close(conn, CloseDone)
		return nil
	}
	known, stranger := proto.Equal(a.identity(), r.info), a == nil
	switch {
	case a == nil:
		a = c.newAgent(r, address)
	case a.state == AgentRecovered || a.state == AgentUnreachable:
		c.readmit(a, r)
	default:
		c.takeOver(a, r)
	}
	c.connect(a, conn, address, r)
	if !known {
		c.rememberAgent(a)
	}
	c.greet(a)
	c.adopt(a, r)
	c.resumeDrain(a, m.GetDrain(), stranger)
	c.activate(a)
	return nil
}

// registerTwice answers a registration on a connection on which the agent is
// registered already: again, if it says the same.
func (c *Core) registerTwice(a *agent, r *registration) error {
	if r.id == "" {
		r.info.Id = a.protoID
	}
	if !proto.Equal(a.info, r.info) {
		return failf(Unexpected, "register: agent %s is already registered on this connection, as something else: connect again", a.id)
	}
	c.greet(a)
	return nil
}

// greet answers a registration.
func (c *Core) greet(a *agent) {
	c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_Registered{
		Registered: &link.Registered{
			AgentId: a.protoID, Master: c.cfg.Master, TotalPingTimeoutSeconds: new(c.totalPingTimeout().Seconds()),
		},
	}})
}

// findAgent returns an agent of whatever state, or nil.
func (c *Core) findAgent(id AgentID) *agent {
	if a := c.agents[id]; a != nil {
		return a
	}
	return c.departed.byID[id]
}

// identity is what the registry has of an agent that may come back; nil if it has
// none or another.
func (a *agent) identity() *mesos.AgentInfo {
	if a == nil || a.state == AgentUnreachable {
		return nil
	}
	return a.info
}

// turnAway tells why the agent may not register as what it says it is, or not
// now; empty if it may. a is the agent of that id, if the master knows one.
func (c *Core) turnAway(r *registration, a *agent, address string) string {
	switch {
	case a != nil && a.state == AgentGone:
		return fmt.Sprintf("agent %s was marked gone by an operator, its tasks were reported so: it does not come back", r.id)
	case a != nil && a.state == AgentRemoved:
		return fmt.Sprintf("agent %s was removed, its tasks were reported lost: register as a new agent", r.id)
	case a != nil && a.info.GetHostname() != r.info.GetHostname():
		return fmt.Sprintf("hostname %q: agent %s must keep the hostname %q, or register as a new agent",
			r.info.GetHostname(), a.id, a.info.GetHostname())
	}
	m := c.machines.down(r.info.GetHostname(), address)
	if m == nil {
		return ""
	}
	why := fmt.Sprintf("machine %s is down for maintenance: register when it is over", m.id)
	if a != nil {
		c.removeAgent(a, agentMachineDown, why)
	}
	return why
}

// newAgent adds an agent, under the id that an earlier master gave it if it has
// one. One that is new in the place of a lost one proves that the lost one will
// not come back.
func (c *Core) newAgent(r *registration, address string) *agent {
	if r.id == "" {
		c.removePredecessors(placeOf(r.info, address))
	}
	for r.id == "" || c.findAgent(r.id) != nil {
		r.id = c.ids.agent()
	}
	a := c.makeAgent(r.id)
	c.enterAgent(a, r)
	c.note(Note{Level: Info, Event: "agent added", Agent: a.id, Detail: r.info.GetHostname() + " " + a.total.String()})
	return a
}

// makeAgent returns an agent that is in no books yet.
func (c *Core) makeAgent(id AgentID) *agent {
	c.agentSeq++
	return &agent{id: id, protoID: &mesos.AgentID{Value: new(string(id))}, seq: c.agentSeq}
}

// enterAgent enters an agent into the books, with what it has.
func (c *Core) enterAgent(a *agent, r *registration) {
	a.total, a.claimed = r.total, r.total
	a.offers = make(map[OfferID]*offer)
	a.tasks = make(map[taskKey]*task)
	a.executors = make(map[executorKey]*executor)
	a.operations = make(map[string]*operation)
	a.inverse = make(map[FrameworkID]*inverseOffer)
	c.agents[a.id] = a
	c.alloc.AddAgent(a.id, r.info, a.total)
}

// readmit takes in an agent of an earlier master, or one that was unreachable. The
// books know nothing of what it runs, but that some of it was away.
func (c *Core) readmit(a *agent, r *registration) {
	r.returns = a.state == AgentUnreachable
	r.away = sortedTasks(a.away)
	for _, t := range r.away {
		t.framework.unreachable.remove(t)
	}
	a.away = nil
	c.departed.take(a)
	c.enterAgent(a, r)
	c.note(Note{Level: Info, Event: "agent came back", Agent: a.id, Detail: r.info.GetHostname() + ", it was " + a.state.String()})
}

// takeOver readies a known agent for a new registration: an old connection
// ends, its offers are rescinded, and the books are cleared of what it ran,
// which the registration lists anew.
func (c *Core) takeOver(a *agent, r *registration) {
	c.timers.stop(a.lost)
	c.unlink(a, CloseReplaced)
	c.rescindAll(a)
	r.before = sortedTasks(a.tasks)
	r.beforeExecutors = sortedExecutors(a.executors)
	for _, t := range r.before {
		c.dropTask(t)
	}
	for _, e := range r.beforeExecutors {
		c.dropExecutor(e)
	}
	r.beforeOperations = sortedOperations(a.operations)
	for _, o := range r.beforeOperations {
		c.dropOperation(o)
	}
	a.total, a.claimed = r.total, r.total
	c.alloc.UpdateAgent(a.id, r.info, a.total)
	c.note(Note{Level: Info, Event: "agent came back", Agent: a.id, Detail: r.info.GetHostname()})
}

// unlink ends the agent's connection, if it has one.
func (c *Core) unlink(a *agent, way Close) {
	if a.conn == 0 {
		return
	}
	delete(c.links, a.conn)
	c.close(a.conn, way)
	a.conn = 0
}

// connect makes conn the agent's link.
func (c *Core) connect(a *agent, conn ConnID, address string, r *registration) {
	info := r.info
	info.Id = a.protoID
	a.info, a.version = info, r.version
	a.resourceVersion, a.capabilities = r.resourceVersion, r.capabilities
	a.url = &mesos.URL{
		Scheme: new("http"),
		Address: &mesos.Address{
			Hostname: info.Hostname,
			Ip:       new(address),
			Port:     new(info.GetPort()),
		},
	}
	c.settleAt(a, placeOf(info, address))
	if a.registered.IsZero() {
		a.registered = c.now
	} else {
		a.reregistered = c.now
	}
	c.move(a, agentRegisters)
	a.conn, a.overdue = conn, ""
	c.links[conn] = a
	c.startPings(a)
	c.foresee(a)
}
