// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"container/list"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

const (
	// maxDeparted and maxDepartedAge bound what is remembered of agents of each
	// kind that have left. Who comes back later is a stranger.
	maxDeparted    = 102400
	maxDepartedAge = 14 * 24 * time.Hour
	// forgetInterval is the time between two looks for those that are too old.
	forgetInterval = 15 * time.Minute
)

// departed are the agents that were in the cluster and are not: those that are
// unreachable, gone or removed, each kind in the order in which they left.
type departed struct {
	byID  map[AgentID]*agent
	order [agentStates]list.List
	sweep *timer // runs while there are any
}

func newDeparted() *departed { return &departed{byID: make(map[AgentID]*agent)} }

// take removes an agent that comes back, or leaves in another way.
func (d *departed) take(a *agent) {
	if a.element == nil {
		return
	}
	delete(d.byID, a.id)
	d.order[a.state].Remove(a.element)
	a.element = nil
}

// keepDeparted remembers an agent that has left, without its books, which are empty
// but as large as they ever were. Of one that never comes back no more than its name
// is kept.
func (c *Core) keepDeparted(a *agent) {
	d := c.departed
	a.offers, a.tasks, a.executors, a.operations, a.inverse, a.checked = nil, nil, nil, nil, nil, books{}
	if a.state != AgentUnreachable {
		a.info = &mesos.AgentInfo{Id: a.protoID, Hostname: a.info.Hostname}
		a.deactivated, a.drain = false, nil
		a.url, a.capabilities, a.resourceVersion = nil, nil, nil
		a.total, a.claimed, a.away = resource.Resources{}, resource.Resources{}, nil
	}
	d.byID[a.id] = a
	a.element = d.order[a.state].PushBack(a)
	for d.order[a.state].Len() > maxDeparted {
		c.forgetOldest(a.state)
	}
	c.sweepLater()
}

// sweepLater has those forgotten that are too old, as long as there are any.
func (c *Core) sweepLater() {
	if d := c.departed; d.sweep == nil && len(d.byID) > 0 && !c.started.IsZero() {
		d.sweep = c.timers.set(c.now.Add(forgetInterval), c.sweepDeparted)
	}
}

// sweepDeparted forgets those that left too long ago.
func (c *Core) sweepDeparted() {
	d := c.departed
	for state := range d.order {
		for e := d.order[state].Front(); e != nil; e = d.order[state].Front() {
			if a, _ := e.Value.(*agent); c.now.Sub(a.since) < maxDepartedAge {
				break
			}
			c.forgetOldest(AgentState(state))
		}
	}
	d.sweep = nil
	c.sweepLater()
}

func (c *Core) forgetOldest(state AgentState) {
	a, _ := c.departed.order[state].Front().Value.(*agent)
	c.departed.take(a)
	c.vacate(a)
	for _, t := range a.away {
		t.framework.unreachable.remove(t)
	}
	c.remember(RecordAgent, string(a.id), nil)
	c.note(Note{Level: Debug, Event: "agent forgotten", Agent: a.id, Detail: state.String()})
}
