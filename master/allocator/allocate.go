// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"slices"
	"time"

	"github.com/tepui/tepui/master/core"
)

// Allocate implements core.Allocator. It looks at the agents of which something
// came back, for everybody, and at all agents for those who are renewed.
//
// In its first stage it gives roles what is missing to their guarantees, in the
// second everything else, but for what has to be held back for guarantees still
// unmet.
func (f *Fair) Allocate(now time.Time) []core.Piece {
	f.pass++
	f.expire(now)
	f.regrow()
	f.wake(now, !f.renewed.isEmpty())
	f.round()
	for i := 0; f.slackGrew && i < maxRounds; i++ { // the last guarantee was met, or the last but one …
		f.regrow()
		f.round()
	}
	for _, p := range f.grants {
		f.agents[p.Agent].dated(f.pass, now)
	}
	grants := f.grants
	f.grants = nil
	return grants
}

// maxRounds bounds how often grants of a pass leave others more in it.
const maxRounds = 4

// round looks at all that there is to be looked at once.
func (f *Fair) round() {
	f.takeVisits(!f.renewed.isEmpty())
	if len(f.visits) > 0 && !f.eligible.isEmpty() {
		f.settle()
		if f.unmet > 0 {
			for _, a := range f.visits {
				f.divide(a, true)
			}
		}
		for _, a := range f.visits {
			f.divide(a, false)
		}
	}
	for _, a := range f.dirty {
		a.dirty = false
	}
	f.dirty = f.dirty[:0]
	clear(f.renewed)
}

// takeVisits makes the list of agents to look at that have something to give, in
// the order in which they were added, and clears the list of those that changed.
func (f *Fair) takeVisits(all bool) {
	f.visits = f.visits[:0]
	list := f.dirty
	if all {
		list = f.order
	}
	for _, a := range list {
		if all {
			a.unfit.removeAll(f.renewed)
			a.denied.removeAll(f.renewed)
		}
		if a.active && f.worth(a) {
			f.refresh(a)
			f.visits = append(f.visits, a)
		}
	}
	if !all {
		slices.SortFunc(f.visits, func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
	}
}

// refresh forgets who was denied what is free, after there was more of it. Those
// who refused all of it, or more, are denied at once.
func (f *Fair) refresh(a *agent) {
	if !a.stale {
		return
	}
	a.stale = false
	clear(a.denied)
	a.denied.addAll(a.unfit)
	if f.cfg.Optimistic {
		return // the pieces of those who hold some are smaller
	}
	for _, r := range a.refusals {
		if r.resources.Contains(a.free) {
			a.denied.addAll(r.clients)
		}
	}
}

// divide grants what is free of an agent to those to whom it is due, one after
// the other: what is left after the first grant is reserved for others, mostly.
func (f *Fair) divide(a *agent, first bool) {
	mask := f.eligible
	if !a.dirty {
		mask = f.renewed
	}
	if f.cfg.Optimistic {
		f.offerAll(a, mask, first)
		return
	}
	for f.worth(a) {
		s := search{Fair: f, agent: a, mask: mask, first: first, tight: f.tight()}
		if !s.run() {
			return
		}
		f.grant(a, s.client, s.found.piece)
		f.settle()
	}
}

// offerAll grants what is free of an agent to everybody who may have it, those
// first to whom it is due.
func (f *Fair) offerAll(a *agent, mask set, first bool) {
	s := search{Fair: f, agent: a, mask: mask, first: first, tight: f.tight(), all: true}
	f.line = f.line[:0]
	s.walk(f.root)
	for _, c := range f.line {
		if s.try(c) {
			f.grant(a, c, s.found.piece)
		}
	}
	f.settle()
}
