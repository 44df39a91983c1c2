// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"cmp"
	"slices"
)

// node is what stands in an order of those that are due: a role with all below
// it, the frameworks of one role together, or one of them, a client. The tree of
// nodes, for roles a and a/b:
//
//	root ─┬─ a ─┬─ .  ─┬─ framework 1 in a
//	      │     │      └─ framework 2 in a
//	      │     └─ b ─── . ─── framework 2 in a/b
//	      └─ …
//
// A role's own frameworks stand beside the roles below it, as one of them. What
// could be granted nothing, a client that is not eligible or a role without one
// that is, has no place in the order.
type node struct {
	name   string
	weight float64
	parent *node
	depth  int
	client *client // of a leaf; otherwise nil
	bound  *bound  // of a top-level role; otherwise nil

	used   quantities // granted or in use, of all below
	served int        // grants and charges so far: it decides between equal shares

	ranked bool // it has a place in its parent's order
	stale  bool // its place may be another
	share  float64
	before int // served, as of when it got its place, as is share

	sorter   Sorter
	children []*node // those with a place, in order
	heaviest float64 // of the weights of children, or more
}

// compare orders siblings by who is due: the lower share, then who was served
// less often, then the name.
func compare(a, b *node) int {
	return cmp.Or(cmp.Compare(a.share, b.share), cmp.Compare(a.before, b.before), cmp.Compare(a.name, b.name))
}

// weigh brings up to date what the node is ordered by.
func (f *Fair) weigh(n *node) {
	n.share, n.before = f.share(n), n.served
}

// share is the node's dominant share, by its weight.
func (f *Fair) share(n *node) float64 {
	share, _ := n.used.dominant(&f.kinds, f.total)
	return share / n.weight
}

// enter gives a node its place, and with it those above.
func (f *Fair) enter(n *node) {
	for ; n.parent != nil && !n.ranked; n = n.parent {
		n.ranked = true
		f.ranked++
		f.weigh(n)
		n.parent.heaviest = max(n.parent.heaviest, n.weight)
		n.parent.place(n)
	}
}

// leave takes a node's place, and that of those above that have nobody else.
func (f *Fair) leave(n *node) {
	for ; n.parent != nil && n.ranked && len(n.children) == 0; n = n.parent {
		n.ranked = false
		f.ranked--
		i := slices.Index(n.parent.children, n)
		n.parent.children = slices.Delete(n.parent.children, i, i+1)
	}
}

// place puts a node that is in no order into the one of n.
func (n *node) place(child *node) {
	i := len(n.children)
	if n.sorter == DRF {
		i, _ = slices.BinarySearchFunc(n.children, child, compare)
	}
	n.children = slices.Insert(n.children, i, child)
}

// changed notes that what a node is ordered by has changed.
func (f *Fair) changed(n *node) {
	if n.ranked && !n.stale && n.parent.sorter == DRF {
		n.stale = true
		f.stale = append(f.stale, n)
	}
}

// settle brings the order up to date: a few nodes find their new place each for
// itself; when the cluster's total changed, all shares have, and all are sorted.
func (f *Fair) settle() {
	if len(f.stale) == 0 && !f.unsorted {
		return
	}
	if few := 8 + f.ranked/32; f.unsorted || len(f.stale) > few {
		f.sort(f.root)
		f.unsorted = false
	}
	for _, n := range f.stale {
		if n.stale && n.ranked {
			f.move(n)
		}
		n.stale = false
	}
	f.stale = f.stale[:0]
}

// sort sorts all that is below n.
func (f *Fair) sort(n *node) {
	n.heaviest = 0
	for _, child := range n.children {
		f.weigh(child)
		child.stale = false
		n.heaviest = max(n.heaviest, child.weight)
		f.sort(child)
	}
	if n.sorter == DRF {
		slices.SortFunc(n.children, compare)
	}
}

// move puts one node to its new place among its siblings, which are in order.
func (f *Fair) move(n *node) {
	list := n.parent.children
	i := slices.Index(list, n)
	f.weigh(n)
	if (i == 0 || compare(list[i-1], n) < 0) && (i+1 == len(list) || compare(n, list[i+1]) < 0) {
		return
	}
	if i+1 < len(list) && compare(n, list[i+1]) > 0 { // it moves back
		j, _ := slices.BinarySearchFunc(list[i+1:], n, compare)
		copy(list[i:], list[i+1:i+1+j])
		list[i+j] = n
		return
	}
	j, _ := slices.BinarySearchFunc(list[:i], n, compare)
	copy(list[j+1:i+1], list[j:i])
	list[j] = n
}

// due orders clients of any roles, both with a place: it compares those of the
// nodes above them that are siblings.
func due(a, b *client) int {
	x, y := a.node, b.node
	for x.depth > y.depth {
		x = x.parent
	}
	for y.depth > x.depth {
		y = y.parent
	}
	for x.parent != y.parent {
		x, y = x.parent, y.parent
	}
	return compare(x, y)
}
