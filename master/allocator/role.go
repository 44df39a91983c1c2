// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"strings"

	"github.com/tepui/tepui/resource"
)

// role is a role of which there is a client, or a role below it.
type role struct {
	path    string
	node    *node // with all roles below it
	own     *node // its frameworks
	above   *role // nil for a top-level role
	below   int   // roles whose above it is
	clients int
	bound   *bound
}

// ownName is the name of own nodes; no role below another is called so.
const ownName = "."

// role returns the role of this path, a new one if there is none, with those above.
func (f *Fair) role(path string) *role {
	if r := f.roles[path]; r != nil {
		return r
	}
	r := &role{path: path}
	parent, name := f.root, path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		r.above, name = f.role(path[:i]), path[i+1:]
		r.above.below++
		parent, r.bound = r.above.node, r.above.bound
	} else {
		r.bound = f.bound(path)
		r.bound.roles++
	}
	r.node = &node{name: name, weight: f.weight(path), parent: parent, depth: parent.depth + 1, sorter: f.cfg.RoleSorter}
	r.own = &node{name: ownName, weight: 1, parent: r.node, depth: r.node.depth + 1, sorter: f.cfg.FrameworkSorter}
	if r.above == nil {
		r.node.bound = r.bound
	}
	f.roles[path] = r
	return r
}

// forgetRole drops a role that is of no more use, and those above it.
func (f *Fair) forgetRole(r *role) {
	for ; r != nil && r.clients == 0 && r.below == 0; r = r.above {
		delete(f.roles, r.path)
		if r.above != nil {
			r.above.below--
			continue
		}
		r.bound.roles--
		f.forgetBound(r.bound)
	}
}

// SetWeight implements core.Allocator. A weight that is not above 0 counts as 1.
func (f *Fair) SetWeight(path string, weight float64) {
	if weight > 0 {
		f.weights[path] = weight
	} else {
		delete(f.weights, path)
	}
	if r := f.roles[path]; r != nil {
		r.node.weight = f.weight(path)
		f.unsorted = true
	}
}

func (f *Fair) weight(path string) float64 {
	if w, ok := f.weights[path]; ok {
		return w
	}
	return 1
}

// book counts resources that a client was given, or with sign -1 gave back, into
// its account, those of the roles above it, and into the consumption of its
// top-level role.
func (f *Fair) book(c *client, r resource.Resources, sign resource.Milli) {
	for n := c.node; n != nil; n = n.parent {
		n.used.count(&f.kinds, r, sign)
		if sign > 0 {
			n.served++
		}
		f.changed(n)
	}
	for a := range r.Amounts() {
		if a.Role == "" && !a.Revocable {
			*c.role.bound.taken.at(f.kinds.number(a.Name)) += sign * a.Value
		}
	}
	f.rebound(c.role.bound, sign < 0)
}

// topLevel returns the top-level role of a path.
func topLevel(path string) string {
	top, _, _ := strings.Cut(path, "/")
	return top
}
