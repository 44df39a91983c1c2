// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"pgregory.net/rapid"
)

// desk is an allocator with the time.
type desk struct {
	t rapid.TB
	*allocator.Fair
	now time.Time
}

func newDesk(t rapid.TB) *desk { return deskWith(t, allocator.Config{}) }

func deskWith(t rapid.TB, cfg allocator.Config) *desk {
	return &desk{t: t, Fair: allocator.New(cfg), now: time.Unix(1_700_000_000, 0)}
}

func (d *desk) agent(id core.AgentID, resources string) {
	d.AddAgent(id, nil, resource.MustParse(resources))
}

// framework adds a framework that is subscribed in these roles, "*" for none.
func (d *desk) framework(id core.FrameworkID, roles ...string) {
	if len(roles) == 0 {
		roles = []string{"*"}
	}
	d.AddFramework(id)
	d.Subscribe(id, core.Subscription{Roles: roles})
}

// grants allocates and returns each grant as "agent framework role resources".
func (d *desk) grants() []string {
	d.t.Helper()
	var list []string
	for _, p := range d.allocate() {
		list = append(list, fmt.Sprintf("%s %s %s %s", p.Agent, p.Framework, p.Role, p.Resources))
	}
	return list
}

func (d *desk) allocate() []core.Piece {
	d.t.Helper()
	pieces := d.Allocate(d.now)
	if err := d.Check(); err != nil {
		d.t.Fatal(err)
	}
	return pieces
}

func (d *desk) want(grants ...string) {
	d.t.Helper()
	if diff := cmp.Diff(grants, d.grants()); diff != "" {
		d.t.Errorf("grants (-want +got):\n%s", diff)
	}
}

func piece(agent core.AgentID, framework core.FrameworkID, resources string) core.Piece {
	return core.Piece{Agent: agent, Framework: framework, Role: "*", Resources: resource.MustParse(resources)}
}

func TestAllOfAnAgentGoesToTheFrameworkWithTheLowestShare(t *testing.T) {
	d := newDesk(t)
	d.framework("f1")
	d.framework("f2")
	d.agent("a1", "cpus:4;mem:100")
	d.agent("a2", "cpus:4;mem:100")
	d.agent("a3", "cpus:8;mem:100")
	d.agent("a4", "cpus:1;mem:100")
	d.agent("a5", "cpus:1;mem:100")
	d.want(
		"a1 f1 * cpus:4;mem:100",
		"a2 f2 * cpus:4;mem:100",
		"a3 f1 * cpus:8;mem:100", // equal shares, equally often served: by name
		"a4 f2 * cpus:1;mem:100",
		"a5 f2 * cpus:1;mem:100",
	)
	d.want()
}

func TestTheShareThatCountsIsTheLargest(t *testing.T) {
	d := newDesk(t)
	d.agent("a0", "cpus:10;mem:1000;disk:1000")
	d.framework("cpus")
	d.framework("mem")
	d.Charge(piece("a0", "cpus", "cpus:5;mem:100")) // half of the cpus
	d.Charge(piece("a0", "mem", "cpus:1;mem:600"))  // more than half of the memory
	d.want("a0 cpus * cpus:4;disk:1000;mem:300")
}

func TestRolesComeBeforeFrameworks(t *testing.T) {
	d := newDesk(t)
	d.framework("f1", "many")
	d.framework("f2", "many")
	d.framework("f3", "many")
	d.framework("f4", "one")
	for i := range 4 {
		d.agent(core.AgentID(fmt.Sprint("a", i)), "cpus:1;mem:100")
	}
	d.want( // each role gets as much, however many frameworks are in it
		"a0 f1 many cpus:1;mem:100",
		"a1 f4 one cpus:1;mem:100",
		"a2 f2 many cpus:1;mem:100",
		"a3 f4 one cpus:1;mem:100",
	)
}

func TestAmongEqualsWhoWasServedLessOftenIsNext(t *testing.T) {
	d := newDesk(t)
	d.agent("a", "cpus:1;mem:100")
	d.framework("f1")
	d.framework("f2")
	var got []core.FrameworkID
	for range 4 {
		p := d.allocate()[0]
		got = append(got, p.Framework)
		d.Release(p)
	}
	if want := []core.FrameworkID{"f1", "f2", "f1", "f2"}; !cmp.Equal(got, want) {
		t.Errorf("served are %v, want %v", got, want)
	}
}

func TestWhatIsTooLittleIsNotOffered(t *testing.T) {
	for resources, want := range map[string]bool{
		"cpus:0.009;mem:31.999":           false,
		"cpus:0.01;mem:31":                true,
		"cpus:0.009;mem:32":               true,
		"disk:1000;ports:[1-9]":           false,
		"cpus(r):4;mem(r):1000;disk:1000": false, // reserved for somebody else
	} {
		d := newDesk(t)
		d.framework("f")
		d.agent("a", resources)
		if got := len(d.grants()) == 1; got != want {
			t.Errorf("%s is offered: %v, want %v", resources, got, want)
		}
	}
}

