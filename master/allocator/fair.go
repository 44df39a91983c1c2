// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// DefaultInterval is how long a refused piece waits at most until it is offered
// to another framework, and at least until it is offered to the same again.
const DefaultInterval = time.Second

// Fair is the allocator of lowest dominant share first. It is not safe for
// concurrent use: the core owns it.
type Fair struct {
	interval   time.Duration
	agents     map[core.AgentID]*agent
	frameworks map[core.FrameworkID]*framework
	roles      map[string]*role
	kinds      kinds      // the names of scalar resources, numbered
	total      quantities // of all agents
	seq        uint64     // order of agents

	dirty    []*agent // agents to look at in the next pass, those with dirty set
	allDirty bool     // look at all agents
	later    []*agent // agents that wait for nextPass, those with waiting set
	nextPass time.Time
	filters  filterHeap
	filterID uint64

	broken error // a fault of the caller or of the sums, for Check
}

var _ core.Allocator = (*Fair)(nil)

// agent is what the allocator knows of one.
type agent struct {
	id      core.AgentID
	seq     uint64
	active  bool
	dirty   bool
	waiting bool
	total   resource.Resources
	taken   resource.Resources // granted or in use
	used    resource.Resources
	free    resource.Resources // total without taken
}

// NewFair returns an allocator that knows nothing. A refused piece is not
// offered to the same framework again for at least interval, and to others once
// in an interval, so that those that refuse everything do not keep the master
// busy; 0 is DefaultInterval.
func NewFair(interval time.Duration) *Fair {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return &Fair{
		interval:   interval,
		agents:     make(map[core.AgentID]*agent),
		frameworks: make(map[core.FrameworkID]*framework),
		roles:      make(map[string]*role),
		kinds:      make(kinds),
	}
}

// AddAgent implements core.Allocator.
func (f *Fair) AddAgent(id core.AgentID, _ *mesos.AgentInfo, total resource.Resources) {
	f.seq++
	a := &agent{id: id, seq: f.seq, active: true, total: total, free: total}
	f.agents[id] = a
	f.total.add(f.kinds, total)
	f.touch(a)
}

// UpdateAgent implements core.Allocator.
func (f *Fair) UpdateAgent(id core.AgentID, _ *mesos.AgentInfo, total resource.Resources) {
	a := f.agents[id]
	if a == nil {
		return
	}
	free, err := total.Subtract(a.taken)
	if err != nil {
		f.fault(fmt.Errorf("update of agent %s: %w", id, err))
		return
	}
	f.total.subtract(f.kinds, a.total)
	f.total.add(f.kinds, total)
	a.total, a.free = total, free
	f.touch(a)
}

// ActivateAgent implements core.Allocator.
func (f *Fair) ActivateAgent(id core.AgentID, active bool, _ string) {
	if a := f.agents[id]; a != nil {
		a.active = active
		f.touch(a)
	}
}

// RemoveAgent implements core.Allocator.
func (f *Fair) RemoveAgent(id core.AgentID) {
	a := f.agents[id]
	if a == nil {
		return
	}
	if !a.taken.IsEmpty() {
		f.fault(fmt.Errorf("agent %s removed while %s is taken", id, a.taken))
	}
	a.active = false // it may still be in dirty
	f.later = slices.DeleteFunc(f.later, func(other *agent) bool { return other == a })
	f.total.subtract(f.kinds, a.total)
	delete(f.agents, id)
	f.forgetAgentFilters(a)
}

// Charge implements core.Allocator.
func (f *Fair) Charge(p core.Piece) {
	f.take(p)
	f.Commit(p)
}

// Commit implements core.Allocator.
func (f *Fair) Commit(p core.Piece) {
	if a := f.agents[p.Agent]; a != nil && f.frameworks[p.Framework] != nil {
		a.used = a.used.Add(p.Resources)
	}
}

// Discharge implements core.Allocator.
func (f *Fair) Discharge(p core.Piece) {
	a := f.release(p)
	if a == nil {
		return
	}
	used, err := a.used.Subtract(p.Resources)
	if err != nil {
		f.fault(fmt.Errorf("discharge of agent %s: %w", a.id, err))
		return
	}
	a.used = used
	f.touch(a)
}

// Convert implements core.Allocator.
func (f *Fair) Convert(p core.Piece, to resource.Resources) {
	a := f.release(p)
	if a == nil {
		return
	}
	rest, err := a.total.Subtract(p.Resources)
	if err != nil {
		f.fault(fmt.Errorf("conversion on agent %s: %w", a.id, err))
		return
	}
	f.UpdateAgent(a.id, nil, rest.Add(to))
	p.Resources = to
	f.take(p)
}

// SetWeight implements core.Allocator.
func (f *Fair) SetWeight(string, float64) {}

// SetQuota implements core.Allocator.
func (f *Fair) SetQuota(string, core.Quota) {}

// Explain implements core.Allocator.
func (f *Fair) Explain(time.Time, core.ExplainQuery) (core.Explanation, bool) {
	return core.Explanation{}, false
}

// take takes a piece for a framework.
func (f *Fair) take(p core.Piece) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil {
		return
	}
	free, err := a.free.Subtract(p.Resources)
	if err != nil {
		f.fault(fmt.Errorf("charge of agent %s: %w", a.id, err))
		return
	}
	a.free = free
	a.taken = a.taken.Add(p.Resources)
	f.client(fw, p.Role).take(f.kinds, p.Resources)
}

// Release implements core.Allocator.
func (f *Fair) Release(p core.Piece) {
	if a := f.release(p); a != nil {
		f.touch(a)
	}
}

// release takes a piece back and returns the agent that it is of, nil if there
// was nothing to take.
func (f *Fair) release(p core.Piece) *agent {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil || p.Resources.IsEmpty() {
		return nil
	}
	taken, err := a.taken.Subtract(p.Resources)
	if err != nil {
		f.fault(fmt.Errorf("release of agent %s: %w", a.id, err))
		return nil
	}
	a.taken = taken
	a.free = a.free.Add(p.Resources)
	c := f.client(fw, p.Role)
	c.give(f.kinds, p.Resources)
	f.forgetClient(c)
	return a
}

// Agent implements core.Allocator.
func (f *Fair) Agent(id core.AgentID) (used, granted, free resource.Resources) {
	if a := f.agents[id]; a != nil {
		granted, _ = a.taken.Subtract(a.used) // Discharge has told if it is not part of it
		return a.used, granted, a.free
	}
	return used, granted, free
}

// touch puts an agent on the list for the next pass.
func (f *Fair) touch(a *agent) {
	if !a.dirty {
		a.dirty = true
		f.dirty = append(f.dirty, a)
	}
}

// delay puts an agent on the list of those for the next pass of the interval.
func (f *Fair) delay(now time.Time, a *agent) {
	if len(f.later) == 0 {
		f.nextPass = now.Add(f.interval)
	}
	if !a.waiting {
		a.waiting = true
		f.later = append(f.later, a)
	}
}

// wake puts the agents that waited for this pass on its list, or in any case if
// the pass looks at all agents.
func (f *Fair) wake(now time.Time, all bool) {
	if len(f.later) == 0 || !all && f.nextPass.After(now) {
		return
	}
	for _, a := range f.later {
		a.waiting = false
		f.touch(a)
	}
	f.later = f.later[:0]
}

// fault keeps an error that Check is to tell.
func (f *Fair) fault(err error) { f.broken = errors.Join(f.broken, err) }
