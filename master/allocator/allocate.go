// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

const (
	// minCPUs and minMem are what a piece must have at least, one or the other,
	// to be worth offering: 0.01 cpus, 32 MB.
	minCPUs = resource.Milli(10)
	minMem  = resource.Milli(32 * 1000)
)

// Allocate implements core.Allocator.
func (f *Fair) Allocate(now time.Time) []core.Piece {
	f.expire(now)
	f.wake(now, f.allDirty)
	agents := f.takeDirty()
	if len(agents) == 0 {
		return nil
	}
	q := f.queue()
	if len(q) == 0 {
		return nil
	}
	var grants []core.Piece
	for _, a := range agents {
		grants = f.divide(a, q, grants)
	}
	return grants
}

// takeDirty returns the agents to look at that have something to give, in the
// order in which they were added, and clears the list.
func (f *Fair) takeDirty() []*agent {
	list := f.dirty
	for _, a := range list {
		a.dirty = false
	}
	f.dirty = f.dirty[:0]
	if f.allDirty {
		f.allDirty = false
		list = slices.AppendSeq(make([]*agent, 0, len(f.agents)), maps.Values(f.agents))
	} else {
		list = slices.Clone(list)
	}
	list = slices.DeleteFunc(list, func(a *agent) bool { return !a.active || !worthOffering(a.free) })
	slices.SortFunc(list, func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
	return list
}

func worthOffering(r resource.Resources) bool {
	return r.CPUs() >= minCPUs || r.Mem() >= minMem
}

// queued is a role with its eligible clients, both in the order in which they
// are due.
type queued struct {
	role    *role
	clients []*client
}

// queue returns the roles that have eligible clients.
func (f *Fair) queue() []*queued {
	var q []*queued
	for _, r := range f.roles {
		e := &queued{role: r}
		for _, c := range r.clients {
			if c.eligible() {
				c.share = c.used.dominant(f.total)
				e.clients = append(e.clients, c)
			}
		}
		if len(e.clients) > 0 {
			r.share = r.used.dominant(f.total)
			slices.SortFunc(e.clients, compareClients)
			q = append(q, e)
		}
	}
	slices.SortFunc(q, compareRoles)
	return q
}

// compareRoles and compareClients order by who is due: the lower share, then who
// was served less often, then the name.
func compareRoles(a, b *queued) int {
	return cmp.Or(compareAccounts(&a.role.account, &b.role.account), cmp.Compare(a.role.name, b.role.name))
}

func compareClients(a, b *client) int {
	return cmp.Or(compareAccounts(&a.account, &b.account), cmp.Compare(a.framework.id, b.framework.id))
}

func compareAccounts(a, b *account) int {
	return cmp.Or(cmp.Compare(a.share, b.share), cmp.Compare(a.pieces, b.pieces))
}

// divide grants what is free of an agent, and keeps the queue in order. After
// the first grant only what is reserved for others is left.
func (f *Fair) divide(a *agent, q []*queued, grants []core.Piece) []core.Piece {
	for again := true; again; {
		again = false
		for i, e := range q {
			piece := a.free.AvailableTo(e.role.name)
			if !worthOffering(piece) {
				continue
			}
			j, part := e.first(a, piece)
			if j < 0 {
				continue
			}
			grants = append(grants, f.grant(a, e.clients[j], part))
			sink(e.clients, j, compareClients)
			e.role.share = e.role.used.dominant(f.total)
			sink(q, i, compareRoles)
			again = worthOffering(a.free)
			break // the queue has changed
		}
	}
	return grants
}

// first returns the first client that may be granted its part of a piece, and
// that part; -1 for none.
func (e *queued) first(a *agent, piece resource.Resources) (int, resource.Resources) {
	unrefined := piece.Unrefined()
	worth := worthOffering(unrefined)
	for j, c := range e.clients {
		part, ok := piece, true
		if !c.framework.refined {
			part, ok = unrefined, worth
		}
		if ok && !c.refused(a, part) {
			return j, part
		}
	}
	return -1, piece
}

// grant takes a piece of an agent's free resources for a client.
func (f *Fair) grant(a *agent, c *client, piece resource.Resources) core.Piece {
	p := core.Piece{Agent: a.id, Framework: c.framework.id, Role: c.role.name, Resources: piece}
	f.take(p)
	c.share = c.used.dominant(f.total)
	return p
}

// sink moves the i-th element, which may have become larger, back to its place.
func sink[E any](list []E, i int, compare func(a, b E) int) {
	for ; i+1 < len(list) && compare(list[i], list[i+1]) > 0; i++ {
		list[i], list[i+1] = list[i+1], list[i]
	}
}
