// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/tepui/tepui/api/link"
)

// maxPingTimeout bounds what a master can state as its total ping timeout.
const maxPingTimeout = 24 * time.Hour

// listen begins to wait for the pings of a master that has registered the agent.
// A master that states no timeout is never given up.
func (c *Core) listen(now time.Time, r *link.Registered) {
	c.pingTimeout = 0
	if s := r.GetTotalPingTimeoutSeconds(); s > 0 {
		c.pingTimeout = time.Duration(min(s, maxPingTimeout.Seconds()) * float64(time.Second))
		c.timers.set(&c.silence, now.Add(c.pingTimeout))
	}
}

// ping answers a master that wants to know whether the agent is alive.
func (c *Core) ping(now time.Time) {
	c.send(ToMaster{&link.FromAgent{Message: &link.FromAgent_Pong{Pong: &link.Pong{}}}})
	if c.pingTimeout > 0 {
		c.timers.set(&c.silence, now.Add(c.pingTimeout))
	}
}

// unheard gives up a master that has not pinged in time: it has given up the
// agent by now, or is none any more.
func (c *Core) unheard(time.Time) {
	c.linkDown()
	c.note(Note{Kind: NoteMasterSilent, Text: "no ping for " + c.pingTimeout.String()})
	c.send(Unlink{"the master has not pinged for " + c.pingTimeout.String()})
}
