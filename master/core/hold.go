// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"time"
)

const (
	// holdShare is the share of recovered agents, in percent, that a new master
	// waits for before it makes offers while there is a quota, and holdTimeout for
	// how long: before most of the cluster is back nobody knows who has how much.
	holdShare   = 80
	holdTimeout = 10 * time.Minute
)

// hold is the wait of a new master for its agents.
type hold struct {
	on       bool
	expected int // recovered agents
	back     int // those that are back, or that nobody waits for any more
	timer    *timer
}

// expectAgents tells that a new master waits for n agents. To be called while it
// recovers.
func (c *Core) expectAgents(n int) { c.hold.expected = n }

// beginHold begins the wait, if there is something to wait for.
func (c *Core) beginHold() {
	if len(c.quotas) == 0 || c.hold.enough() {
		return
	}
	c.hold.on = true
	c.hold.timer = c.timers.set(c.now.Add(holdTimeout), func() { c.endHold("10 minutes are over") })
	c.note(Note{
		Level: Info, Event: "allocation waits for agents",
		Detail: fmt.Sprintf("%d%% of %d, for %v at most, because there is a quota", holdShare, c.hold.expected, holdTimeout),
	})
}

// reason tells why there are no offers; empty if there may be.
func (h *hold) reason() string {
	if !h.on {
		return ""
	}
	return fmt.Sprintf("the master is new and there is a quota: it makes offers when %d%% of %d agents are back (%d are), or at %s",
		holdShare, h.expected, h.back, clock(h.timer.at))
}

func (h *hold) enough() bool { return h.back*100 >= h.expected*holdShare }

// agentIsBack tells that one of the expected agents is back, or will never be. To
// be called once for each.
func (c *Core) agentIsBack() {
	c.hold.back++
	if c.hold.on && c.hold.enough() {
		c.endHold(fmt.Sprintf("%d of %d agents are back", c.hold.back, c.hold.expected))
	}
}

func (c *Core) endHold(why string) {
	c.timers.stop(c.hold.timer)
	c.hold.on, c.hold.timer = false, nil
	c.note(Note{Level: Info, Event: "allocation begins", Detail: why})
}
