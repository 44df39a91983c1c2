// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/resource"
)

// Check implements core.Allocator.
func (f *Fair) Check() error {
	if f.broken != nil {
		return fmt.Errorf("allocator: sums do not add up: %w", f.broken)
	}
	var total quantities
	mixed := 0
	for _, a := range f.order {
		if !a.plain {
			mixed++
		}
		if err := f.checkAgent(a); err != nil {
			return fmt.Errorf("allocator: agent %s: %w", a.id, err)
		}
		total.count(&f.kinds, a.total, +1)
	}
	if mixed != f.mixed {
		return fmt.Errorf("allocator: %d agents have something special free, but counted are %d", mixed, f.mixed)
	}
	if !total.equal(f.total) {
		return fmt.Errorf("allocator: agents have %v in all, but counted are %v", total, f.total)
	}
	if err := f.checkOrder(f.root); err != nil {
		return fmt.Errorf("allocator: order: %w", err)
	}
	if err := f.checkAccounts(); err != nil {
		return fmt.Errorf("allocator: %w", err)
	}
	return f.checkBounds()
}

// checkAgent checks that what is used, granted and free is the agent's total; in
// optimistic mode, that what is granted to each is free.
func (f *Fair) checkAgent(a *agent) error {
	sum := a.used
	each := make(map[*framework]resource.Resources)
	for i, h := range a.holds {
		switch {
		case h.resources.IsEmpty() || i > 0 && a.holds[i-1].client.number >= h.client.number:
			return fmt.Errorf("the list of what is granted is not in order: %s to %s", h.resources, h.client.framework.id)
		case !f.cfg.Optimistic:
			sum = sum.Add(h.resources)
			continue
		}
		all := each[h.client.framework].Add(h.resources)
		if !a.free.Contains(all) {
			return fmt.Errorf("%s is granted to %s, but free is %s", all, h.client.framework.id, a.free)
		}
		each[h.client.framework] = all
	}
	if left, err := a.total.Subtract(sum); err != nil || !left.Equal(a.free) {
		return fmt.Errorf("used %s, in all taken %s, and free %s are not its total %s", a.used, sum, a.free, a.total)
	}
	if len(a.past) > maxPast {
		return fmt.Errorf("%d grants are remembered, %d at most should be", len(a.past), maxPast)
	}
	for i, flt := range a.filters {
		if f.filters[flt.index] != flt || i > 0 && a.filters[i-1].client.number > flt.client.number {
			return fmt.Errorf("the list of filters is not in order: the one of %s", flt.client.framework.id)
		}
	}
	return checkRefusals(a)
}

// checkRefusals checks that refusals are those of the agent's filters.
func checkRefusals(a *agent) error {
	counts, who := make(map[*refusal]int), make(map[*refusal]set)
	for _, flt := range a.filters {
		counts[flt.refusal]++
		clients := who[flt.refusal]
		clients.add(flt.client.number)
		who[flt.refusal] = clients
	}
	for _, r := range a.refusals {
		clients := slices.Clone(r.clients)
		clients.removeAll(who[r])
		if counts[r] != r.filters || r.filters == 0 || !clients.isEmpty() {
			return fmt.Errorf("%s was refused %d times, but counted are %d", r.resources, counts[r], r.filters)
		}
	}
	if len(a.refusals) != len(counts) {
		return fmt.Errorf("%d different pieces were refused, but listed are %d", len(counts), len(a.refusals))
	}
	return nil
}

// checkOrder checks that nodes are in order by what they were when they got their
// places, that this is up to date where nothing is to be done, and that they are
// those that are eligible.
func (f *Fair) checkOrder(n *node) error {
	for i, child := range n.children {
		if n.sorter == DRF && i > 0 && compare(n.children[i-1], child) >= 0 {
			return fmt.Errorf("%s is behind %s", child.name, n.children[i-1].name)
		}
		current := f.share(child) == child.share && child.served == child.before
		if n.sorter == DRF && !f.unsorted && !child.stale && !current {
			return fmt.Errorf("%s has its place for a share of %v and not of %v", child.name, child.share, f.share(child))
		}
		if !child.ranked || child.client == nil && len(child.children) == 0 {
			return fmt.Errorf("%s has a place and should not have one", child.name)
		}
		if err := f.checkOrder(child); err != nil {
			return err
		}
	}
	return nil
}

// checkAccounts checks that the accounts of clients add up to those of their roles,
// and these to what is granted and in use of all agents.
func (f *Fair) checkAccounts() error {
	sums := make(map[*node]quantities)
	for number, c := range f.clients {
		if c == nil {
			continue
		}
		if c.number != number || c.framework.client(c.role.path) != c || f.roles[c.role.path] != c.role {
			return fmt.Errorf("framework %s is not where it belongs in role %s", c.framework.id, c.role.path)
		}
		if f.eligible.has(number) != (c.silent() == "") || f.eligible.has(number) != c.node.ranked {
			return fmt.Errorf("framework %s in role %s: eligible and having a place are not the same", c.framework.id, c.role.path)
		}
		for kind, v := range c.node.used {
			if v < 0 {
				return fmt.Errorf("framework %s has %v of %s in role %s", c.framework.id, v, f.kinds.names[kind], c.role.path)
			}
			for n := c.node.parent; n != nil; n = n.parent {
				sum := sums[n]
				*sum.at(kind) += v
				sums[n] = sum
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(f.roles)) {
		r := f.roles[path]
		if !sums[r.node].equal(r.node.used) || !sums[r.own].equal(r.own.used) {
			return fmt.Errorf("role %s has %v, but its frameworks and roles %v", path, r.node.used, sums[r.node])
		}
	}
	return f.checkTaken(sums[f.root])
}

func (f *Fair) checkTaken(all quantities) error {
	var taken quantities
	for _, a := range f.order {
		taken.count(&f.kinds, a.used, +1)
		for _, h := range a.holds {
			taken.count(&f.kinds, h.resources, +1)
		}
	}
	if !all.equal(taken) || !all.equal(f.root.used) {
		return fmt.Errorf("agents have %v taken, but frameworks have %v, and all roles %v", taken, all, f.root.used)
	}
	return nil
}

// checkBounds checks the sums that quota goes by.
func (f *Fair) checkBounds() error {
	reserved := make(map[string]quantities)
	var spare, required quantities
	for _, a := range f.order {
		for r := range a.total.Amounts() {
			if r.Role != "" && !r.Revocable {
				sum := reserved[topLevel(r.Role)]
				*sum.at(f.kinds.number(r.Name)) += r.Value
				reserved[topLevel(r.Role)] = sum
			}
		}
		addAll(&spare, a.spare)
	}
	for _, name := range slices.Sorted(maps.Keys(f.bounds)) {
		b := f.bounds[name]
		if !b.reserved.equal(reserved[name]) {
			return fmt.Errorf("allocator: role %s has %v reserved, but counted are %v", name, reserved[name], b.reserved)
		}
		addAll(&required, b.unmet)
	}
	if f.guaranteed > 0 && !spare.equal(f.spare) || !required.equal(f.required) {
		return fmt.Errorf("allocator: agents have %v to spare of which roles miss %v, but counted are %v and %v", spare, required, f.spare, f.required)
	}
	return nil
}

func addAll(sum *quantities, q []resource.Milli) {
	for kind, v := range q {
		*sum.at(kind) += v
	}
}
