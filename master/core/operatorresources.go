// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

// conversionCall returns what a call asks of the resources of an agent, as a
// framework would ask for it, with the field that stands before its resources;
// nil for a call that asks for something else.
func conversionCall(call *master.Call) (*mesos.AgentID, *mesos.Offer_Operation) {
	switch call.GetType() {
	case master.Call_RESERVE_RESOURCES:
		m := call.GetReserveResources()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:    mesos.Offer_Operation_RESERVE.Enum(),
			Reserve: &mesos.Offer_Operation_Reserve{Source: m.GetSource(), Resources: m.GetResources()},
		}
	case master.Call_UNRESERVE_RESOURCES:
		m := call.GetUnreserveResources()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:      mesos.Offer_Operation_UNRESERVE.Enum(),
			Unreserve: &mesos.Offer_Operation_Unreserve{Resources: m.GetResources()},
		}
	case master.Call_CREATE_VOLUMES:
		m := call.GetCreateVolumes()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:   mesos.Offer_Operation_CREATE.Enum(),
			Create: &mesos.Offer_Operation_Create{Volumes: m.GetVolumes()},
		}
	case master.Call_DESTROY_VOLUMES:
		m := call.GetDestroyVolumes()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:    mesos.Offer_Operation_DESTROY.Enum(),
			Destroy: &mesos.Offer_Operation_Destroy{Volumes: m.GetVolumes()},
		}
	case master.Call_GROW_VOLUME:
		m := call.GetGrowVolume()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:       mesos.Offer_Operation_GROW_VOLUME.Enum(),
			GrowVolume: &mesos.Offer_Operation_GrowVolume{Volume: m.GetVolume(), Addition: m.GetAddition()},
		}
	case master.Call_SHRINK_VOLUME:
		m := call.GetShrinkVolume()
		return m.GetAgentId(), &mesos.Offer_Operation{
			Type:         mesos.Offer_Operation_SHRINK_VOLUME.Enum(),
			ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{Volume: m.GetVolume(), Subtract: m.GetSubtract()},
		}
	}
	return nil, nil
}

// convertResources carries out an operator's call about the resources of an agent:
// what is free or only offered is converted, what is in use is not. It is done, or
// on its way to the agent, when the call is answered.
func (c *Core) convertResources(principal string, id *mesos.AgentID, op *mesos.Offer_Operation) *Error {
	a := c.agents[AgentID(id.GetValue())]
	switch {
	case id == nil:
		return failf(Invalid, "agent_id: must be set: this master version has no resource providers")
	case a == nil:
		return failf(NotFound, "agent_id %q: no such agent", brief(id.GetValue()))
	case a.conn == 0:
		return failf(Conflict, "agent_id %q: the agent is not connected, try again when it is", id.GetValue())
	}
	conv, err := checkConversion("call", op, a)
	if err == nil {
		err = checkOperatorRights(op.GetType(), conv, principal)
	}
	if err != nil {
		return failf(Invalid, "%v", err)
	}
	if _, err := a.total.Without(a.used).Subtract(conv.Consumed); err != nil {
		return failf(Conflict, "%v of %s: must be part of what agent %s has and nobody uses: %s",
			op.GetType(), brief(conv.Consumed.String()), a.id, brief(err.Error()))
	}
	c.makeRoom(a, conv.Consumed)
	o := c.newOperation(a, nil, "", op, conv)
	if speculative(op.GetType()) {
		c.convertTotal(a, conv)
		c.alloc.UpdateAgent(a.id, a.info, a.total)
	} else {
		o.held = conv.Consumed
	}
	c.ask(o)
	c.retotal(a)
	return nil
}

// checkOperatorRights checks that an operator who has a principal reserves and
// creates in its name.
func checkOperatorRights(t mesos.Offer_Operation_Type, conv resource.Conversion, principal string) error {
	if principal == "" {
		return nil // nobody was asked to say who it is
	}
	for _, r := range conv.Converted.Proto() {
		var err error
		switch t {
		case mesos.Offer_Operation_RESERVE:
			stack := r.GetReservations()
			err = checkPrincipal("reserve: principal of the last reservation of "+r.GetName(), stack[len(stack)-1].Principal, &principal)
		case mesos.Offer_Operation_CREATE:
			p := r.GetDisk().GetPersistence()
			err = checkPrincipal("create: principal of volume "+p.GetId(), p.Principal, &principal)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeRoom rescinds offers of an agent, the oldest first, until these resources,
// which nobody uses, are free.
func (c *Core) makeRoom(a *agent, wanted resource.Resources) {
	free := a.total.Without(a.used)
	if c.cfg.OptimisticOffers {
		c.rescindBeyond(a, nil, free.Without(wanted))
		return
	}
	free = free.Without(a.offered)
	for _, o := range sortedOffers(a.offers) {
		if missing := wanted.Without(free); !o.resources.Common(missing).IsEmpty() {
			c.rescind(o)
			free = free.Add(o.resources)
		}
	}
}
