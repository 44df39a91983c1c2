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
	expected int // agents that were recovered; of them Core.recovered are still away
	timer    *timer
}

// expectAgents tells that a new master waits for n agents. To be called while it
// recovers.
func (c *Core) expectAgents(n int) { c.hold.expected = n }

// beginHold begins the wait, if there is something to wait for.
func (c *Core) beginHold() {
	if len(c.quotas) == 0 || c.enoughAgents() {
		return
	}
	c.hold.on = true
	c.hold.timer = c.timers.set(c.now.Add(holdTimeout), func() { c.endHold("10 minutes are over") })
	c.note(Note{
		Level: Info, Event: "allocation waits for agents",
		Detail: fmt.Sprintf("%d%% of %d, for %v at most, because there is a quota", holdShare, c.hold.expected, holdTimeout),
	})
}

// enoughAgents tells whether most of the agents are back, or will never be.
func (c *Core) enoughAgents() bool {
	return (c.hold.expected-c.recovered)*100 >= c.hold.expected*holdShare
}

// holding tells whether there are to be no offers yet. It ends the wait for agents
// when it is over.
func (c *Core) holding() bool {
	switch {
	case !c.hold.on:
	case len(c.quotas) == 0:
		c.endHold("there is no quota any more")
	case c.enoughAgents():
		c.endHold(fmt.Sprintf("%d of %d agents are away", c.recovered, c.hold.expected))
	}
	return c.hold.on
}

func (c *Core) endHold(why string) {
	c.timers.stop(c.hold.timer)
	c.hold.on, c.hold.timer = false, nil
	c.note(Note{Level: Info, Event: "allocation begins", Detail: why})
}

// holdReason tells why there are no offers yet; empty if there may be.
func (c *Core) holdReason() string {
	if !c.hold.on {
		return ""
	}
	return fmt.Sprintf("the master is new and there is a quota: it makes offers when %d%% of %d agents are back (%d are), or at %s",
		holdShare, c.hold.expected, c.hold.expected-c.recovered, clock(c.hold.timer.at))
}
