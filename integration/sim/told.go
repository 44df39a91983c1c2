// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"maps"
	"slices"

	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

func sortedConns(m map[core.ConnID]*conn) []core.ConnID { return slices.Sorted(maps.Keys(m)) }

// told is what this master has told schedulers that they are offered: a book of
// what is on the wire, kept without asking any core. An offer stands from the event
// that makes it to the event, the call or the end of the connection that ends it.
type told struct {
	w       *world
	offers  map[string]*toldOffer // by id
	byConn  map[uint64]map[string]*toldOffer
	byAgent map[string]map[string]*toldOffer // by agent's id
	dirty   map[string]bool                  // agents
	refused refusals
}

type toldOffer struct {
	id, agent, role string
	conn            uint64
	resources       resource.Resources
}

func newTold(w *world) *told {
	t := &told{w: w}
	t.clear()
	return t
}

// clear forgets all: the master is gone, and its offers with it.
func (t *told) clear() {
	t.offers = make(map[string]*toldOffer)
	t.byConn = make(map[uint64]map[string]*toldOffer)
	t.byAgent = make(map[string]map[string]*toldOffer)
	t.dirty = make(map[string]bool)
	t.refused = refusals{t.w, make(map[uint64][]refusal)}
}

func (t *told) event(c *conn, e *scheduler.Event) {
	switch e.GetType() {
	case scheduler.Event_OFFERS:
		for _, o := range e.GetOffers().GetOffers() {
			r, err := resource.FromProto(o.GetResources())
			if err != nil {
				t.w.fail("L1: an offer of impossible resources", "%v: %v", o, err)
			}
			t.add(&toldOffer{o.GetId().GetValue(), o.GetAgentId().GetValue(), o.GetAllocationInfo().GetRole(), c.id, r})
		}
	case scheduler.Event_RESCIND:
		t.end(e.GetRescind().GetOfferId().GetValue())
	}
}

func (t *told) add(o *toldOffer) {
	if t.offers[o.id] != nil {
		t.w.fail("L1: an offer id is used twice", "%s", o.id)
	}
	t.refused.offered(o)
	t.w.promises.offered(o.agent)
	t.offers[o.id] = o
	if t.byConn[o.conn] == nil {
		t.byConn[o.conn] = make(map[string]*toldOffer)
	}
	if t.byAgent[o.agent] == nil {
		t.byAgent[o.agent] = make(map[string]*toldOffer)
	}
	t.byConn[o.conn][o.id], t.byAgent[o.agent][o.id] = o, o
	t.dirty[o.agent] = true
}

func (t *told) end(id string) {
	o := t.offers[id]
	if o == nil {
		return
	}
	delete(t.offers, id)
	delete(t.byConn[o.conn], id)
	delete(t.byAgent[o.agent], id)
}

// called takes note of a call that is about to reach the master.
func (t *told) called(c *conn, call *scheduler.Call) {
	t.refused.called(c, call)
	for _, id := range call.GetAccept().GetOfferIds() {
		t.answered(c, id.GetValue())
	}
	for _, id := range call.GetDecline().GetOfferIds() {
		if o := t.answered(c, id.GetValue()); o != nil {
			t.refused.declined(c, o, call.GetDecline().GetFilters())
		}
	}
	if k := call.GetKill(); k != nil {
		t.w.tasks.killed(k.GetTaskId().GetValue())
	}
}

// answered ends an offer that its scheduler has answered, and returns it.
func (t *told) answered(c *conn, id string) *toldOffer {
	o := t.offers[id]
	if o == nil || o.conn != c.id {
		return nil
	}
	t.end(id)
	return o
}

// gone is the end of a scheduler's connection at the master.
func (t *told) gone(c *conn) {
	for _, id := range sortedKeys(t.byConn[c.id]) {
		t.end(id)
	}
	delete(t.byConn, c.id)
	delete(t.refused.byConn, c.id)
}

// check holds what is offered of each agent, with what runs there, against what
// the agent has: in quantities, as reservations change at the master first.
func (t *told) check() {
	if len(t.dirty) == 0 {
		return
	}
	for _, a := range t.w.agents {
		if a.core != nil && t.dirty[a.id()] {
			t.checkAgent(a)
		}
	}
	clear(t.dirty)
}

func (t *told) checkAgent(a *agent) {
	ledger := a.core.Ledger()
	offered := amount{}
	for _, o := range t.byAgent[a.id()] {
		if t.w.prof.optimistic {
			offered = offered.most(amountOf(o.resources))
		} else {
			offered = offered.plus(amountOf(o.resources))
		}
	}
	total, free := amountOf(ledger.Total()), amountOf(ledger.Free())
	if !free.contains(offered) {
		t.w.fail("L1: more is offered and in use than there is", "%s has %v, %v of it free; offered are %v",
			a.id(), total, free, offered)
	}
}

// amount is how much of what agents have here, whatever it is reserved for.
type amount struct {
	cpus, mem, disk resource.Milli
	ports           uint64
}

func amountOf(r resource.Resources) amount {
	a := amount{cpus: r.CPUs(), mem: r.Mem(), disk: r.Disk()}
	for _, p := range r.Ports() {
		a.ports += p.End - p.Begin + 1
	}
	return a
}

func (a amount) plus(b amount) amount {
	return amount{a.cpus + b.cpus, a.mem + b.mem, a.disk + b.disk, a.ports + b.ports}
}

func (a amount) most(b amount) amount {
	return amount{max(a.cpus, b.cpus), max(a.mem, b.mem), max(a.disk, b.disk), max(a.ports, b.ports)}
}

func (a amount) contains(b amount) bool {
	return a.cpus >= b.cpus && a.mem >= b.mem && a.disk >= b.disk && a.ports >= b.ports
}