func TestReservedResourcesAreForTheirRoleAndThoseBelowIt(t *testing.T) {
	d := newDesk(t)
	d.framework("other", "other")
	d.agent("a", "cpus:1;cpus(eng):2;mem:100;mem(eng):200")
	d.want("a other other cpus:1;mem:100")
	d.framework("dev", "eng/dev")
	d.want("a dev eng/dev cpus(eng):2;mem(eng):200")
}

func TestTheUnreservedComesWithTheReserved(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "eng")
	d.agent("a", "cpus:1;cpus(eng):2;mem:100")
	d.want("a f eng cpus:1;cpus(eng):2;mem:100")
}

func TestSuppressedAndInactiveAreNotOffered(t *testing.T) {
	d := newDesk(t)
	d.agent("a", "cpus:1;mem:100")
	d.AddFramework("never subscribed")
	d.framework("suppressed")
	d.Suppress("suppressed", []string{"*"})
	d.framework("gone")
	d.Deactivate("gone")
	d.AddFramework("suppressed from the start")
	d.Subscribe("suppressed from the start", core.Subscription{Roles: []string{"*"}, Suppressed: []string{"*"}})
	d.want()
	d.Revive("suppressed", []string{"*"})
	d.want("a suppressed * cpus:1;mem:100")
}

func TestAFrameworkThatSubscribesAnewHasOnlyItsNewRoles(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "old", "kept")
	d.agent("a0", "cpus:1;mem:100")
	p := d.allocate()[0]
	d.Subscribe("f", core.Subscription{Roles: []string{"kept", "new"}})
	d.Suppress("f", []string{"kept"})
	d.Release(p)
	d.want("a0 f new cpus:1;mem:100")
}

func TestAnInactiveAgentIsNotOfferedUntilItIsActive(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:1;mem:100")
	d.ActivateAgent("a", false, "")
	d.want()
	d.ActivateAgent("a", true, "")
	d.want("a f * cpus:1;mem:100")
}

func TestAnAgentsNewTotalIsOffered(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:1;mem:100")
	d.want("a f * cpus:1;mem:100")
	d.UpdateAgent("a", nil, resource.MustParse("cpus:3;mem:100"))
	d.want("a f * cpus:2")
}

func TestAFilterHolds(t *testing.T) {
	for name, c := range map[string]struct{ refuse, holds time.Duration }{
		"as long as it says":    {time.Minute, time.Minute},
		"5 s if negative":       {-1, 5 * time.Second},
		"an interval at least":  {0, time.Second},
		"365 days at the most":  {1 << 62, 365 * 24 * time.Hour},
		"above an interval too": {1500 * time.Millisecond, 1500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.framework("f")
			d.agent("a", "cpus:1;mem:100")
			d.Refuse(d.now, d.allocate()[0], c.refuse)
			d.want()
			refused := d.now
			if c.holds > allocator.DefaultInterval {
				d.now = refused.Add(allocator.DefaultInterval)
				d.want() // nobody else wants it
			}
			if at, ok := d.Deadline(); !ok || at.Sub(refused) != c.holds {
				t.Errorf("deadline in %v, want %v", at.Sub(refused), c.holds)
			}
			d.now = refused.Add(c.holds - 1)
			d.want()
			d.now = d.now.Add(1)
			d.want("a f * cpus:1;mem:100")
			if at, ok := d.Deadline(); ok {
				t.Errorf("deadline %v without a filter", at)
			}
		})
	}
}

func TestWhatIsRefusedGoesToOthersOnceInAnInterval(t *testing.T) {
	d := newDesk(t)
	d.framework("f1")
	d.framework("f2")
	d.agent("a", "cpus:1;mem:100")
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	first := d.now.Add(allocator.DefaultInterval)
	d.now = d.now.Add(allocator.DefaultInterval / 2)
	d.want()
	d.agent("b", "cpus:2;mem:200") // does not wait
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	if at, ok := d.Deadline(); !ok || !at.Equal(first) {
		t.Errorf("deadline %v, want %v: one for all", at, first)
	}
	d.now = first.Add(-1)
	d.want()
	d.now = first
	if got := len(d.allocate()); got != 2 {
		t.Errorf("%d pieces are granted, want both", got)
	}
}

func TestAFilterIsForOneFrameworkRoleAndAgent(t *testing.T) {
	d := newDesk(t)
	d.framework("f1", "r1", "r2")
	d.agent("a", "cpus:1;mem:100")
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	d.now = d.now.Add(allocator.DefaultInterval)
	p := d.allocate()[0]
	if p.Framework != "f1" || p.Role != "r2" {
		t.Errorf("granted to %s in %s, want f1 in its other role", p.Framework, p.Role)
	}
	d.Refuse(d.now, p, time.Hour)
	d.framework("f2")
	p = d.allocate()[0]
	if p.Framework != "f2" {
		t.Errorf("granted to %s, want the other framework", p.Framework)
	}
	d.Refuse(d.now, p, time.Hour)
	d.agent("b", "cpus:1;mem:100")
	if p = d.allocate()[0]; p.Agent != "b" {
		t.Errorf("granted is %s, want the other agent", p.Agent)
	}
}

