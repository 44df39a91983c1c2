// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/tepui/tepui/api/v1/scheduler"
)

// subscribe handles SUBSCRIBE on a connection on which current, if not nil, is
// subscribed already. A refused subscription is answered with an ERROR event
// and the end of the connection.
func (c *Core) subscribe(conn ConnID, current *framework, call *scheduler.Call_Subscribe) error {
	if current != nil {
		return failf(Unexpected, "type SUBSCRIBE: %s is already subscribed on this connection", current.id)
	}
	p := profile{call.GetFrameworkInfo(), call.GetSuppressedRoles(), call.GetOfferConstraints()}
	id := FrameworkID(p.info.GetId().GetValue())
	f := c.frameworks[id]
	if err := c.admit(id, f, p); err != nil {
		c.note(Note{Level: Warn, Event: "subscription refused", Framework: id, Detail: err.Text})
		c.refuse(conn, err.Text)
		return nil
	}
	if f == nil {
		f = c.newFramework(id, p)
	} else {
		c.failOver(f, p)
	}
	c.attach(f, conn)
	c.alloc.Subscribe(f.id, f.subscription())
	c.rememberFramework(f)
	c.tellAgents(f)
	return nil
}

// admit tells why a subscription is to be refused, if it is. f is the framework
// of this id, if there is one.
func (c *Core) admit(id FrameworkID, f *framework, p profile) *Error {
	if err := p.validate(); err != nil {
		return err
	}
	switch {
	case c.completed.has(id), f != nil && f.ending:
		return failf(Invalid, "framework_info.id %q: this framework has been removed, subscribe without an id", id)
	case f == nil && len(c.frameworks) >= maxFrameworks:
		return failf(Exhausted, "the master knows %d frameworks and takes no more", len(c.frameworks))
	case f != nil && f.info.GetPrincipal() != p.info.GetPrincipal():
		return failf(Invalid, "framework_info.principal %q: must stay %q", brief(p.info.GetPrincipal()), brief(f.info.GetPrincipal()))
	}
	return nil
}

// newFramework adds a framework under an id of its own, or one that is new to
// this master, which may have followed another.
func (c *Core) newFramework(id FrameworkID, p profile) *framework {
	for id == "" || c.frameworks[id] != nil || c.completed.has(id) {
		id = c.ids.framework()
	}
	f := c.addFramework(id, p)
	f.registered = c.now
	c.note(Note{Level: Info, Event: "framework added", Framework: id, Detail: p.info.GetName()})
	return f
}

// failOver takes over what a known framework now says of itself. Its user and
// checkpoint stay what they were: its agents run by them.
func (c *Core) failOver(f *framework, p profile) {
	p.info.User, p.info.Checkpoint = f.info.User, f.info.Checkpoint
	c.detach(f, "Framework failed over")
	f.setProfile(p)
	if f.registered.IsZero() {
		f.registered = c.now
	} else {
		f.reregistered = c.now
	}
	f.recovered = false
	c.note(Note{Level: Info, Event: "framework failed over", Framework: f.id, Detail: p.info.GetName()})
}

// attach makes conn the framework's connection and greets it.
func (c *Core) attach(f *framework, conn ConnID) {
	c.timers.stop(f.failover)
	f.conn, f.disconnected = conn, time.Time{}
	c.schedulers[conn] = f
	c.toFramework(f, subscribedEvent(f, c.cfg.Master))
	c.beat(f)
}

// detach ends the framework's eligibility and takes back its offers, which are
// not rescinded: nobody is there, or somebody new who never saw them. A
// connection that is still open is told why it ends.
func (c *Core) detach(f *framework, why string) {
	c.timers.stop(f.heartbeat)
	c.timers.stop(f.answer)
	f.backlog, f.answer, f.implied, f.anew = nil, nil, false, false
	c.alloc.Deactivate(f.id)
	for _, o := range sortedOffers(f.offers) {
		c.takeBack(o)
	}
	c.dropInverseOffers(f)
	if f.conn == 0 {
		return
	}
	delete(c.schedulers, f.conn)
	if why != "" {
		c.refuse(f.conn, why)
	}
	f.conn = 0
}

// beat sends a HEARTBEAT now and every HeartbeatInterval.
func (c *Core) beat(f *framework) {
	c.toFramework(f, heartbeatEvent())
	f.heartbeat = c.timers.set(c.now.Add(HeartbeatInterval), func() { c.beat(f) })
}

func (c *Core) suppress(f *framework, roles []string) {
	if roles, ok := c.chosenRoles(f, "SUPPRESS", roles); ok {
		c.alloc.Suppress(f.id, roles)
	}
}

func (c *Core) revive(f *framework, roles []string) {
	if roles, ok := c.chosenRoles(f, "REVIVE", roles); ok {
		c.alloc.Revive(f.id, roles)
	}
}

// chosenRoles returns the roles that a call names, all for none. A call that
// names a role which the framework does not have is ignored.
func (c *Core) chosenRoles(f *framework, call string, roles []string) ([]string, bool) {
	if len(roles) == 0 {
		return f.roles, true
	}
	for _, role := range roles {
		if !f.hasRole(role) {
			c.note(Note{Level: Warn, Event: "call ignored", Framework: f.id, Detail: call + " of unknown role " + brief(role)})
			return nil, false
		}
	}
	return roles, true
}
