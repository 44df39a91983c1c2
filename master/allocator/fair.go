// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// Fair is the allocator of lowest dominant share first, or by lot. It is not safe
// for concurrent use: the core owns it.
type Fair struct {
	cfg     Config
	minimum []floor // the operator's
	rng     random
	few     int    // maxFew
	region  string // the master's
	near    bool   // all agents count as of the master's region

	agents     map[core.AgentID]*agent
	order      []*agent // in the order in which they were added
	seq        uint64
	frameworks map[core.FrameworkID]*framework
	clients    []*client // by number; nil where one is unused
	unused     []int
	roles      map[string]*role
	weights    map[string]float64 // those that were set, by role
	bounds     map[string]*bound  // by top-level role

	kinds kinds
	total quantities // of all agents

	root     *node
	ranked   int     // nodes with a place
	stale    []*node // those that may have another place
	unsorted bool    // all may

	guaranteed  int        // top-level roles with guarantees
	unmet       int        // those of which something is missing
	required    quantities // to all of them
	spare       quantities // free, unreserved, of active agents; only if anything is guaranteed
	squeezed    set        // clients that got less, or nothing, because of guarantees
	passedOver  bool       // others were not even looked at because of guarantees
	slackGrew   bool
	mixed       int      // agents that are not plain
	grown       []*bound // those with grew set
	ownMinimums int      // clients with a minimum of their own

	pass     uint64       // number of the last one
	looks    uint64       // how often somebody was looked at: the work, whatever the machine
	eligible set          // clients that may be granted something
	renewed  set          // those of them that are to be looked at on all agents
	dirty    []*agent     // agents to look at in the next pass, those with dirty set
	later    []*agent     // agents that wait for nextPass, those with waiting set
	visits   []*agent     // of this pass
	grants   []core.Piece // of this pass
	line     []*client    // of one agent, in optimistic mode
	scratch  quantities
	nextPass time.Time
	filters  filterHeap
	filterID uint64

	broken error // a fault of the caller or of the sums, for Check
}

var _ core.Allocator = (*Fair)(nil)

// agent is what the allocator knows of one.
type agent struct {
	id       core.AgentID
	seq      uint64
	info     *mesos.AgentInfo
	remote   bool // it is of another region than the master
	gpus     resource.Milli
	inactive string // why it may not be offered
	active   bool
	dirty    bool
	waiting  bool

	total resource.Resources
	used  resource.Resources
	// free is total without used, and without what is granted unless in
	// optimistic mode.
	free     resource.Resources
	worth    bool       // free has the operator's minimum
	plain    bool       // there is nothing in free but what everybody may have
	holds    []hold     // what is granted, by client number
	promised quantities // in optimistic mode: of all holds, unreserved
	spare    quantities // its part of Fair.spare

	// denied are clients of which it is known that they can be granted nothing of
	// what is free, unless stale is set. What they cannot be granted now they cannot
	// be granted either when less is free. Those in unfit never could.
	denied set
	unfit  set
	stale  bool

	filters  []*filter  // by client number, then in order of making
	refusals []*refusal // of filters
	past     []record   // the last grants
}

// hold is what one client is granted of an agent.
type hold struct {
	client    *client
	resources resource.Resources
	pass      uint64 // in which it was granted last
	index     int    // and where among the grants of that pass
}

// AddAgent implements core.Allocator.
func (f *Fair) AddAgent(id core.AgentID, info *mesos.AgentInfo, total resource.Resources) {
	f.seq++
	a := &agent{id: id, seq: f.seq, active: true, plain: true}
	f.agents[id] = a
	f.order = append(f.order, a)
	f.setInfo(a, info)
	f.setTotal(a, total)
	f.setFree(a, total)
	f.reset(a)
}

