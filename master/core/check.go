// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// Check tells an invariant that does not hold. It looks at everything there is, in
// no order: call it in tests, and in production only when somebody asks.
func (c *Core) Check() error {
	if c.broken != nil {
		return fmt.Errorf("core: sums do not add up: %w", c.broken)
	}
	if err := c.checkPlaces(); err != nil {
		return err
	}
	for _, a := range c.agents {
		if err := c.checkAgent(a); err != nil {
			return fmt.Errorf("core: agent %s: %w", a.id, err)
		}
	}
	for _, f := range c.frameworks {
		if err := c.checkFramework(f); err != nil {
			return fmt.Errorf("core: framework %s: %w", f.id, err)
		}
	}
	for _, o := range c.offers {
		if o.framework.offers[o.id] != o || o.agent.offers[o.id] != o {
			return fmt.Errorf("core: offer %s is not in the books of its framework and agent", o.id)
		}
	}
	if err := c.checkConnections(); err != nil {
		return err
	}
	return c.alloc.Check()
}

// checkAgent checks the sums of an agent, and that all on it belongs to
// frameworks that are known.
func (c *Core) checkAgent(a *agent) error {
	var used resource.Resources
	var errs []error
	left := a.total
	add := func(kind, id string, r resource.Resources) {
		if r.IsEmpty() {
			return
		}
		rest, err := left.Subtract(r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s exceeds the total %s: %w", kind+id, a.total, err))
			return
		}
		left, used = rest, used.Add(r)
	}
	for _, t := range a.tasks {
		add("task ", string(t.id), t.resources)
		if err := c.checkTask(a, t); err != nil {
			errs = append(errs, err)
		}
	}
	for _, o := range a.operations {
		if err := c.checkOperation(a, o); err != nil {
			errs = append(errs, err)
		}
		if o.framework != nil {
			add("operation ", o.info.GetType().String(), o.held)
		}
	}
	for _, e := range a.executors {
		add("executor ", string(e.id), e.resources)
		if _, ok := e.framework.executors[e]; !ok || c.frameworks[e.framework.id] != e.framework {
			errs = append(errs, fmt.Errorf("executor %s is of an unknown framework", e.id))
		}
	}
	errs = append(errs, c.checkOffers(a, left))
	return errors.Join(errors.Join(errs...), c.checkSums(a, used))
}

// checkOffers checks that the offers of an agent fit into what is not in use: all
// together or, where they may overlap, those of each framework.
func (c *Core) checkOffers(a *agent, left resource.Resources) error {
	var errs []error
	rest := make(map[*framework]resource.Resources) // under nil for all together
	for _, o := range a.offers {
		var holder *framework
		if c.cfg.OptimisticOffers {
			holder = o.framework
		}
		if _, ok := rest[holder]; !ok {
			rest[holder] = left
		}
		after, err := rest[holder].Subtract(o.resources)
		if err != nil {
			errs = append(errs, fmt.Errorf("offer %s exceeds what is free of %s: %w", o.id, a.total, err))
		} else {
			rest[holder] = after
		}
		if why := a.inactive(); c.offers[o.id] != o || why != "" {
			errs = append(errs, fmt.Errorf("offer %s stands, and is unknown or the agent is %s", o.id, why))
		}
	}
	return errors.Join(errs...)
}

// checkPlaces checks that the agents that are or were connected have a place, and
// that each is where its state wants it to be.
func (c *Core) checkPlaces() error {
	placed, settled, recovered := 0, 0, 0
	for _, list := range c.places {
		placed += len(list)
	}
	for id, a := range c.agents {
		switch {
		case a.state == AgentRecovered:
			recovered++
		case a.state != AgentConnected && a.state != AgentDisconnected || (a.conn != 0) != (a.state == AgentConnected):
			return fmt.Errorf("core: agent %s is %v, with connection %d", id, a.state, a.conn)
		}
		if a.place != (place{}) {
			settled++
		}
	}
	for id, a := range c.departed.byID {
		if a.state < AgentUnreachable || a.element == nil || c.agents[id] != nil || len(a.tasks)+len(a.executors) > 0 {
			return fmt.Errorf("core: agent %s has departed and is %v, with %d tasks", id, a.state, len(a.tasks))
		}
		if a.state == AgentUnreachable && a.place != (place{}) {
			settled++
		}
	}
	if placed != settled || recovered != c.recovered {
		return fmt.Errorf("core: %d agents have a place, %d are there; %d are recovered, %d counted", settled, placed, recovered, c.recovered)
	}
	return nil
}

