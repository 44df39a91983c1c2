// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

const (
	// DefaultRefuse is for how long a piece is refused that is refused for a
	// negative time.
	DefaultRefuse = 5 * time.Second
	// MaxRefuse is the longest time for which a piece can be refused.
	MaxRefuse = 365 * 24 * time.Hour

	// maxFilters bounds the filters of one client on one agent; of more, those
	// that end first are dropped.
	maxFilters = 16
)

// filter keeps a client from being granted a piece of an agent, or a part of
// it, again until it expires.
type filter struct {
	client    *client
	agent     *agent
	resources resource.Resources
	expires   time.Time
	id        uint64 // order of making, for those that expire together
	index     int    // in the heap
}

// Refuse implements core.Allocator. A negative refuse counts as DefaultRefuse, a
// longer one than MaxRefuse as MaxRefuse, one below the allocator's interval as
// that.
func (f *Fair) Refuse(now time.Time, p core.Piece, refuse time.Duration) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil {
		return
	}
	if c := fw.clients[p.Role]; c != nil && fw.active {
		if refuse < 0 {
			refuse = DefaultRefuse
		}
		f.addFilter(c, a, p.Resources, now.Add(min(max(refuse, f.interval), MaxRefuse)))
	}
	if a := f.release(p); a != nil {
		f.delay(now, a)
	}
}

// addFilter adds a filter and drops those that it makes superfluous.
func (f *Fair) addFilter(c *client, a *agent, r resource.Resources, expires time.Time) {
	for _, old := range slices.Clone(c.filters[a]) {
		if !old.expires.After(expires) && r.Contains(old.resources) {
			f.dropFilter(old)
		}
	}
	if list := c.filters[a]; len(list) >= maxFilters {
		f.dropFilter(slices.MinFunc(list, func(a, b *filter) int {
			return cmp.Or(a.expires.Compare(b.expires), cmp.Compare(a.id, b.id))
		}))
	}
	f.filterID++
	flt := &filter{client: c, agent: a, resources: r, expires: expires, id: f.filterID}
	c.filters[a] = append(c.filters[a], flt)
	heap.Push(&f.filters, flt)
}

// dropFilter forgets a filter.
func (f *Fair) dropFilter(flt *filter) {
	heap.Remove(&f.filters, flt.index)
	f.unlist(flt)
}

func (f *Fair) unlist(flt *filter) {
	list := slices.DeleteFunc(flt.client.filters[flt.agent], func(o *filter) bool { return o == flt })
	if len(list) == 0 {
		delete(flt.client.filters, flt.agent)
		return
	}
	flt.client.filters[flt.agent] = list
}

// forgetFilters drops all filters of a client.
func (f *Fair) forgetFilters(c *client) {
	for _, list := range c.filters {
		for _, flt := range list {
			heap.Remove(&f.filters, flt.index)
		}
	}
	clear(c.filters)
}

// forgetAgentFilters drops all filters on an agent.
func (f *Fair) forgetAgentFilters(a *agent) {
	for _, r := range f.roles {
		for _, c := range r.clients {
			for _, flt := range c.filters[a] {
				heap.Remove(&f.filters, flt.index)
			}
			delete(c.filters, a)
		}
	}
}

// expire drops the filters whose time is over; their agents are looked at again.
func (f *Fair) expire(now time.Time) {
	for len(f.filters) > 0 && !f.filters[0].expires.After(now) {
		flt, _ := heap.Pop(&f.filters).(*filter)
		f.unlist(flt)
		f.touch(flt.agent)
	}
}

// refused tells whether the client refused this piece, or one that it is part
// of, and the filter stands.
func (c *client) refused(a *agent, piece resource.Resources) bool {
	for _, flt := range c.filters[a] {
		if flt.resources.Contains(piece) {
			return true
		}
	}
	return false
}

// Deadline implements core.Allocator: the next filter expires, or the next pass
// for what was refused is due.
func (f *Fair) Deadline() (time.Time, bool) {
	switch {
	case len(f.later) > 0 && (len(f.filters) == 0 || f.nextPass.Before(f.filters[0].expires)):
		return f.nextPass, true
	case len(f.filters) > 0:
		return f.filters[0].expires, true
	}
	return time.Time{}, false
}

// filterHeap implements heap.Interface, the next to expire first.
type filterHeap []*filter

func (h filterHeap) Len() int { return len(h) }

func (h filterHeap) Less(i, j int) bool {
	return cmp.Or(h[i].expires.Compare(h[j].expires), cmp.Compare(h[i].id, h[j].id)) < 0
}

func (h filterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is called by package heap only.
func (h *filterHeap) Push(x any) {
	flt, _ := x.(*filter)
	flt.index = len(*h)
	*h = append(*h, flt)
}

// Pop is called by package heap only.
func (h *filterHeap) Pop() any {
	old := *h
	flt := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return flt
}
