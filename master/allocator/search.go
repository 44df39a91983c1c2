// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"slices"

	"github.com/tepui/tepui/master/core"
)

// search looks for the client to whom an agent is due: the first in order that may
// be granted something of it.
type search struct {
	*Fair
	agent *agent
	mask  set  // clients of interest
	first bool // stage 1: roles that miss something of their guarantees, no more than that
	tight bool // Fair.tight
	all   bool // put everybody into line and try nobody

	client *client // what it found
	found  finding
}

// maxFew is up to how many clients are put in order each for itself, instead of
// going through the order of all.
const maxFew = 8

// run tells whether it found a client.
func (s *search) run() bool {
	var room [maxFew]int
	list, all := s.mask.some(s.agent.denied, room[:0:s.few])
	switch {
	case all && len(list) == 0:
		return false
	case all && s.cfg.RoleSorter == DRF && s.cfg.FrameworkSorter == DRF:
		return s.among(list)
	}
	return s.walk(s.root)
}

// among tries these clients, those first to whom it is due.
func (s *search) among(numbers []int) bool {
	var room [maxFew]*client
	list := room[:0]
	for _, n := range numbers {
		if c := s.clients[n]; !s.skips(c.role.bound) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, due)
	return slices.ContainsFunc(list, s.try)
}

// walk goes through the clients below a node in order until one may be granted
// something.
func (s *search) walk(n *node) bool {
	for i := range n.children {
		if n.sorter == Random {
			s.rng.draw(n.children, i)
		}
		child := n.children[i]
		switch {
		case child.client == nil:
			if !s.skips(child.bound) && s.walk(child) {
				return true
			}
		case !s.mask.has(child.client.number) || s.agent.denied.has(child.client.number):
		case s.all:
			s.line = append(s.line, child.client)
		case s.try(child.client):
			return true
		}
	}
	return false
}

// skips tells whether nobody in a top-level role need be looked at, because quota
// leaves them nothing: of an agent that has nothing reserved, that is. A nil bound
// is of no such role.
func (s *search) skips(b *bound) bool {
	switch {
	case b == nil || s.first && b.isUnmet:
		return false
	case s.first:
		return true
	case !s.agent.plain:
		return false
	case s.full(b):
		b.held = true
		return true
	case s.tight && !b.isUnmet:
		s.passedOver = true
		return true
	}
	return false
}

// try tells whether a client may be granted something of the agent, and remembers
// if not.
func (s *search) try(c *client) bool {
	s.looks++
	if s.first {
		return s.tryFirst(c)
	}
	s.client, s.found = c, s.look(s.agent, c)
	if s.found.cutting.limit != "" {
		c.role.bound.held = true
	}
	if s.found.cutting.headroom != "" {
		s.squeezed.add(c.number)
	}
	switch s.found.verdict {
	case core.VerdictWaiting:
		return true
	case core.VerdictRegion, core.VerdictGPU, core.VerdictConstraint:
		s.agent.unfit.add(c.number)
	}
	s.agent.denied.add(c.number)
	return false
}

// tryFirst is try for stage 1. What a client cannot have in it, it may have in
// the next.
func (s *search) tryFirst(c *client) bool {
	b := c.role.bound
	if !b.isUnmet || s.unfit(s.agent, c) != core.VerdictUnknown {
		return false
	}
	piece, v := s.available(s.agent, c)
	if v != core.VerdictUnknown {
		return false
	}
	s.client, s.found = c, s.judge(s.agent, c, piece, true)
	return s.found.verdict == core.VerdictWaiting && s.helps(b, s.found.piece)
}
