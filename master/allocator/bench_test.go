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

// benchDesk has agents and frameworks, and all filters set: every framework has
// refused every agent.
func benchDesk(b *testing.B, agents, frameworks int) (*allocator.Fair, time.Time) {
	b.Helper()
	f, now := allocator.New(allocator.Config{}), time.Unix(1_700_000_000, 0)
	total := resource.MustParse("cpus:24;mem:4096;disk:4096;ports:[31000-32000]")
	for i := range agents {
		f.AddAgent(core.AgentID(fmt.Sprint("a", i)), nil, total)
	}
	for i := range frameworks {
		id := core.FrameworkID(fmt.Sprint("f", i))
		f.AddFramework(id)
		f.Subscribe(id, core.Subscription{Roles: []string{"*"}})
		for _, p := range f.Allocate(now) {
			f.Refuse(now, p, allocator.MaxRefuse)
		}
		f.Suppress(id, []string{"*"}) // so that the next gets all
	}
	for i := range frameworks { // and what was suppressed is eligible again, with its filters
		f.Subscribe(core.FrameworkID(fmt.Sprint("f", i)), core.Subscription{Roles: []string{"*"}})
	}
	if grants := f.Allocate(now); len(grants) > 0 {
		b.Fatalf("%d grants with all filters set", len(grants))
	}
	return f, now
}

// BenchmarkFullCycle looks at every agent for every framework, all of which have
// refused it: the worst there is.
func BenchmarkFullCycle(b *testing.B) {
	for _, size := range []struct{ agents, frameworks int }{{1000, 50}, {1000, 200}, {5000, 50}} {
		b.Run(fmt.Sprintf("%dx%d", size.agents, size.frameworks), func(b *testing.B) {
			f, now := benchDesk(b, size.agents, size.frameworks)
			b.ReportAllocs()
			for b.Loop() {
				f.Subscribe("f0", core.Subscription{Roles: []string{"*"}}) // whoever wants something anew makes it look at all
				f.Allocate(now)
			}
		})
	}
}

// BenchmarkOneAgent is a cycle after one agent has changed.
func BenchmarkOneAgent(b *testing.B) {
	for _, size := range []struct{ agents, frameworks int }{{1000, 200}, {5000, 50}} {
		b.Run(fmt.Sprintf("%dx%d", size.agents, size.frameworks), func(b *testing.B) {
			f, now := benchDesk(b, size.agents, size.frameworks)
			p := core.Piece{Agent: "a7", Framework: "f0", Role: "*", Resources: resource.MustParse("cpus:1")}
			b.ReportAllocs()
			for b.Loop() {
				f.Charge(p)
				f.Release(p)
				f.Allocate(now)
			}
		})
	}
}
