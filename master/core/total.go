// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// convertTotal makes other resources of a part of what an agent has.
func (c *Core) convertTotal(a *agent, conv resource.Conversion) {
	a.claimed = c.converted(a.claimed, conv)
	a.total = c.converted(a.total, conv)
}

// converted applies a conversion that was found to fit. That it does not is a
// fault of the core, which Check tells from then on.
func (c *Core) converted(r resource.Resources, conv resource.Conversion) resource.Resources {
	after, err := conv.Apply(r)
	if err != nil {
		c.fault(err)
	}
	return after
}

// retotal makes a.total what the agent says that it has, without what operators'
// operations hold, and with what is still in use though the agent does not have
// it any more: its end has not been told yet. Offers that no longer fit are
// rescinded.
func (c *Core) retotal(a *agent) {
	total := a.claimed
	for _, o := range sortedOperations(a.operations) {
		if o.framework == nil {
			total = total.Without(o.held)
		}
	}
	total = total.Cover(a.used)
	if total.Equal(a.total) {
		return
	}
	c.rescindBeyond(a, nil, total.Without(a.used))
	a.total = total
	c.alloc.UpdateAgent(a.id, a.info, total)
}

// overdrawn tells whether more is in use on the agent than it says that it has:
// then its total changes with every end.
func (a *agent) overdrawn() bool { return !a.claimed.Contains(a.total) }

// rescindBeyond rescinds the offers of an agent, but those of one framework, that
// do not fit into what is free or offered. Those made last go first.
func (c *Core) rescindBeyond(a *agent, but *framework, free resource.Resources) {
	left := make(map[*framework]resource.Resources) // under nil for all together
	for _, o := range sortedOffers(a.offers) {
		if o.framework == but {
			continue
		}
		var holder *framework
		if c.cfg.OptimisticOffers { // each framework is offered from all that is free, and no part of it twice
			holder = o.framework
		}
		if _, ok := left[holder]; !ok {
			left[holder] = free
		}
		rest, err := left[holder].Subtract(o.resources)
		if err != nil {
			c.rescind(o)
			continue
		}
		left[holder] = rest
	}
}

// updateResources handles the word of an agent that its total is another now, by
// itself or because it could not do what it was asked for. What is on its way to
// it and was decided for the total before will be dropped by it, and told.
func (c *Core) updateResources(a *agent, m *link.UpdateResources) *Error {
	total, err := resource.FromProto(m.GetTotal())
	if err != nil {
		return failf(Invalid, "update_resources.total: %v", err)
	}
	c.note(Note{Level: Info, Event: "agent changed its resources", Agent: a.id, Detail: brief(total.String())})
	a.claimed, a.resourceVersion = total, m.GetResourceVersion()
	c.retotal(a)
	return nil
}

// can tells whether the agent has a capability.
func (a *agent) can(want mesos.AgentInfo_Capability_Type) bool {
	return slices.Contains(a.capabilities, want)
}
