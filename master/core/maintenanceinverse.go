// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// askInterval is the time between two looks for frameworks that are to be asked
// to leave an agent.
const askInterval = time.Second

// inverseOffer asks a framework to leave an agent before its machine goes. It is
// there as long as the framework has something on the agent, also while it waits
// for the filter of an answer to end.
type inverseOffer struct {
	id        OfferID // empty: none stands
	seq       uint64
	framework *framework
	agent     *agent
	status    allocator.InverseOfferStatus_Status
	at        time.Time // when it was answered, or first asked
	until     time.Time // it is not asked again before
}

// askLater has frameworks asked while there is a schedule.
func (c *Core) askLater() {
	m := &c.machines
	if len(m.order) == 0 {
		c.timers.stop(m.ask)
		m.ask = nil
		return
	}
	if m.ask == nil {
		m.ask = c.timers.set(c.now.Add(askInterval), c.askFrameworks)
	}
}

// askFrameworks asks every framework that has something on an agent of which the
// machine is to go, and has not been asked or may be asked again.
func (c *Core) askFrameworks() {
	batch := make(map[*framework][]*mesos.InverseOffer)
	for _, a := range sortedAgents(c.machines.affected) {
		present := a.frameworks()
		for _, io := range sortedInverse(a.inverse) {
			if _, ok := present[io.framework.id]; !ok {
				c.endInverse(io)
				delete(a.inverse, io.framework.id)
			}
		}
		if a.conn == 0 {
			continue
		}
		for _, f := range sortedFrameworks(present) {
			if m := c.askOne(a, f); m != nil {
				batch[f] = append(batch[f], m)
			}
		}
	}
	asked := slices.SortedFunc(maps.Keys(batch), func(a, b *framework) int { return cmp.Compare(a.id, b.id) })
	for _, f := range asked {
		c.toFramework(f, &scheduler.Event{
			Type:          scheduler.Event_INVERSE_OFFERS.Enum(),
			InverseOffers: &scheduler.Event_InverseOffers{InverseOffers: batch[f]},
		})
	}
	c.machines.ask = nil
	c.askLater()
}

// frameworks returns the frameworks that have something on the agent and are not
// being removed.
func (a *agent) frameworks() map[FrameworkID]*framework {
	set := make(map[FrameworkID]*framework)
	for k, t := range a.tasks {
		if !t.framework.ending {
			set[k.framework] = t.framework
		}
	}
	for k, e := range a.executors {
		if !e.framework.ending {
			set[k.framework] = e.framework
		}
	}
	return set
}

// askOne returns the inverse offer that a framework is due, or nil.
func (c *Core) askOne(a *agent, f *framework) *mesos.InverseOffer {
	io := a.inverse[f.id]
	if f.conn == 0 || io != nil && (io.id != "" || c.now.Before(io.until)) {
		return nil
	}
	if io == nil {
		io = &inverseOffer{framework: f, agent: a, status: allocator.InverseOfferStatus_UNKNOWN, at: c.now}
		a.inverse[f.id] = io
	}
	io.seq = c.ids.offers
	io.id = c.ids.offer()
	f.inverse[io.id] = io
	return io.message()
}

// message returns the inverse offer as its framework is to see it.
func (io *inverseOffer) message() *mesos.InverseOffer {
	a := io.agent
	return &mesos.InverseOffer{
		Id: &mesos.OfferID{Value: new(string(io.id))}, Url: a.url, FrameworkId: io.framework.protoID, AgentId: a.protoID,
		Unavailability: a.unavailability,
	}
}

// answerInverse handles ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS. One that
// no longer stands is ignored. The answer is remembered for operators; if the
// framework stays, it is asked again when the filter of the answer ends.
func (c *Core) answerInverse(f *framework, list []*mesos.OfferID, status allocator.InverseOfferStatus_Status, filters *mesos.Filters) {
	for _, m := range list {
		io := f.inverse[OfferID(m.GetValue())]
		if io == nil {
			continue
		}
		delete(f.inverse, io.id)
		io.id, io.status, io.at = "", status, c.now
		io.until = c.now.Add(inverseFilter(filters))
	}
}

const (
	defaultInverseFilter = 5 * time.Second
	maxInverseFilter     = 365 * 24 * time.Hour
)

// inverseFilter returns for how long a framework is not asked again, by the rules
// for offers.
func inverseFilter(filters *mesos.Filters) time.Duration {
	d := refuseFor(filters)
	if d < 0 {
		return defaultInverseFilter
	}
	return min(d, maxInverseFilter)
}

// endInverse rescinds an inverse offer, if it stands.
func (c *Core) endInverse(io *inverseOffer) {
	if io.id == "" {
		return
	}
	delete(io.framework.inverse, io.id)
	c.toFramework(io.framework, &scheduler.Event{
		Type:                scheduler.Event_RESCIND_INVERSE_OFFER.Enum(),
		RescindInverseOffer: &scheduler.Event_RescindInverseOffer{InverseOfferId: &mesos.OfferID{Value: new(string(io.id))}},
	})
	io.id = ""
}

// rescindInverse rescinds the inverse offers of an agent.
func (c *Core) rescindInverse(a *agent) {
	for _, io := range sortedInverse(a.inverse) {
		c.endInverse(io)
	}
}

// dropInverseOffers ends what a framework was asked on a connection that is gone.
func (c *Core) dropInverseOffers(f *framework) {
	for _, io := range f.inverse {
		io.id = ""
	}
	clear(f.inverse)
}

// sortedInverse returns inverse offers in the order of their frameworks.
func sortedInverse(m map[FrameworkID]*inverseOffer) []*inverseOffer {
	return slices.SortedFunc(maps.Values(m), func(a, b *inverseOffer) int { return cmp.Compare(a.framework.id, b.framework.id) })
}
