// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

// place is where an agent is.
type place struct {
	hostname string
	address  string // IP as the master sees it
	port     int32  // on which it listens; 0 if it did not say
}

func placeOf(info *mesos.AgentInfo, address string) place {
	p := place{hostname: info.GetHostname(), address: address}
	if info.Port != nil {
		p.port = info.GetPort()
	}
	return p
}

// settleAt makes p the agent's place.
func (c *Core) settleAt(a *agent, p place) {
	c.vacate(a)
	a.place = p
	c.places[p] = append(c.places[p], a)
}

// vacate takes the agent away from its place.
func (c *Core) vacate(a *agent) {
	rest := slices.DeleteFunc(c.places[a.place], func(other *agent) bool { return other == a })
	if len(rest) == 0 {
		delete(c.places, a.place)
	} else {
		c.places[a.place] = rest
	}
	a.place = place{}
}

// removePredecessors removes the agents in whose place a new one registers: those
// that are lost, and on a port also one whose link looks alive, because two cannot
// listen there. Its host was reset, and the master has not noticed.
func (c *Core) removePredecessors(p place) {
	for _, a := range slices.Clone(c.places[p]) {
		if a.conn == 0 || p.port != 0 {
			c.removeAgent(a, agentReplaced, "another agent registered in its place")
		}
	}
}
