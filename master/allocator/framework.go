// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// framework is what the allocator knows of one.
type framework struct {
	id      core.FrameworkID
	active  bool
	caps    core.Capabilities
	clients []*client // by role
}

// client is a framework in one of its roles.
type client struct {
	framework  *framework
	role       *role
	node       *node
	number     int  // in the sets of clients
	subscribed bool // it is one of the framework's roles now
	suppressed bool
	since      uint64 // the pass after which it was renewed last

	minimum     []floor // of its own, if hasMinimum
	hasMinimum  bool
	constraints constraints
	filters     *filter // the first of them
}

// usable returns what the framework understands of resources.
func (fw *framework) usable(r resource.Resources) resource.Resources {
	if !fw.caps.ReservationRefinement {
		r = r.Unrefined()
	}
	if !fw.caps.RevocableResources {
		r = r.Firm()
	}
	if !fw.caps.SharedResources {
		r = r.Unshared()
	}
	return r
}

// AddFramework implements core.Allocator.
func (f *Fair) AddFramework(id core.FrameworkID) {
	f.frameworks[id] = &framework{id: id}
}

// Subscribe implements core.Allocator.
func (f *Fair) Subscribe(id core.FrameworkID, s core.Subscription) {
	fw := f.frameworks[id]
	if fw == nil {
		return
	}
	fw.active, fw.caps = true, s.Capabilities
	for _, c := range fw.clients {
		c.subscribed, c.suppressed = false, false
	}
	for _, path := range s.Roles {
		c := f.client(fw, path)
		c.subscribed = true
		f.setMinimum(c, s.Filters[path])
		c.constraints = compile(s.Constraints.GetRoleConstraints()[path])
	}
	for _, path := range s.Suppressed {
		if c := fw.client(path); c != nil {
			c.suppressed = true
		}
	}
	for _, c := range slices.Clone(fw.clients) {
		f.renew(c)
		f.forgetClient(c)
	}
}

// Deactivate implements core.Allocator.
func (f *Fair) Deactivate(id core.FrameworkID) {
	fw := f.frameworks[id]
	if fw == nil {
		return
	}
	fw.active = false
	for _, c := range fw.clients {
		f.forgetFilters(c)
		f.renew(c)
	}
}

// RemoveFramework implements core.Allocator.
func (f *Fair) RemoveFramework(id core.FrameworkID) {
	fw := f.frameworks[id]
	if fw == nil {
		return
	}
	fw.active = false
	for _, c := range slices.Clone(fw.clients) {
		c.subscribed = false
		if !c.node.used.isZero() {
			f.fault(fmt.Errorf("framework %s removed while it has %v in role %s", id, c.node.used, c.role.path))
		}
		f.renew(c)
		f.forgetClient(c)
	}
	delete(f.frameworks, id)
}

// Suppress implements core.Allocator.
func (f *Fair) Suppress(id core.FrameworkID, roles []string) {
	for _, c := range f.clientsIn(id, roles) {
		c.suppressed = true
		f.renew(c)
	}
}

// Revive implements core.Allocator.
func (f *Fair) Revive(id core.FrameworkID, roles []string) {
	for _, c := range f.clientsIn(id, roles) {
		c.suppressed = false
		f.forgetFilters(c)
		f.renew(c)
	}
}

// clientsIn returns the framework's clients in those of the roles that it has.
func (f *Fair) clientsIn(id core.FrameworkID, roles []string) []*client {
	var list []*client
	if fw := f.frameworks[id]; fw != nil {
		for _, path := range roles {
			if c := fw.client(path); c != nil {
				list = append(list, c)
			}
		}
	}
	return list
}

// silent tells why the client may be granted nothing, if it is its own doing.
func (c *client) silent() string {
	switch {
	case !c.framework.active:
		return "the framework is not connected"
	case !c.subscribed:
		return "the framework is not subscribed in this role"
	case c.suppressed:
		return "the framework has suppressed offers in this role"
	}
	return ""
}

// renew has a client that is eligible looked at on all agents, whatever was found
// out before, and takes one that is not out of the order.
func (f *Fair) renew(c *client) {
	if c.silent() != "" {
		f.eligible.remove(c.number)
		f.renewed.remove(c.number)
		f.leave(c.node)
		return
	}
	f.eligible.add(c.number)
	f.renewed.add(c.number)
	f.enter(c.node)
	c.since = f.pass
}

// client returns the framework's client in a role, nil if there is none.
func (fw *framework) client(path string) *client {
	if i, ok := slices.BinarySearchFunc(fw.clients, path, byRole); ok {
		return fw.clients[i]
	}
	return nil
}

func byRole(c *client, path string) int { return strings.Compare(c.role.path, path) }

// client returns the framework's client in a role, a new one if there is none.
func (f *Fair) client(fw *framework, path string) *client {
	i, ok := slices.BinarySearchFunc(fw.clients, path, byRole)
	if ok {
		return fw.clients[i]
	}
	r := f.role(path)
	r.clients++
	c := &client{framework: fw, role: r, number: f.number()}
	c.node = &node{name: string(fw.id), weight: 1, parent: r.own, depth: r.own.depth + 1, client: c}
	f.clients[c.number] = c
	r.bound.clients.add(c.number)
	fw.clients = slices.Insert(fw.clients, i, c)
	return c
}

// number returns a number that no client has. A new client is renewed before it
// counts, so that what is in sets of one that had the number before is no matter.
func (f *Fair) number() int {
	if n := len(f.unused); n > 0 {
		number := f.unused[n-1]
		f.unused = f.unused[:n-1]
		return number
	}
	f.clients = append(f.clients, nil)
	return len(f.clients) - 1
}

// forgetClient drops a client whose role the framework has left, once it has
// nothing in it.
func (f *Fair) forgetClient(c *client) {
	if c.subscribed || !c.node.used.isZero() {
		return
	}
	f.forgetFilters(c)
	f.setMinimum(c, nil)
	f.squeezed.remove(c.number)
	c.role.bound.clients.remove(c.number)
	f.clients[c.number] = nil
	f.unused = append(f.unused, c.number)
	i, _ := slices.BinarySearchFunc(c.framework.clients, c.role.path, byRole)
	c.framework.clients = slices.Delete(c.framework.clients, i, i+1)
	c.role.clients--
	f.forgetRole(c.role)
}
