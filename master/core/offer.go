// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// maxOffersPerEvent keeps an OFFERS event well below the size that a client
// takes in one message: an offer is about 1 KB.
const maxOffersPerEvent = 256

// offer is resources of one agent that stand offered to one framework in one
// role.
type offer struct {
	id        OfferID
	seq       uint64 // order of offering
	framework *framework
	agent     *agent
	role      string
	resources resource.Resources
	expires   *timer // nil without an offer timeout
}

func (o *offer) piece() Piece {
	return Piece{Agent: o.agent.id, Framework: o.framework.id, Role: o.role, Resources: o.resources}
}

// makeOffers turns what the allocator grants into offers: one OFFERS event, or
// several where there are many, for each framework.
func (c *Core) makeOffers() {
	if c.holding() {
		return
	}
	var order []*framework
	batch := make(map[*framework][]*mesos.Offer)
	for _, p := range c.alloc.Allocate(c.now) {
		f, a := c.frameworks[p.Framework], c.agents[p.Agent]
		if f == nil || a == nil || f.conn == 0 || a.conn == 0 {
			c.alloc.Release(p) // an allocator that grants this is at fault; the grant is void
			continue
		}
		if batch[f] == nil {
			order = append(order, f)
		}
		batch[f] = append(batch[f], c.addOffer(f, a, p).message())
		if len(batch[f]) == maxOffersPerEvent {
			c.toFramework(f, offersEvent(batch[f]))
			batch[f] = []*mesos.Offer{}
		}
	}
	for _, f := range order {
		if len(batch[f]) > 0 {
			c.toFramework(f, offersEvent(batch[f]))
		}
	}
}

// addOffer enters a granted piece into the books as an offer.
func (c *Core) addOffer(f *framework, a *agent, p Piece) *offer {
	seq := c.ids.offers
	o := &offer{id: c.ids.offer(), seq: seq, framework: f, agent: a, role: p.Role, resources: p.Resources}
	c.offers[o.id], f.offers[o.id], a.offers[o.id] = o, o, o
	switch {
	case !c.cfg.OptimisticOffers:
		a.offered = a.offered.Add(o.resources)
	case !a.recount:
		a.offered = a.offered.Cover(o.resources)
	}
	if c.cfg.OfferTimeout > 0 {
		o.expires = c.timers.set(c.now.Add(c.cfg.OfferTimeout), func() { c.expire(o) })
	}
	return o
}

// dropOffer takes an offer out of the books. Its resources are still granted to
// its framework, as far as the allocator knows.
func (c *Core) dropOffer(o *offer) {
	c.timers.stop(o.expires)
	delete(c.offers, o.id)
	delete(o.framework.offers, o.id)
	delete(o.agent.offers, o.id)
	if c.cfg.OptimisticOffers {
		o.agent.recount = true // others may be offered the same
	} else {
		o.agent.offered = c.less(o.agent.offered, o.resources)
	}
}

// offeredNow returns what is offered of an agent. Where offers overlap it is found
// out when somebody asks, not whenever one of many ends.
func (c *Core) offeredNow(a *agent) resource.Resources {
	if a.recount {
		a.offered, a.recount = c.offeredOf(a), false
	}
	return a.offered
}

// offeredOf returns what the offers of an agent are: once, where they overlap.
func (c *Core) offeredOf(a *agent) resource.Resources {
	var sum resource.Resources
	for _, o := range a.offers { // in no order: the sum is the same in any
		if c.cfg.OptimisticOffers {
			sum = sum.Cover(o.resources)
		} else {
			sum = sum.Add(o.resources)
		}
	}
	return sum
}

// takeBack ends an offer without a word to its framework.
func (c *Core) takeBack(o *offer) {
	c.dropOffer(o)
	c.alloc.Release(o.piece())
}

// rescind ends an offer and tells its framework.
func (c *Core) rescind(o *offer) {
	c.takeBack(o)
	c.toFramework(o.framework, rescindEvent(o.id))
}

// expire ends an offer that nobody answered in time. Its framework has to leave
// the resources to others for the default time of a refusal.
func (c *Core) expire(o *offer) {
	c.dropOffer(o)
	c.alloc.Refuse(c.now, o.piece(), -1)
	c.toFramework(o.framework, rescindEvent(o.id))
}

// message returns the offer as its framework is to see it: allocation_info only
// with MULTI_ROLE, and the form of reservations that it knows.
func (o *offer) message() *mesos.Offer {
	f, a := o.framework, o.agent
	m := &mesos.Offer{
		Id:          &mesos.OfferID{Value: new(string(o.id))},
		FrameworkId: f.protoID,
		AgentId:     a.protoID,
		Hostname:    a.info.Hostname,
		Url:         a.url,
		Domain:      a.info.Domain,
		Attributes:  a.info.Attributes,
		ExecutorIds: executorIDs(a, f),

		Unavailability: a.unavailability,
	}
	role := ""
	if f.caps.MultiRole {
		role = o.role
		m.AllocationInfo = &mesos.Resource_AllocationInfo{Role: new(role)}
	}
	switch {
	case !f.caps.ReservationRefinement:
		m.Resources = o.resources.ProtoOld(role)
	case role == "":
		m.Resources = o.resources.Proto()
	default:
		m.Resources = o.resources.ProtoAllocated(role)
	}
	return m
}

// executorIDs returns the executors that the framework has on the agent.
func executorIDs(a *agent, f *framework) []*mesos.ExecutorID {
	var list []*mesos.ExecutorID
	for k, e := range a.executors {
		if k.framework == f.id {
			list = append(list, e.info.ExecutorId)
		}
	}
	slices.SortFunc(list, func(a, b *mesos.ExecutorID) int { return cmp.Compare(a.GetValue(), b.GetValue()) })
	return list
}

// sortedOffers returns offers in the order in which they were made.
func sortedOffers(m map[OfferID]*offer) []*offer {
	return slices.SortedFunc(maps.Values(m), func(a, b *offer) int { return cmp.Compare(a.seq, b.seq) })
}
