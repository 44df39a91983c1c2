// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"slices"

	"github.com/tepui/tepui/resource"
)

// books are what an agent's books were when they were last found in order. Sums
// are values that nothing changes: one that is the same value as before has the
// same parts as before.
type books struct {
	total, offered, used, inUse, free resource.Resources
	offers, tasks, executors          int
	conn                              ConnID
}

func (c *Core) booksOf(a *agent) books {
	b := books{
		total: a.total, offered: c.offeredNow(a), used: a.used,
		offers: len(a.offers), tasks: len(a.tasks), executors: len(a.executors), conn: a.conn,
	}
	b.inUse, _, b.free = c.alloc.Agent(a.id)
	return b
}

// same tells whether the books are, without looking into them, those of before.
func (b *books) same(o *books) bool {
	return b.conn == o.conn && b.offers == o.offers && b.tasks == o.tasks && b.executors == o.executors &&
		b.total.Same(o.total) && b.offered.Same(o.offered) && b.used.Same(o.used) &&
		b.inUse.Same(o.inUse) && b.free.Same(o.free)
}

// CheckChanged is Check for who calls it after every step: it looks at the agents
// whose books have changed since it was last called, and counts the rest. What it
// cannot see is a change that leaves every sum and every number as they were;
// Check does.
func (c *Core) CheckChanged() error {
	if c.broken != nil {
		return fmt.Errorf("core: sums do not add up: %w", c.broken)
	}
	var changed []*agent
	offers, tasks, executors := 0, 0, 0
	for _, a := range c.agents {
		if b := c.booksOf(a); !b.same(&a.checked) {
			a.checked = b
			changed = append(changed, a)
		}
		offers, tasks, executors = offers+len(a.offers), tasks+len(a.tasks), executors+len(a.executors)
	}
	slices.SortFunc(changed, func(a, b *agent) int { return int(a.seq) - int(b.seq) })
	for _, a := range changed {
		if err := c.checkAgent(a); err != nil {
			a.checked = books{}
			return fmt.Errorf("core: agent %s: %w", a.id, err)
		}
	}
	for _, f := range c.frameworks {
		tasks, executors = tasks-len(f.tasks)-f.shadows, executors-len(f.executors)
	}
	if tasks != 0 || executors != 0 || offers != len(c.offers) {
		return fmt.Errorf("core: agents have %d tasks and %d executors more than frameworks; %d offers, of %d",
			tasks, executors, offers, len(c.offers))
	}
	return c.checkConnections()
}
