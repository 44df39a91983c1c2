// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"time"

	"github.com/tepui/tepui/api/link"
)

// completePings sets what Config leaves to its defaults of when agents are
// unreachable, and checks the rest.
func (cfg *Config) completePings() error {
	if cfg.AgentPingTimeout == 0 {
		cfg.AgentPingTimeout = DefaultAgentPingTimeout
	}
	if cfg.MaxAgentPingTimeouts == 0 {
		cfg.MaxAgentPingTimeouts = DefaultMaxAgentPingTimeouts
	}
	if cfg.MaxAgentPingTimeouts < 0 {
		return fmt.Errorf("core: Config.MaxAgentPingTimeouts %d: must be 1 or more, or 0 for %d",
			cfg.MaxAgentPingTimeouts, DefaultMaxAgentPingTimeouts)
	}
	if l := cfg.RecoveryAgentRemovalLimit; !(l >= 0 && l <= 1) {
		return fmt.Errorf("core: Config.RecoveryAgentRemovalLimit %v: must be from 0 to 1", l)
	}
	if r := cfg.AgentRemovalRate; r != (Rate{}) && (r.N <= 0 || r.Per <= 0) {
		return fmt.Errorf("core: Config.AgentRemovalRate %d per %v: both must be above 0", r.N, r.Per)
	}
	return nil
}

// totalPingTimeout is how long an agent that hears no ping waits before it takes
// its link to be dead.
func (c *Core) totalPingTimeout() time.Duration {
	return time.Duration(c.cfg.MaxAgentPingTimeouts) * c.cfg.AgentPingTimeout
}

// startPings begins to ask an agent that has just registered, which is a sign of
// life by itself.
func (c *Core) startPings(a *agent) {
	c.timers.stop(a.ping)
	a.asked, a.missed = false, 0
	a.ping = c.timers.set(c.now.Add(c.cfg.AgentPingTimeout), func() { c.sendPing(a) })
}

// sendPing counts the last ping, if it was not answered, and sends the next. One
// that cannot be sent, because the link is down, is not answered either.
func (c *Core) sendPing(a *agent) {
	if a.asked {
		a.missed++
	}
	if a.missed >= c.cfg.MaxAgentPingTimeouts {
		c.giveUp(a, fmt.Sprintf("it answered no ping for %v", c.totalPingTimeout()))
	}
	a.asked = true
	c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_Ping{Ping: &link.Ping{}}})
	a.ping = c.timers.set(c.now.Add(c.cfg.AgentPingTimeout), func() { c.sendPing(a) })
}

// pong handles the answer of an agent, which is well, also if it was about to be
// unreachable.
func (c *Core) pong(a *agent) {
	a.asked, a.missed, a.overdue = false, 0, ""
}