func TestAFilterIsForWhatWasRefusedAndPartsOfIt(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:4;mem:100")
	d.Charge(piece("a", "f", "cpus:1"))
	d.Refuse(d.now, d.allocate()[0], time.Hour) // cpus:3;mem:100
	d.Charge(piece("a", "f", "cpus:1"))
	d.Release(piece("a", "f", "mem:0"))
	d.want() // cpus:2;mem:100 are a part of it
	d.Discharge(piece("a", "f", "cpus:1"))
	d.want() // that is it
	d.Discharge(piece("a", "f", "cpus:1"))
	d.want("a f * cpus:4;mem:100") // this is more
}

func TestReviveAndDeactivateForgetFilters(t *testing.T) {
	for name, forget := range map[string]func(d *desk){
		"revive":     func(d *desk) { d.Revive("f", []string{"*"}) },
		"deactivate": func(d *desk) { d.Deactivate("f"); d.Subscribe("f", core.Subscription{Roles: []string{"*"}}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.framework("f")
			d.agent("a", "cpus:1;mem:100")
			d.Refuse(d.now, d.allocate()[0], time.Hour)
			forget(d)
			d.want("a f * cpus:1;mem:100")
			if _, ok := d.Deadline(); ok {
				t.Error("the filter is still there")
			}
		})
	}
}

func TestTheFiltersOnARemovedAgentGoWithIt(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:1;mem:100")
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	d.RemoveAgent("a")
	if _, ok := d.Deadline(); ok {
		t.Error("the filter is still there")
	}
	d.want()
}

func TestTheFiltersOnOneAgentAreBounded(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:100;ports:[1-100]")
	p := d.allocate()[0]
	for i := range 50 { // none is part of another
		part := p
		part.Resources = resource.MustParse(fmt.Sprintf("cpus:1;ports:[%d-%d]", i+1, i+1))
		d.Refuse(d.now, part, time.Hour+time.Duration(i))
	}
	d.now = d.now.Add(allocator.DefaultInterval)
	d.Allocate(d.now) // from now on only filters have a deadline
	n := 0
	for at, ok := d.Deadline(); ok; at, ok = d.Deadline() {
		d.now = at
		d.Allocate(at)
		n++
	}
	if n != 16 {
		t.Errorf("%d filters, want 16, the bound", n)
	}
}

func TestAFilterThatCoversOthersReplacesThem(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:4;mem:100")
	p := d.allocate()[0]
	part := p
	part.Resources = resource.MustParse("cpus:1")
	p.Resources = resource.MustParse("cpus:3;mem:100")
	d.Refuse(d.now, part, time.Minute)
	d.Refuse(d.now, p, time.Hour)
	refused := d.now
	d.now = d.now.Add(allocator.DefaultInterval)
	d.Allocate(d.now) // from now on only filters have a deadline
	if at, _ := d.Deadline(); at.Sub(refused) != time.Hour {
		t.Errorf("next expires after %v, want an hour: the smaller filter is superfluous", at.Sub(refused))
	}
}

func TestWhatDoesNotAddUpIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(d *desk)
		word string
	}{
		"more back than was taken":      {func(d *desk) { d.Release(piece("a", "f", "cpus:9")) }, "release of agent a"},
		"more taken than there is":      {func(d *desk) { d.Charge(piece("a", "f", "cpus:9")) }, "charge of agent a"},
		"an agent removed with a piece": {func(d *desk) { d.Charge(piece("a", "f", "cpus:1")); d.RemoveAgent("a") }, "agent a removed"},
		"an agent that shrinks too far": {func(d *desk) { d.Charge(piece("a", "f", "cpus:1")); d.UpdateAgent("a", nil, resource.Resources{}) }, "update of agent a"},
		"a framework removed with some": {func(d *desk) { d.Charge(piece("a", "f", "cpus:1")); d.RemoveFramework("f") }, "framework f removed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.framework("f")
			d.agent("a", "cpus:1")
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
			c.do(d)
			if err := d.Check(); err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("Check says %v, want %q", err, c.word)
			}
		})
	}
}

func TestUnknownIDsAreIgnored(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:1")
	for _, p := range []core.Piece{piece("x", "f", "cpus:1"), piece("a", "x", "cpus:1")} {
		d.Charge(p)
		d.Release(p)
		d.Refuse(d.now, p, time.Second)
	}
	d.UpdateAgent("x", nil, resource.Resources{})
	d.ActivateAgent("x", true, "")
	d.RemoveAgent("x")
	d.Subscribe("x", core.Subscription{Roles: []string{"*"}})
	d.Deactivate("x")
	d.Suppress("x", []string{"*"})
	d.Revive("x", []string{"*"})
	d.RemoveFramework("x")
	if used, _, free := d.Agent("x"); !used.IsEmpty() || !free.IsEmpty() {
		t.Errorf("an unknown agent has %s and %s", used, free)
	}
	d.want("a f * cpus:1")
}
