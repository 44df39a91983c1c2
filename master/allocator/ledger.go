// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// Charge implements core.Allocator.
func (f *Fair) Charge(p core.Piece) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil {
		return
	}
	if f.use(a, p, "charge") {
		f.book(f.client(fw, p.Role), p.Resources, +1)
		f.slackGrew = f.slackGrew || !a.active // it meets a guarantee with what nobody could be granted
	}
}

// use makes what is free of an agent used.
func (f *Fair) use(a *agent, p core.Piece, what string) bool {
	free, err := a.free.Subtract(p.Resources)
	if err != nil {
		f.fault(fmt.Errorf("%s of agent %s: %w", what, a.id, err))
		return false
	}
	a.used = a.used.Add(p.Resources)
	f.setFree(a, free)
	return true
}

// grant makes free resources of an agent granted to a client.
func (f *Fair) grant(a *agent, c *client, piece resource.Resources) {
	free := a.free
	if !f.cfg.Optimistic {
		var err error
		if free, err = free.Subtract(piece); err != nil {
			f.fault(fmt.Errorf("grant of agent %s: %w", a.id, err))
			return
		}
	}
	f.remember(a, c)
	f.promise(a, piece, +1)
	f.setFree(a, free)
	f.book(c, piece, +1)
	h := f.hold(a, c)
	if h.pass == f.pass && h.pass > 0 { // the second part of one piece
		f.grants[h.index].Resources = f.grants[h.index].Resources.Add(piece)
	} else {
		h.pass, h.index = f.pass, len(f.grants)
		f.grants = append(f.grants, core.Piece{Agent: a.id, Framework: c.framework.id, Role: c.role.path, Resources: piece})
	}
	h.resources = h.resources.Add(piece)
}

// hold returns what a client is granted of an agent, a new hold of nothing if
// there is none. It is valid until the next change of the agent's holds.
func (f *Fair) hold(a *agent, c *client) *hold {
	i, ok := a.held(c)
	if !ok {
		a.holds = slices.Insert(a.holds, i, hold{client: c})
	}
	return &a.holds[i]
}

// held returns where the client's hold of the agent is, or would be.
func (a *agent) held(c *client) (int, bool) {
	return slices.BinarySearchFunc(a.holds, c.number, func(h hold, n int) int { return cmp.Compare(h.client.number, n) })
}

// promise counts what is granted of an agent in optimistic mode.
func (f *Fair) promise(a *agent, r resource.Resources, sign resource.Milli) {
	if f.cfg.Optimistic {
		a.promised.count(&f.kinds, r.Unreserved().Firm(), sign)
	}
}

// unhold takes a granted piece, or a part of one, from its client, which is nil
// if it has no such thing.
func (f *Fair) unhold(p core.Piece, what string) (*agent, *client) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil || p.Resources.IsEmpty() {
		return nil, nil
	}
	var left resource.Resources
	var err error
	c, i, ok := fw.client(p.Role), 0, false
	if c != nil {
		i, ok = a.held(c)
	}
	if ok {
		left, err = a.holds[i].resources.Subtract(p.Resources)
	}
	if err != nil || !ok {
		f.fault(fmt.Errorf("%s of agent %s: %s is not granted to framework %s in role %s", what, a.id, p.Resources, fw.id, p.Role))
		return nil, nil
	}
	if a.holds[i].resources = left; left.IsEmpty() {
		a.holds = slices.Delete(a.holds, i, i+1)
	}
	f.promise(a, p.Resources, -1)
	return a, c
}

// Release implements core.Allocator.
func (f *Fair) Release(p core.Piece) {
	if a := f.release(p); a != nil {
		f.touch(a)
	}
}

// release makes a granted piece free and returns the agent that it is of, nil if
// there was nothing to release.
func (f *Fair) release(p core.Piece) *agent {
	a, c := f.unhold(p, "release")
	if a == nil {
		return nil
	}
	if f.cfg.Optimistic { // it is free for others all the time
		for _, other := range c.framework.clients {
			a.denied.remove(other.number)
		}
		f.respare(a)
	} else {
		a.stale = true
		f.setFree(a, a.free.Add(p.Resources))
	}
	f.book(c, p.Resources, -1)
	f.forgetClient(c)
	return a
}

// Commit implements core.Allocator.
func (f *Fair) Commit(p core.Piece) {
	a, _ := f.unhold(p, "commit")
	if a == nil {
		return
	}
	if f.cfg.Optimistic {
		f.use(a, p, "commit")
		return
	}
	a.used = a.used.Add(p.Resources)
}

// Discharge implements core.Allocator.
func (f *Fair) Discharge(p core.Piece) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil || p.Resources.IsEmpty() {
		return
	}
	c := fw.client(p.Role)
	used, err := a.used.Subtract(p.Resources)
	if err != nil || c == nil {
		f.fault(fmt.Errorf("discharge of agent %s: framework %s does not use %s in role %s", a.id, fw.id, p.Resources, p.Role))
		return
	}
	a.used = used
	f.setFree(a, a.free.Add(p.Resources))
	f.book(c, p.Resources, -1)
	f.forgetClient(c)
	f.reset(a)
}

// Convert implements core.Allocator.
func (f *Fair) Convert(p core.Piece, to resource.Resources) {
	a, c := f.unhold(p, "conversion")
	if a == nil {
		return
	}
	rest, err := a.total.Subtract(p.Resources)
	free := a.free
	if err == nil && f.cfg.Optimistic {
		free, err = free.Subtract(p.Resources)
		free = free.Add(to)
	}
	if err != nil {
		f.fault(fmt.Errorf("conversion on agent %s: %w", a.id, err))
		return
	}
	if !to.IsEmpty() {
		h := f.hold(a, c)
		h.resources = h.resources.Add(to)
		f.promise(a, to, +1)
		f.book(c, to, +1)
	}
	f.book(c, p.Resources, -1)
	f.setTotal(a, rest.Add(to))
	f.setFree(a, free)
	f.reset(a)
	f.forgetClient(c)
}
