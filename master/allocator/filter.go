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
	client  *client
	agent   *agent
	refusal *refusal
	expires time.Time
	id      uint64 // order of making, for those that expire together
	index   int    // in the heap

	next, previous *filter // of the same client
}

// refusal is what one or several clients have refused of an agent: most often all
// that it has free.
type refusal struct {
	resources resource.Resources
	filters   int
	clients   set
}

// maxAlike is among how many of the last refusals of an agent one that is alike is
// looked for.
const maxAlike = 8

// refuse returns the refusal of these resources, a new one if there is none.
func (a *agent) refuse(r resource.Resources) *refusal {
	for _, old := range slices.Backward(a.refusals[max(0, len(a.refusals)-maxAlike):]) {
		if old.resources.Equal(r) {
			return old
		}
	}
	a.refusals = append(a.refusals, &refusal{resources: r})
	return a.refusals[len(a.refusals)-1]
}

// withdraw takes a filter, which is not listed any more, from its refusal.
func (flt *filter) withdraw() {
	r, a := flt.refusal, flt.agent
	if r.filters--; r.filters == 0 {
		i := slices.Index(a.refusals, r)
		a.refusals = slices.Delete(a.refusals, i, i+1)
		return
	}
	others, _ := a.filtersOf(flt.client)
	if !slices.ContainsFunc(others, func(o *filter) bool { return o.refusal == r }) {
		r.clients.remove(flt.client.number)
	}
}

// Refuse implements core.Allocator. A negative refuse counts as DefaultRefuse, a
// longer one than MaxRefuse as MaxRefuse, one below the allocator's interval as
// that.
func (f *Fair) Refuse(now time.Time, p core.Piece, refuse time.Duration) {
	a, fw := f.agents[p.Agent], f.frameworks[p.Framework]
	if a == nil || fw == nil {
		return
	}
	if c := fw.client(p.Role); c != nil && fw.active {
		if refuse < 0 {
			refuse = DefaultRefuse
		}
		f.addFilter(c, a, p.Resources, now.Add(min(max(refuse, f.cfg.Interval), MaxRefuse)))
	}
	if a := f.release(p); a != nil {
		f.delay(now, a)
	}
}

// filtersOf returns the client's filters on the agent, as a part of those of all
// that begins at i.
func (a *agent) filtersOf(c *client) (list []*filter, i int) {
	i, _ = slices.BinarySearchFunc(a.filters, c.number, func(flt *filter, n int) int { return cmp.Compare(flt.client.number, n) })
	end := i
	for end < len(a.filters) && a.filters[end].client == c {
		end++
	}
	return a.filters[i:end], i
}

// addFilter adds a filter and drops those that it makes superfluous.
func (f *Fair) addFilter(c *client, a *agent, r resource.Resources, expires time.Time) {
	list, _ := a.filtersOf(c)
	for _, old := range slices.Clone(list) {
		if !old.expires.After(expires) && r.Contains(old.refusal.resources) {
			f.dropFilter(old)
		}
	}
	if list, _ = a.filtersOf(c); len(list) >= maxFilters {
		f.dropFilter(slices.MinFunc(list, compareFilters))
	}
	list, i := a.filtersOf(c)
	f.filterID++
	flt := &filter{client: c, agent: a, refusal: a.refuse(r), expires: expires, id: f.filterID, next: c.filters}
	flt.refusal.filters++
	flt.refusal.clients.add(c.number)
	a.filters = slices.Insert(a.filters, i+len(list), flt)
	if c.filters != nil {
		c.filters.previous = flt
	}
	c.filters = flt
	heap.Push(&f.filters, flt)
}

// compareFilters orders by who expires first.
func compareFilters(a, b *filter) int {
	return cmp.Or(a.expires.Compare(b.expires), cmp.Compare(a.id, b.id))
}

// dropFilter forgets a filter.
func (f *Fair) dropFilter(flt *filter) {
	heap.Remove(&f.filters, flt.index)
	list, i := flt.agent.filtersOf(flt.client)
	i += slices.Index(list, flt)
	flt.agent.filters = slices.Delete(flt.agent.filters, i, i+1)
	flt.withdraw()
	if flt.previous == nil {
		flt.client.filters = flt.next
	} else {
		flt.previous.next = flt.next
	}
	if flt.next != nil {
		flt.next.previous = flt.previous
	}
}

// forgetFilters drops all filters of a client.
func (f *Fair) forgetFilters(c *client) {
	for c.filters != nil {
		f.dropFilter(c.filters)
	}
}

// expire drops the filters whose time is over. Of their agents nothing has changed
// but that their clients may be granted them again.
func (f *Fair) expire(now time.Time) {
	for len(f.filters) > 0 && !f.filters[0].expires.After(now) {
		flt := f.filters[0]
		f.dropFilter(flt)
		flt.agent.denied.remove(flt.client.number)
		f.touch(flt.agent)
	}
}

// refused returns a filter of the client that stands against this piece: one of
// what it refused, or of more; nil for none.
func (a *agent) refused(c *client, piece resource.Resources) *filter {
	if c.filters == nil {
		return nil
	}
	list, _ := a.filtersOf(c)
	for _, flt := range list {
		if flt.refusal.resources.Contains(piece) {
			return flt
		}
	}
	return nil
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
	return compareFilters(h[i], h[j]) < 0
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
