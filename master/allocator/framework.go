// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"

	"github.com/tepui/tepui/master/core"
)

// framework is what the allocator knows of one.
type framework struct {
	id      core.FrameworkID
	active  bool
	refined bool               // it understands reservations that refine others
	clients map[string]*client // by role
}

// client is a framework in one of its roles.
type client struct {
	framework  *framework
	role       *role
	subscribed bool // it is one of the framework's roles now
	suppressed bool
	account
	filters map[*agent][]*filter
}

// role is a role of which there is a client.
type role struct {
	name    string
	clients map[core.FrameworkID]*client
	account
}

// eligible tells whether the client may be granted something.
func (c *client) eligible() bool {
	return c.framework.active && c.subscribed && !c.suppressed
}

// AddFramework implements core.Allocator.
func (f *Fair) AddFramework(id core.FrameworkID) {
	f.frameworks[id] = &framework{id: id, clients: make(map[string]*client)}
}

// Subscribe implements core.Allocator.
func (f *Fair) Subscribe(id core.FrameworkID, s core.Subscription) {
	fw := f.frameworks[id]
	if fw == nil {
		return
	}
	fw.active, fw.refined = true, s.Capabilities.ReservationRefinement
	for _, c := range fw.clients {
		c.subscribed, c.suppressed = false, false
	}
	for _, name := range s.Roles {
		f.client(fw, name).subscribed = true
	}
	for _, name := range s.Suppressed {
		f.client(fw, name).suppressed = true
	}
	f.forgetClients(fw)
	f.allDirty = true
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
	}
}

// RemoveFramework implements core.Allocator.
func (f *Fair) RemoveFramework(id core.FrameworkID) {
	fw := f.frameworks[id]
	if fw == nil {
		return
	}
	for _, c := range fw.clients {
		c.subscribed = false
		if !c.used.isZero() {
			f.fault(fmt.Errorf("framework %s removed while it has %v in role %s", id, c.used, c.role.name))
		}
	}
	f.forgetClients(fw)
	delete(f.frameworks, id)
}

// Suppress implements core.Allocator.
func (f *Fair) Suppress(id core.FrameworkID, roles []string) {
	f.setSuppressed(id, roles, true)
}

// Revive implements core.Allocator.
func (f *Fair) Revive(id core.FrameworkID, roles []string) {
	for _, c := range f.setSuppressed(id, roles, false) {
		f.forgetFilters(c)
		f.allDirty = true
	}
}

// setSuppressed returns the clients that it set.
func (f *Fair) setSuppressed(id core.FrameworkID, roles []string, suppressed bool) []*client {
	fw := f.frameworks[id]
	if fw == nil {
		return nil
	}
	var set []*client
	for _, name := range roles {
		if c := fw.clients[name]; c != nil {
			c.suppressed = suppressed
			set = append(set, c)
		}
	}
	return set
}

// client returns the framework's client in a role, a new one if there is none.
func (f *Fair) client(fw *framework, name string) *client {
	if c := fw.clients[name]; c != nil {
		return c
	}
	r := f.roles[name]
	if r == nil {
		r = &role{name: name, clients: make(map[core.FrameworkID]*client)}
		f.roles[name] = r
	}
	c := &client{framework: fw, role: r, filters: make(map[*agent][]*filter)}
	fw.clients[name], r.clients[fw.id] = c, c
	return c
}

// forgetClients drops the framework's clients that are of no more use.
func (f *Fair) forgetClients(fw *framework) {
	for _, c := range fw.clients {
		f.forgetClient(c)
	}
}

// forgetClient drops a client whose role the framework has left, once it has
// nothing in it.
func (f *Fair) forgetClient(c *client) {
	if c.subscribed || !c.used.isZero() {
		return
	}
	f.forgetFilters(c)
	delete(c.framework.clients, c.role.name)
	delete(c.role.clients, c.framework.id)
	if len(c.role.clients) == 0 {
		delete(f.roles, c.role.name)
	}
}
