// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
)

// refusals are what schedulers have declined, each on its connection: they are not
// to be offered it again for a while.
type refusals struct {
	w      *world
	byConn map[uint64][]refusal
}

type refusal struct {
	agent, role string
	resources   resource.Resources
	until       time.Time // by the master's clock
}

// declined takes note of a DECLINE. To refuse takes a second at least, and five if
// nothing sensible is said.
func (r *refusals) declined(c *conn, o *toldOffer, f *mesos.Filters) {
	seconds := f.GetRefuseSeconds()
	if !(seconds >= 0) {
		seconds = 5
	}
	seconds = min(max(seconds, 1), 365*24*3600)
	until := r.w.master.clock().Add(time.Duration(seconds * float64(time.Second)))
	r.byConn[c.id] = append(r.byConn[c.id], refusal{o.agent, o.role, o.resources, until})
}

// called takes note of a call that makes refusals void.
func (r *refusals) called(c *conn, call *scheduler.Call) {
	switch call.GetType() {
	case scheduler.Call_REVIVE:
		roles := call.GetRevive().GetRoles()
		r.byConn[c.id] = slices.DeleteFunc(r.byConn[c.id], func(f refusal) bool {
			return len(roles) == 0 || f.role == "" || slices.Contains(roles, f.role)
		})
	case scheduler.Call_UPDATE_FRAMEWORK:
		delete(r.byConn, c.id)
	}
}

// anew takes note that an agent has registered.
func (r *refusals) anew(agent string) {
	for id := range r.byConn {
		r.byConn[id] = slices.DeleteFunc(r.byConn[id], func(f refusal) bool { return f.agent == agent })
	}
}

// offered checks that an offer is not of what was refused.
func (r *refusals) offered(o *toldOffer) {
	now := r.w.master.clock()
	list := slices.DeleteFunc(r.byConn[o.conn], func(f refusal) bool { return !f.until.After(now) })
	r.byConn[o.conn] = list
	for _, f := range list {
		if f.agent == o.agent && f.role == o.role && f.resources.Contains(o.resources) {
			r.w.fail("fairness: an offer of what was refused", "%s of %s in role %q: %s was refused until %v, it is %v",
				o.id, o.agent, o.role, f.resources, f.until, now)
		}
	}
}