// UpdateAgent implements core.Allocator.
func (f *Fair) UpdateAgent(id core.AgentID, info *mesos.AgentInfo, total resource.Resources) {
	a := f.agents[id]
	if a == nil {
		return
	}
	free, err := total.Subtract(a.used)
	for _, h := range a.holds {
		if err == nil && !f.cfg.Optimistic {
			free, err = free.Subtract(h.resources)
		}
	}
	if err != nil {
		f.fault(fmt.Errorf("update of agent %s: %w", id, err))
		return
	}
	if info != nil {
		f.setInfo(a, info)
	}
	f.setTotal(a, total)
	f.setFree(a, free)
	f.reset(a)
}

// setInfo takes over what an agent is.
func (f *Fair) setInfo(a *agent, info *mesos.AgentInfo) {
	a.info = info
	domain := info.GetDomain().GetFaultDomain()
	a.remote = domain != nil && !f.near && domain.GetRegion().GetName() != f.region
	clear(a.unfit)
}

// setTotal takes over what an agent has.
func (f *Fair) setTotal(a *agent, total resource.Resources) {
	f.count(a.total, -1)
	f.count(total, +1)
	a.total, a.gpus = total, total.Scalar(resource.GPUs)
	f.unsorted = true
}

// count counts resources of an agent into the total, and what of it is reserved
// into what its roles consume.
func (f *Fair) count(r resource.Resources, sign resource.Milli) {
	f.total.count(&f.kinds, r, sign)
	for a := range r.Amounts() {
		if a.Role == "" || a.Revocable {
			continue
		}
		b := f.bound(topLevel(a.Role))
		*b.reserved.at(f.kinds.number(a.Name)) += sign * a.Value
		f.rebound(b, sign < 0)
		f.slackGrew = true
		if sign < 0 {
			f.forgetBound(b)
		}
	}
}

// setFree sets what is free of an agent.
func (f *Fair) setFree(a *agent, free resource.Resources) {
	if plain := free.IsPlain(); plain != a.plain {
		a.plain = plain
		if plain {
			f.mixed--
		} else {
			f.mixed++
		}
	}
	a.free, a.worth = free, meets(f.minimum, free)
	f.respare(a)
}

// ActivateAgent implements core.Allocator.
func (f *Fair) ActivateAgent(id core.AgentID, active bool, why string) {
	if a := f.agents[id]; a != nil {
		a.active, a.inactive = active, why
		f.respare(a)
		f.reset(a)
	}
}

// RemoveAgent implements core.Allocator.
func (f *Fair) RemoveAgent(id core.AgentID) {
	a := f.agents[id]
	if a == nil {
		return
	}
	if !a.used.IsEmpty() || len(a.holds) > 0 {
		f.fault(fmt.Errorf("agent %s removed while %s is in use and %d pieces are granted", id, a.used, len(a.holds)))
	}
	a.active = false // it may still be in dirty
	f.setFree(a, resource.Resources{})
	f.setTotal(a, resource.Resources{})
	f.later = slices.DeleteFunc(f.later, func(other *agent) bool { return other == a })
	delete(f.agents, id)
	i, _ := slices.BinarySearchFunc(f.order, a.seq, func(a *agent, seq uint64) int { return cmp.Compare(a.seq, seq) })
	f.order = slices.Delete(f.order, i, i+1)
	for len(a.filters) > 0 {
		f.dropFilter(a.filters[len(a.filters)-1])
	}
}

// Agent implements core.Allocator.
func (f *Fair) Agent(id core.AgentID) (used, granted, free resource.Resources) {
	a := f.agents[id]
	if a == nil {
		return used, granted, free
	}
	for _, h := range a.holds {
		granted = granted.Add(h.resources)
	}
	return a.used, granted, a.free
}

// reset puts an agent of which there is more than before, or something else, on
// the list for the next pass, to be looked at for everybody.
func (f *Fair) reset(a *agent) {
	a.stale = true
	f.touch(a)
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
		f.nextPass = now.Add(f.cfg.Interval)
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

// fault keeps an error that Check is to tell. Of many the first ones tell most.
func (f *Fair) fault(err error) {
	if f.broken == nil || len(f.broken.Error()) < maxFault {
		f.broken = errors.Join(f.broken, err)
	}
}

// maxFault bounds the text of faults.
const maxFault = 4096
