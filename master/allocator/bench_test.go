// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// The benchmarks have the parameters of those that Mesos ships.

var (
	benchTime  = time.Unix(1_700_000_000, 0)
	benchAgent = resource.MustParse("cpus:24;mem:4096;disk:4096;ports:[31000-32000]")
	benchStar  = []string{"*"}
)

// sizes are numbers of agents and of frameworks.
func sizes(yield func(agents, frameworks int) bool) {
	for _, agents := range []int{1000, 5000, 10_000, 50_000} {
		for _, frameworks := range []int{1, 50, 500, 1000, 3000} {
			if !yield(agents, frameworks) {
				return
			}
		}
	}
}

// benchAgents adds agents, and subscribes frameworks in one role.
func benchAgents(f *allocator.Fair, agents, frameworks int) {
	for i := range agents {
		f.AddAgent(core.AgentID(fmt.Sprint("a", i)), nil, benchAgent)
	}
	for i := range frameworks {
		id := core.FrameworkID(fmt.Sprint("f", i))
		f.AddFramework(id)
		f.Subscribe(id, core.Subscription{Roles: benchStar})
	}
}

// BenchmarkFirstCycle is the first pass of a new master: all agents are free.
func BenchmarkFirstCycle(b *testing.B) {
	for agents, frameworks := range sizes {
		b.Run(fmt.Sprintf("agents=%d/frameworks=%d", agents, frameworks), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				f := allocator.New(allocator.Config{})
				benchAgents(f, agents, frameworks)
				b.StartTimer()
				if got := len(f.Allocate(benchTime)); got != agents {
					b.Fatalf("%d grants, want %d", got, agents)
				}
			}
		})
	}
}

// BenchmarkOneAgentChanged is a pass after a task has ended on one agent.
func BenchmarkOneAgentChanged(b *testing.B) {
	for agents, frameworks := range sizes {
		b.Run(fmt.Sprintf("agents=%d/frameworks=%d", agents, frameworks), func(b *testing.B) {
			f := allocator.New(allocator.Config{})
			benchAgents(f, agents, frameworks)
			grants := f.Allocate(benchTime)
			for _, p := range grants {
				f.Commit(p)
			}
			p := grants[agents/2]
			b.ReportAllocs()
			for b.Loop() {
				f.Discharge(p)
				got := f.Allocate(benchTime)
				if len(got) != 1 {
					b.Fatalf("%d grants, want 1", len(got))
				}
				p = got[0]
				f.Commit(p)
			}
		})
	}
}

// benchMore returns what an agent has with more cpus.
func benchMore(cpus int) resource.Resources {
	return resource.MustParse(fmt.Sprintf("cpus:%d;mem:4096;disk:4096;ports:[31000-32000]", cpus))
}

// resize changes what all agents have.
func resize(f *allocator.Fair, agents int, total resource.Resources) {
	for i := range agents {
		f.UpdateAgent(core.AgentID(fmt.Sprint("a", i)), nil, total)
	}
}

// refuseAll has every framework refuse every agent for a year: all the same, or
// each another amount.
func refuseAll(b *testing.B, f *allocator.Fair, agents, frameworks int, same bool) {
	b.Helper()
	for i := range frameworks { // each in its turn gets all there is
		f.Suppress(core.FrameworkID(fmt.Sprint("f", i)), benchStar)
	}
	for i := range frameworks {
		id := core.FrameworkID(fmt.Sprint("f", i))
		f.Revive(id, benchStar)
		if !same {
			resize(f, agents, benchMore(24+frameworks-i))
		}
		for _, p := range f.Allocate(benchTime) {
			f.Refuse(benchTime, p, allocator.MaxRefuse)
		}
		f.Suppress(id, benchStar)
	}
	for i := range frameworks { // eligible again, with its filters
		f.Subscribe(core.FrameworkID(fmt.Sprint("f", i)), core.Subscription{Roles: benchStar})
	}
	if grants := f.Allocate(benchTime); len(grants) > 0 {
		b.Fatalf("%d grants with all filters set", len(grants))
	}
}

// BenchmarkAllRefused is a pass that looks at every agent for every framework, all
// of which have refused it: each agent has become a little smaller.
func BenchmarkAllRefused(b *testing.B) {
	for what, same := range map[string]bool{"same": true, "different": false} {
		for _, size := range []struct{ agents, frameworks int }{{1000, 200}, {5000, 50}} {
			b.Run(fmt.Sprintf("%s/agents=%d/frameworks=%d", what, size.agents, size.frameworks), func(b *testing.B) {
				f := allocator.New(allocator.Config{})
				benchAgents(f, size.agents, size.frameworks)
				refuseAll(b, f, size.agents, size.frameworks, same)
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					n++
					resize(f, size.agents, benchMore(23-n%2))
					b.StartTimer()
					if grants := f.Allocate(benchTime); len(grants) > 0 {
						b.Fatalf("%d grants with all filters set", len(grants))
					}
				}
			})
		}
	}
}

// BenchmarkSubscribe is a pass after a framework has subscribed anew where all have
// refused everything: all agents are looked at for it.
func BenchmarkSubscribe(b *testing.B) {
	for _, size := range []struct{ agents, frameworks int }{{1000, 200}, {5000, 50}} {
		b.Run(fmt.Sprintf("agents=%d/frameworks=%d", size.agents, size.frameworks), func(b *testing.B) {
			f := allocator.New(allocator.Config{})
			benchAgents(f, size.agents, size.frameworks)
			refuseAll(b, f, size.agents, size.frameworks, true)
			b.ReportAllocs()
			for b.Loop() {
				f.Subscribe("f0", core.Subscription{Roles: benchStar})
				f.Allocate(benchTime)
			}
		})
	}
}

// BenchmarkQuota is the first pass where every role, of one framework each, has a
// guarantee, which is its limit too: most of a fifth of an agent, the others of five.
func BenchmarkQuota(b *testing.B) {
	for name, sorter := range map[string]allocator.Sorter{"drf": allocator.DRF, "random": allocator.Random} {
		for _, size := range []struct{ small, large int }{{25, 5}, {250, 50}, {2500, 500}} {
			b.Run(fmt.Sprintf("%s/agents=%d", name, size.small/5+size.large*5), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					f := allocator.New(allocator.Config{RoleSorter: sorter, FrameworkSorter: sorter})
					benchQuota(f, size.small, size.large)
					b.StartTimer()
					f.Allocate(benchTime)
				}
			})
		}
	}
}

func benchQuota(f *allocator.Fair, small, large int) {
	total := resource.MustParse("cpus:20;mem:4000;disk:4000")
	for i := range small/5 + large*5 {
		f.AddAgent(core.AgentID(fmt.Sprint("a", i)), nil, total)
	}
	for i := range small + large {
		id, role := core.FrameworkID(fmt.Sprint("f", i)), fmt.Sprint("r", i)
		factor := resource.Milli(1)
		if i >= small {
			factor = 25
		}
		q := map[string]resource.Milli{"cpus": 4000 * factor, "mem": 800_000 * factor, "disk": 800_000 * factor}
		f.AddFramework(id)
		f.Subscribe(id, core.Subscription{Roles: []string{role}})
		f.SetQuota(role, core.Quota{Guarantees: q, Limits: q})
	}
}