func (c *Core) checkSums(a *agent, used resource.Resources) error {
	inUse, granted, free := c.alloc.Agent(a.id)
	offered := c.offeredOf(a)
	switch {
	case !a.recount && !a.offered.Equal(offered):
		return fmt.Errorf("offered %s, but its offers are %s", a.offered, offered)
	case !a.used.Equal(used):
		return fmt.Errorf("used %s, but its tasks, executors and operations are %s", a.used, used)
	case !inUse.Equal(used):
		return fmt.Errorf("the allocator has %s in use, the agent %s", inUse, used)
	case c.cfg.OptimisticOffers:
		return nil // what is granted may be free as well
	case !granted.Equal(offered):
		return fmt.Errorf("the allocator has granted %s, but offered are %s", granted, offered)
	case !inUse.Add(granted).Add(free).Equal(a.total):
		return fmt.Errorf("the allocator has %s in use, %s granted and %s free of %s", inUse, granted, free, a.total)
	}
	return nil
}

func (c *Core) checkTask(a *agent, t *task) error {
	switch {
	case t.agent != a:
		return fmt.Errorf("task %s is of agent %s", t.id, t.agent.id)
	case c.frameworks[t.framework.id] != t.framework:
		return fmt.Errorf("task %s is of an unknown framework", t.id)
	case !t.shadow && t.framework.tasks[t.id] != t:
		return fmt.Errorf("task %s is not in the books of its framework", t.id)
	case mesos.Terminal(t.state) && !t.resources.IsEmpty():
		return fmt.Errorf("task %s is %v and holds %s", t.id, t.state, t.resources)
	}
	return nil
}

func (c *Core) checkFramework(f *framework) error {
	for _, o := range f.offers {
		if f.conn == 0 || c.offers[o.id] != o {
			return fmt.Errorf("offer %s stands while the framework is not connected, or is unknown", o.id)
		}
	}
	for _, t := range f.tasks {
		if c.agents[t.agent.id] != t.agent || t.agent.tasks[t.key()] != t {
			return fmt.Errorf("task %s is not in the books of its agent", t.id)
		}
	}
	for e := range f.executors {
		if c.agents[e.agent.id] != e.agent || e.agent.executors[e.key()] != e {
			return fmt.Errorf("executor %s is not in the books of its agent", e.id)
		}
	}
	if err := c.checkRemembered(f); err != nil {
		return err
	}
	if f.ending && (f.conn != 0 || f.empty()) {
		return errors.New("it is ending, and connected or empty")
	}
	return nil
}

// checkConnections checks that connections and their peers name each other.
func (c *Core) checkConnections() error {
	for conn, f := range c.schedulers {
		if f.conn != conn || c.frameworks[f.id] != f {
			return fmt.Errorf("core: connection %d is of framework %s, which has %d", conn, f.id, f.conn)
		}
	}
	for conn, a := range c.links {
		if a.conn != conn || c.agents[a.id] != a {
			return fmt.Errorf("core: connection %d is of agent %s, which has %d", conn, a.id, a.conn)
		}
	}
	return nil
}

func (c *Core) checkOperation(a *agent, o *operation) error {
	switch f := o.framework; {
	case o.agent != a:
		return fmt.Errorf("operation %x is of agent %s", o.uuid, o.agent.id)
	case o.terminal() && !o.held.IsEmpty():
		return fmt.Errorf("operation %x has ended and holds %s", o.uuid, o.held)
	case f != nil && (c.frameworks[f.id] != f || f.operations[o.uuid] != o):
		return fmt.Errorf("operation %x is not in the books of its framework", o.uuid)
	}
	return nil
}
