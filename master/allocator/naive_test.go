// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// naive is what an allocator should do, thought out anew for every question from
// lists that are gone through from end to end.
type naive struct {
	optimistic bool
	now        time.Time
	agents     []*naiveAgent
	clients    []*naiveClient
	taken      []taking
	refused    []refusal
	weights    map[string]float64
	quotas     map[string]core.Quota
}

type naiveAgent struct {
	id       core.AgentID
	info     *mesos.AgentInfo
	total    resource.Resources
	inactive bool
	far      bool
	rack     string
}

type naiveClient struct {
	id         core.FrameworkID
	role       string
	suppressed bool
	caps       core.Capabilities
	rack       string // the only one that it wants
	min        *resource.Resources
}

type taking struct {
	core.Piece
	used bool
}

type refusal struct {
	core.Piece
	until time.Time
}

// scalars are those that count in the model.
var scalars = []string{"cpus", "mem", "gpus"}

// under tells whether a role is the other one, or below it.
func under(role, above string) bool { return role == above || strings.HasPrefix(role, above+"/") }

func top(role string) string { name, _, _ := strings.Cut(role, "/"); return name }

// loose returns how much of a scalar is neither reserved nor revocable.
func loose(r resource.Resources, name string) resource.Milli {
	return r.Unreserved().Firm().Scalar(name)
}

// share is the dominant share of what ok says yes to, of all agents.
func (n *naive) share(weight float64, ok func(taking) bool) float64 {
	largest := 0.0
	for _, name := range scalars {
		var part, whole resource.Milli
		for _, a := range n.agents {
			whole += a.total.Scalar(name)
		}
		for _, p := range n.taken {
			if ok(p) {
				part += p.Resources.Scalar(name)
			}
		}
		if whole > 0 {
			largest = max(largest, float64(part)/float64(whole))
		}
	}
	return largest / weight
}

func (n *naive) weight(role string) float64 {
	if w, ok := n.weights[role]; ok {
		return w
	}
	return 1
}

// before tells whether a is due before b, by shares alone: those of the nodes
// where their ways from the root part.
func (n *naive) before(a, b *naiveClient) bool {
	if a.role == b.role {
		in := func(c *naiveClient) func(taking) bool {
			return func(p taking) bool { return p.Role == c.role && p.Framework == c.id }
		}
		return n.share(1, in(a)) < n.share(1, in(b))
	}
	return n.nodeShare(a.role, b.role) < n.nodeShare(b.role, a.role)
}

// nodeShare is the share of the node on the way to role that parts from the way to
// other.
func (n *naive) nodeShare(role, other string) float64 {
	path := ""
	for _, name := range strings.Split(role, "/") {
		path = strings.TrimPrefix(path+"/"+name, "/")
		if !under(other, path) {
			return n.share(n.weight(path), func(p taking) bool { return under(p.Role, path) })
		}
	}
	return n.share(1, func(p taking) bool { return p.Role == role }) // the frameworks of the role itself
}

// free is what of an agent is free for a framework.
func (n *naive) free(a *naiveAgent, id core.FrameworkID) resource.Resources {
	free := a.total
	for _, p := range n.taken {
		if p.Agent == a.id && (p.used || !n.optimistic || p.Framework == id) {
			left, err := free.Subtract(p.Resources)
			if err != nil {
				return resource.Resources{}
			}
			free = left
		}
	}
	return free
}

// consumed is what a top-level role has: reserved, or taken of the unreserved.
func (n *naive) consumed(role, name string) resource.Milli {
	sum := resource.Milli(0)
	for _, a := range n.agents {
		for r := range a.total.Amounts() {
			if r.Role != "" && top(r.Role) == role && r.Name == name && !r.Revocable {
				sum += r.Value
			}
		}
	}
	for _, p := range n.taken {
		if top(p.Role) == role {
			sum += loose(p.Resources, name)
		}
	}
	return sum
}

// missing is what a top-level role lacks of its guarantee.
func (n *naive) missing(role, name string) resource.Milli {
	return max(0, n.quotas[role].Guarantees[name]-n.consumed(role, name))
}

// spare is how much of a scalar on an agent is not granted, as often as it was, and
// not in use.
func (n *naive) spare(a *naiveAgent, name string) resource.Milli {
	if a.inactive {
		return 0
	}
	spare := loose(a.total, name)
	for _, p := range n.taken {
		if p.Agent == a.id {
			spare -= loose(p.Resources, name)
		}
	}
	return spare
}

// slack is what is free of all agents beyond what roles lack of guarantees, and
// whether any does.
func (n *naive) slack(name string) (slack resource.Milli, held bool) {
	for _, a := range n.agents {
		slack += n.spare(a, name)
	}
	for role := range n.quotas {
		missing := n.missing(role, name)
		slack -= missing
		held = held || missing > 0
	}
	return slack, held
}

// most is how much of an unreserved scalar a role may be given.
func (n *naive) most(role, name string) resource.Milli {
	most := resource.Milli(1 << 50)
	if limit, ok := n.quotas[role].Limits[name]; ok {
		most = max(0, limit-n.consumed(role, name))
	}
	if slack, held := n.slack(name); held {
		most = min(most, n.missing(role, name)+max(0, slack))
	}
	return most
}

// due is what a client may be granted of an agent, and whether it may.
func (n *naive) due(c *naiveClient, a *naiveAgent) (resource.Resources, bool) {
	piece := n.usable(c, a).Cut(func(name string, have resource.Milli) resource.Milli {
		m := min(have, n.most(top(c.role), name))
		if name == "gpus" {
			m -= m % 1000
		}
		return m
	})
	switch {
	case c.suppressed || a.inactive || piece.IsEmpty():
		return piece, false
	case a.far && !c.caps.RegionAware, a.total.Scalar("gpus") > 0 && !c.caps.GPUResources:
		return piece, false
	case c.rack != "" && c.rack != a.rack:
		return piece, false
	case c.min == nil && piece.CPUs() < 10 && piece.Mem() < 32_000:
		return piece, false
	case c.min != nil && (piece.CPUs() < c.min.CPUs() || piece.Mem() < c.min.Mem()):
		return piece, false
	}
	return piece, !slices.ContainsFunc(n.refused, func(r refusal) bool {
		return r.Agent == a.id && r.Framework == c.id && r.Role == c.role && r.until.After(n.now) && r.Resources.Contains(piece)
	})
}

// usable is what a client understands of what is free for it.
func (n *naive) usable(c *naiveClient, a *naiveAgent) resource.Resources {
	piece := n.free(a, c.id).AvailableTo(c.role)
	if !c.caps.RevocableResources {
		piece = piece.Firm()
	}
	if !c.caps.ReservationRefinement {
		piece = piece.Unrefined()
	}
	return piece
}

func (n *naive) agent(id core.AgentID) *naiveAgent {
	for _, a := range n.agents {
		if a.id == id {
			return a
		}
	}
	return nil
}

func (n *naive) client(id core.FrameworkID, role string) *naiveClient {
	for _, c := range n.clients {
		if c.id == id && c.role == role {
			return c
		}
	}
	return nil
}

// guaranteed tells whether any role lacks some of its guarantees.
func (n *naive) guaranteed() bool {
	for _, role := range slices.Sorted(maps.Keys(n.quotas)) {
		for _, name := range scalars {
			if n.missing(role, name) > 0 {
				return true
			}
		}
	}
	return false
}
