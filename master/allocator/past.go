// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"slices"
	"strings"
	"time"

	"github.com/tepui/tepui/master/core"
)

const (
	// maxPast bounds the grants of an agent that are remembered.
	maxPast = 4
	// maxShares bounds the shares that are remembered of one.
	maxShares = 6
)

// record is a grant of an agent as it was made: for those who ask later why it
// was not theirs.
type record struct {
	framework core.FrameworkID
	role      string
	at        time.Time
	pass      uint64
	// shares are those by which the client was first: of the nodes from its
	// top-level role down to itself, or as many as there is room for.
	shares [maxShares]float64
}

// remember keeps what is known of a grant that is being made; the time is added at
// the end of the pass.
func (f *Fair) remember(a *agent, c *client) {
	r := record{framework: c.framework.id, role: c.role.path, pass: f.pass}
	for n := c.node; n.parent != nil; n = n.parent {
		if n.depth <= maxShares {
			r.shares[n.depth-1] = n.share
		}
	}
	if len(a.past) == maxPast {
		a.past = slices.Delete(a.past, 0, 1)
	}
	a.past = append(a.past, r)
}

// dated adds the time to the records of this pass.
func (a *agent) dated(pass uint64, now time.Time) {
	for i := len(a.past) - 1; i >= 0 && a.past[i].pass == pass; i-- {
		a.past[i].at = now
	}
}

// granted returns the record of a client's hold; nil if it is not kept any more.
func (a *agent) granted(h *hold) *record {
	for i := range a.past {
		if r := &a.past[i]; r.pass == h.pass && r.framework == h.client.framework.id && r.role == h.client.role.path {
			return r
		}
	}
	return nil
}

// preferred returns the record of the grant by which the agent went to another and
// not to the client; nil if it went to itself, or before it was looked at for it.
func (a *agent) preferred(c *client) *record {
	if len(a.past) == 0 {
		return nil
	}
	last := &a.past[len(a.past)-1]
	if last.pass <= c.since || last.framework == c.framework.id && last.role == c.role.path {
		return nil
	}
	return last
}

// parting returns the nodes at which the client's way down from the root parts
// from the one to another: its own node there, its number on the way, and the
// name of the other one. A framework is told by its id, a role by its path.
func (c *client) parting(other *record) (mine *node, level int, myName, otherName string) {
	if c.role.path == other.role {
		return c.node, c.node.depth - 1, string(c.framework.id), string(other.framework)
	}
	a, b := strings.Split(c.role.path, "/"), strings.Split(other.role, "/")
	for level < min(len(a), len(b)) && a[level] == b[level] {
		level++
	}
	for mine = c.node; mine.depth > level+1; {
		mine = mine.parent
	}
	return mine, level, nodeName(a, level), nodeName(b, level)
}

// nodeName names the node of a role's way at a level: a role, or the frameworks of
// the role itself.
func nodeName(path []string, level int) string {
	if level < len(path) {
		return "role " + strings.Join(path[:level+1], "/")
	}
	return "the frameworks of role " + strings.Join(path, "/")
}
