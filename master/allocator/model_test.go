// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"pgregory.net/rapid"
)

// ledger is what a test knows of what it did to an allocator: lists, gone
// through from end to end for every question.
type ledger struct {
	*desk
	twin       *desk // gets the same calls, and is to give the same grants
	agents     map[core.AgentID]resource.Resources
	frameworks []core.FrameworkID
	roles      map[core.FrameworkID][]string
	suppressed map[core.FrameworkID]bool
	taken      []core.Piece
	refused    []refusal
}

type refusal struct {
	core.Piece
	until time.Time
}

func newLedger(t rapid.TB) *ledger {
	l := &ledger{
		desk:       newDesk(t),
		twin:       newDesk(t),
		agents:     make(map[core.AgentID]resource.Resources),
		roles:      make(map[core.FrameworkID][]string),
		suppressed: make(map[core.FrameworkID]bool),
	}
	for i, roles := range [][]string{{"a"}, {"a"}, {"b"}, {"a", "b"}} {
		id := core.FrameworkID(fmt.Sprint("f", i))
		l.frameworks = append(l.frameworks, id)
		l.roles[id] = roles
		l.framework(id, roles...)
		l.twin.framework(id, roles...)
	}
	return l
}

// share is the dominant share of the pieces that ok says yes to, of the whole.
func (l *ledger) share(ok func(core.Piece) bool) float64 {
	largest := 0.0
	for _, name := range []string{"cpus", "mem"} {
		var part, whole resource.Milli
		for _, r := range l.agents {
			whole += r.Scalar(name)
		}
		for _, p := range l.taken {
			if ok(p) {
				part += p.Resources.Scalar(name)
			}
		}
		if whole > 0 {
			largest = max(largest, float64(part)/float64(whole))
		}
	}
	return largest
}

func (l *ledger) roleShare(role string) float64 {
	return l.share(func(p core.Piece) bool { return p.Role == role })
}

func (l *ledger) frameworkShare(id core.FrameworkID, role string) float64 {
	return l.share(func(p core.Piece) bool { return p.Role == role && p.Framework == id })
}

// free is what the books say is free of an agent.
func (l *ledger) free(id core.AgentID) resource.Resources {
	free := l.agents[id]
	for _, p := range l.taken {
		if p.Agent == id {
			left, err := free.Subtract(p.Resources)
			if err != nil {
				l.t.Fatalf("agent %s is given away twice: %v", id, err)
			}
			free = left
		}
	}
	return free
}

// mayHave tells whether a framework may be granted what is free of an agent.
func (l *ledger) mayHave(id core.FrameworkID, role string, agent core.AgentID) bool {
	piece := l.free(agent).AvailableTo(role)
	if l.suppressed[id] || !slices.Contains(l.roles[id], role) || piece.CPUs() < 10 && piece.Mem() < 32_000 {
		return false
	}
	return !slices.ContainsFunc(l.refused, func(r refusal) bool {
		return r.Agent == agent && r.Framework == id && r.Role == role && r.until.After(l.now) && r.Resources.Contains(piece)
	})
}

// run allocates, and checks each grant against the books as they are before it.
func (l *ledger) run() {
	grants := l.allocate()
	l.twin.now = l.now
	if d := cmp.Diff(fmt.Sprint(grants), fmt.Sprint(l.twin.allocate())); d != "" {
		l.t.Fatalf("the same calls give different grants (-one +other):\n%s", d)
	}
	for _, p := range grants {
		if !l.mayHave(p.Framework, p.Role, p.Agent) {
			l.t.Fatalf("%s is granted to %s in %s, which may not have it", p.Resources, p.Framework, p.Role)
		}
		if want := l.free(p.Agent).AvailableTo(p.Role); !p.Resources.Equal(want) {
			l.t.Fatalf("granted is %s of agent %s, want all that the role may have, %s", p.Resources, p.Agent, want)
		}
		for _, role := range []string{"a", "b"} {
			for _, id := range l.frameworks {
				if !l.mayHave(id, role, p.Agent) {
					continue
				}
				if l.roleShare(role) < l.roleShare(p.Role) {
					l.t.Fatalf("agent %s is granted in role %s, but %s has a lower share", p.Agent, p.Role, role)
				}
				if role == p.Role && l.frameworkShare(id, role) < l.frameworkShare(p.Framework, role) {
					l.t.Fatalf("agent %s is granted to %s, but %s has a lower share", p.Agent, p.Framework, id)
				}
			}
		}
		l.taken = append(l.taken, p)
	}
	for agent := range l.agents { // nothing that somebody may have is left
		for _, id := range l.frameworks {
			for _, role := range l.roles[id] {
				if l.mayHave(id, role, agent) {
					l.t.Fatalf("agent %s has %s left, which %s may have in %s", agent, l.free(agent), id, role)
				}
			}
		}
	}
}

// each makes a call to both allocators.
func (l *ledger) each(call func(*allocator.Fair)) {
	call(l.Fair)
	call(l.twin.Fair)
}

// step does one random thing.
func (l *ledger) step(t *rapid.T) {
	id := rapid.SampledFrom(l.frameworks).Draw(t, "framework")
	switch rapid.SampledFrom([]string{"agent", "release", "refuse", "refuse", "suppress", "revive", "time"}).Draw(t, "step") {
	case "agent":
		if n := len(l.agents); n < 6 {
			agent := core.AgentID(fmt.Sprint("a", n))
			l.agents[agent] = resource.MustParse(rapid.SampledFrom([]string{
				"cpus:4;mem:100", "cpus:1;mem:1000", "cpus:2;cpus(b):2;mem:64;mem(b):64", "cpus(a):1;mem:10",
			}).Draw(t, "resources"))
			l.each(func(f *allocator.Fair) { f.AddAgent(agent, nil, l.agents[agent]) })
		}
	case "release":
		if p, ok := l.draw(t); ok {
			l.each(func(f *allocator.Fair) { f.Release(p) })
		}
	case "refuse":
		if p, ok := l.draw(t); ok {
			d := time.Duration(rapid.IntRange(1, 10).Draw(t, "seconds")) * time.Second
			l.refused = append(l.refused, refusal{p, l.now.Add(d)})
			l.each(func(f *allocator.Fair) { f.Refuse(l.now, p, d) })
			l.now = l.now.Add(allocator.DefaultInterval) // until then it may be left over
		}
	case "suppress":
		l.suppressed[id] = true
		l.each(func(f *allocator.Fair) { f.Suppress(id, l.roles[id]) })
	case "revive":
		l.suppressed[id] = false
		l.refused = slices.DeleteFunc(l.refused, func(r refusal) bool { return r.Framework == id })
		l.each(func(f *allocator.Fair) { f.Revive(id, l.roles[id]) })
	case "time":
		l.now = l.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "seconds")) * time.Second)
	}
	l.run()
}

// draw takes a piece, or half of one, out of the books.
func (l *ledger) draw(t *rapid.T) (core.Piece, bool) {
	if len(l.taken) == 0 {
		return core.Piece{}, false
	}
	i := rapid.IntRange(0, len(l.taken)-1).Draw(t, "piece")
	p := l.taken[i]
	part := resource.MustParse("cpus:0.5")
	if rest, err := p.Resources.Subtract(part); err == nil && rapid.Bool().Draw(t, "only a part") {
		l.taken[i].Resources = rest
		p.Resources = part
		return p, true
	}
	l.taken = slices.Delete(l.taken, i, i+1)
	return p, true
}

func TestEveryGrantIsFairAllowedAndRepeatableAndNothingIsLeftOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			l.step(t)
		}
	})
}
