// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// rolePiece is a piece for a framework in a role.
func rolePiece(agent core.AgentID, framework core.FrameworkID, role, resources string) core.Piece {
	return core.Piece{Agent: agent, Framework: framework, Role: role, Resources: resource.MustParse(resources)}
}

// counts allocates n agents of one cpu and returns how many each role was granted.
func (d *desk) counts(n int) map[string]int {
	d.t.Helper()
	for i := range n {
		d.agent(core.AgentID(fmt.Sprintf("n%03d", i)), "cpus:1;mem:100")
	}
	got := make(map[string]int)
	for _, p := range d.allocate() {
		got[p.Role]++
	}
	return got
}

func TestRolesShareByTheirPlaceInTheTree(t *testing.T) {
	for name, c := range map[string]struct {
		roles   []string
		weights map[string]float64
		want    map[string]int
	}{
		"equals":                 {[]string{"a", "b"}, nil, map[string]int{"a": 6, "b": 6}},
		"weights":                {[]string{"a", "b"}, map[string]float64{"a": 3}, map[string]int{"a": 9, "b": 3}},
		"a subtree is one":       {[]string{"a/x", "a/y", "b"}, nil, map[string]int{"a/x": 3, "a/y": 3, "b": 6}},
		"own beside below":       {[]string{"a", "a/x", "a/y"}, nil, map[string]int{"a": 4, "a/x": 4, "a/y": 4}},
		"weight of an inner":     {[]string{"a/x", "a/y", "b"}, map[string]float64{"a": 2, "a/x": 3}, map[string]int{"a/x": 6, "a/y": 2, "b": 4}},
		"own counts 1 in itself": {[]string{"a", "a/x"}, map[string]float64{"a": 5, "a/x": 2}, map[string]int{"a": 4, "a/x": 8}},
		"a weight below 1":       {[]string{"a", "b"}, map[string]float64{"b": 0.5}, map[string]int{"a": 8, "b": 4}},
		"no weight at all is 1":  {[]string{"a", "b"}, map[string]float64{"b": -2}, map[string]int{"a": 6, "b": 6}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			for role, w := range c.weights {
				d.SetWeight(role, w)
			}
			for i, role := range c.roles {
				d.framework(core.FrameworkID(fmt.Sprint("f", i)), role)
			}
			if got := d.counts(12); !maps.Equal(got, c.want) {
				t.Errorf("granted are %v, want %v", got, c.want)
			}
		})
	}
}

func TestAWeightThatChangesIsMindedFromThenOn(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	d.counts(8)
	d.SetWeight("b", 3)
	for i := range 8 {
		d.agent(core.AgentID(fmt.Sprint("m", i)), "cpus:1;mem:100")
	}
	got := map[string]int{}
	for _, p := range d.allocate() {
		got[p.Role]++
	}
	if want := map[string]int{"b": 8}; !maps.Equal(got, want) { // 4 and 12 of 16
		t.Errorf("granted are %v, want %v", got, want)
	}
}

func TestExcludedResourcesDoNotCountIntoShares(t *testing.T) {
	d := deskWith(t, allocator.Config{FairSharingExcluded: []string{"gpus"}})
	d.agent("a0", "cpus:10;mem:1000;gpus:4")
	d.framework("cpus", "a")
	d.framework("gpus", "b")
	d.Charge(rolePiece("a0", "gpus", "b", "gpus:4"))
	d.Charge(rolePiece("a0", "cpus", "a", "cpus:1"))
	d.want("a0 gpus b cpus:9;mem:1000")
}

func TestAClientOfEachRoleHasItsOwnShare(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a", "b")
	d.framework("g", "b")
	d.agent("a1", "cpus:1;mem:100")
	d.agent("a2", "cpus:1;mem:100")
	d.want("a1 f a cpus:1;mem:100", "a2 f b cpus:1;mem:100")
	d.agent("a3", "cpus:1;mem:100")
	d.agent("a4", "cpus:1;mem:100")
	d.want("a3 f a cpus:1;mem:100", "a4 g b cpus:1;mem:100")
}

func TestLotsAreInProportionToWeights(t *testing.T) {
	for name, sorters := range map[string]allocator.Config{
		"roles": {RoleSorter: allocator.Random}, "both": {RoleSorter: allocator.Random, FrameworkSorter: allocator.Random},
	} {
		t.Run(name, func(t *testing.T) {
			d := deskWith(t, sorters)
			d.SetWeight("c", 20)
			d.SetWeight("b", 4)
			for _, role := range []string{"a", "b", "c"} {
				d.framework(core.FrameworkID("f"+role), role)
			}
			got := d.counts(2500) // 100, 400, 2000 expected
			if got["a"] < 60 || got["a"] > 140 || got["b"] < 320 || got["b"] > 480 {
				t.Errorf("granted are %v, want about 100, 400 and 2000", got)
			}
		})
	}
}

func TestASeedDecidesLots(t *testing.T) {
	run := func(seed uint64) []string {
		d := deskWith(t, allocator.Config{RoleSorter: allocator.Random, FrameworkSorter: allocator.Random, Seed: seed})
		for i := range 5 {
			d.framework(core.FrameworkID(fmt.Sprint("f", i)), "r")
		}
		for i := range 20 {
			d.agent(core.AgentID(fmt.Sprint("a", i)), "cpus:1;mem:100")
		}
		return d.grants()
	}
	if !slices.Equal(run(1), run(1)) {
		t.Error("one seed gives different lots")
	}
	if slices.Equal(run(1), run(2)) {
		t.Error("two seeds give the same lots")
	}
}

func TestGuaranteesAreMetFirstAndNoMore(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	d.agent("a1", "cpus:4;mem:100;disk:5")
	d.quota("b", "cpus:3", "")
	d.want("a1 g b cpus:3;disk:5;mem:100", "a1 f a cpus:1") // memory is not guaranteed: it comes with the cpus
}

func TestAGuaranteeIsMetOverSeveralAgentsAndTheRestIsShared(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	for i := range 4 {
		d.agent(core.AgentID(fmt.Sprint("a", i)), "cpus:2;mem:100")
	}
	d.quota("b", "cpus:3;mem:150", "")
	d.want(
		"a0 g b cpus:2;mem:100",
		"a1 g b cpus:1;mem:50",
		"a1 f a cpus:1;mem:50",
		"a2 f a cpus:2;mem:100",
		"a3 f a cpus:2;mem:100",
	)
}

func TestHeadroomIsHeldBackForRolesWhoseGuaranteeIsNotMet(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	d.Suppress("g", []string{"b"})
	d.quota("b", "cpus:3", "")
	d.agent("a1", "cpus:2;mem:100")
	d.want("a1 f a mem:100") // all cpus are held back
	d.agent("a2", "cpus:2;mem:100")
	d.want("a1 f a cpus:1", "a2 f a mem:100")
	d.Revive("g", []string{"b"})
	d.want("a1 g b cpus:1", "a2 g b cpus:2")
}

func TestHeadroomIsLetGoWhenTheGuaranteeIsLowered(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.agent("a1", "cpus:2;mem:100")
	d.quota("b", "cpus:2;mem:100", "")
	d.want()
	d.quota("b", "cpus:0.5", "")
	d.want("a1 f a cpus:1.5;mem:100")
	d.quota("b", "", "")
	d.want("a1 f a cpus:0.5")
}

func TestAGuaranteeThatIsMetWhereNobodyIsOfferedLetsHeadroomGo(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	d.Suppress("g", []string{"b"})
	d.agent("a1", "cpus:2;mem:100")
	d.agent("a2", "cpus:2;mem:100")
	d.ActivateAgent("a2", false, "")
	d.quota("b", "cpus:2", "")
	d.want("a1 f a mem:100")
	d.Charge(rolePiece("a2", "g", "b", "cpus:2"))
	d.want("a1 f a cpus:2")
}

func TestALittleMoreBesideWhatIsReservedIsAnotherPiece(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.quota("c", "mem:20", "")
	d.agent("a1", "cpus(a):1;mem(a):64;mem:20")
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	d.now = d.now.Add(allocator.DefaultInterval)
	d.want()
	d.quota("c", "mem:10", "")
	d.want("a1 f a cpus(a):1;mem:10;mem(a):64")
}

func TestLimitsCountAllOfASubtree(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a/x")
	d.framework("g", "a/y")
	d.agent("a1", "cpus:8;mem:100")
	d.quota("a", "", "cpus:5")
	d.Charge(rolePiece("a1", "g", "a/y", "cpus:2"))
	d.want("a1 f a/x cpus:3;mem:100")
	d.Discharge(rolePiece("a1", "g", "a/y", "cpus:2"))
	d.want("a1 g a/y cpus:2")
	d.want()
	d.quota("a", "", "cpus:6")
	d.want("a1 g a/y cpus:1")
}

func TestReservedResourcesCountWhetherInUseOrNot(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.agent("a1", "cpus:8;cpus(a/x):2;mem:100")
	d.quota("a", "", "cpus:5")
	d.want("a1 f a cpus:3;mem:100")
	d.framework("g", "a/x")
	d.want("a1 g a/x cpus(a/x):2") // it counts already
}

func TestAReservedGuaranteeIsMet(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.agent("a1", "cpus:2;cpus(b):2;mem:100")
	d.quota("b", "cpus:2", "")
	d.want("a1 f a cpus:2;mem:100")
}

func TestRevocableResourcesAreNoMatterOfQuota(t *testing.T) {
	d := newDesk(t)
	d.with("f", core.Capabilities{RevocableResources: true}, "a")
	d.quota("a", "", "cpus:1")
	d.agent("a1", `cpus:2;cpus{"revocable":{}}:4;mem:100`)
	d.want(`a1 f a cpus:1;cpus{"revocable":{}}:4;mem:100`)
}

func TestGPUsAreNotDivided(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.quota("a", "", "gpus:1.5")
	d.agent("a1", "cpus:2;gpus:2;mem:100")
	d.want("a1 f a cpus:2;gpus:1;mem:100")
}

func TestAConversionMovesAGrantToItsReservation(t *testing.T) {
	for name, optimistic := range map[string]bool{"exclusive": false, "optimistic": true} {
		t.Run(name, func(t *testing.T) {
			d := deskWith(t, allocator.Config{Optimistic: optimistic})
			d.framework("f", "a")
			d.agent("a1", "cpus:4;mem:100")
			p := d.allocate()[0]
			d.Convert(rolePiece("a1", "f", "a", "cpus:1"), resource.MustParse("cpus(a):1"))
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
			if _, granted, _ := d.Agent("a1"); !granted.Equal(resource.MustParse("cpus:3;cpus(a):1;mem:100")) {
				t.Errorf("granted is %s", granted)
			}
			p.Resources = resource.MustParse("cpus:3;cpus(a):1;mem:100")
			d.Release(p)
			d.framework("g", "b")
			d.Suppress("f", []string{"a"})
			d.want("a1 g b cpus:3;mem:100")
		})
	}
}

func TestWhatIsCommittedIsInUseUntilItIsDischarged(t *testing.T) {
	d := newDesk(t)
	d.framework("f")
	d.agent("a", "cpus:4;mem:100")
	d.allocate()
	d.Commit(piece("a", "f", "cpus:3"))
	used, granted, free := d.Agent("a")
	if !used.Equal(resource.MustParse("cpus:3")) || !granted.Equal(resource.MustParse("cpus:1;mem:100")) || !free.IsEmpty() {
		t.Errorf("used %s, granted %s, free %s", used, granted, free)
	}
	d.Release(piece("a", "f", "cpus:1;mem:100"))
	d.want("a f * cpus:1;mem:100")
	d.Discharge(piece("a", "f", "cpus:3"))
	d.want("a f * cpus:3")
}

func TestInOptimisticModeTheFirstToUseAPieceHasIt(t *testing.T) {
	d := deskWith(t, allocator.Config{Optimistic: true})
	d.framework("f", "a", "b")
	d.framework("g", "b")
	d.agent("a1", "cpus:4;mem:100")
	d.want("a1 f a cpus:4;mem:100", "a1 g b cpus:4;mem:100") // f only once
	d.want()
	d.Commit(rolePiece("a1", "g", "b", "cpus:3"))
	if err := d.Check(); err == nil {
		t.Error("what f is granted does not fit any more, and is not found")
	}
	d.Release(rolePiece("a1", "f", "a", "cpus:4;mem:100"))
	d.want("a1 f a cpus:1;mem:100")
	used, granted, free := d.Agent("a1")
	if got, want := fmt.Sprint(used, granted, free), "cpus:3 cpus:2;mem:200 cpus:1;mem:100"; got != want {
		t.Errorf("used, granted and free are %s, want %s", got, want)
	}
}

func TestAgentsAreKeptForThoseWhoCanUseThem(t *testing.T) {
	far := agentInfo("h", "")
	far.Domain = region("far")
	near := agentInfo("h", "")
	near.Domain = region("near")
	for name, c := range map[string]struct {
		info      *mesos.AgentInfo
		resources string
		caps      core.Capabilities
		want      string
	}{
		"GPUs without GPU_RESOURCES":           {near, "cpus:1;gpus:1;mem:100", core.Capabilities{}, ""},
		"GPUs with GPU_RESOURCES":              {near, "cpus:1;gpus:1;mem:100", core.Capabilities{GPUResources: true}, "cpus:1;gpus:1;mem:100"},
		"another region":                       {far, "cpus:1;mem:100", core.Capabilities{}, ""},
		"another region with REGION_AWARE":     {far, "cpus:1;mem:100", core.Capabilities{RegionAware: true}, "cpus:1;mem:100"},
		"no region":                            {agentInfo("h", ""), "cpus:1;mem:100", core.Capabilities{}, "cpus:1;mem:100"},
		"revocable without the capability":     {near, `cpus:1;cpus{"revocable":{}}:2;mem:100`, core.Capabilities{}, "cpus:1;mem:100"},
		"revocable with REVOCABLE_RESOURCES":   {near, `cpus{"revocable":{}}:2`, core.Capabilities{RevocableResources: true}, `cpus{"revocable":{}}:2`},
		"a shared volume without SHARED":       {near, "cpus:1;" + shared, core.Capabilities{}, "cpus:1"},
		"a shared volume with SHARED":          {near, "cpus:1;" + shared, core.Capabilities{SharedResources: true}, "cpus:1;" + shared},
		"a refined reservation without":        {near, "cpus:1;" + refined, core.Capabilities{}, "cpus:1"},
		"a refined reservation with the capab": {near, refined, core.Capabilities{ReservationRefinement: true}, refined},
	} {
		t.Run(name, func(t *testing.T) {
			d := deskWith(t, allocator.Config{FilterGPU: true, Domain: region("near")})
			d.with("f", c.caps, "a/x")
			d.AddAgent("a1", c.info, resource.MustParse(c.resources))
			got := d.allocate()
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("granted is %v, want nothing", got)
			case c.want != "" && (len(got) != 1 || !got[0].Resources.Equal(resource.MustParse(c.want))):
				t.Errorf("granted is %v, want %s", got, c.want)
			}
		})
	}
}

const (
	shared  = `disk{"reservations":[{"type":"STATIC","role":"a"}],"disk":{"persistence":{"id":"p"},"volume":{"mode":"RW","container_path":"p"}},"shared":{}}:5`
	refined = `cpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/x"}]}:3`
)

func TestGPUsAreForEverybodyUnlessFiltered(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.agent("a1", "cpus:1;gpus:1;mem:100")
	d.want("a1 f a cpus:1;gpus:1;mem:100")
}

func TestMinimaOfTheOperatorAndOfFrameworks(t *testing.T) {
	for name, c := range map[string]struct {
		operator, own string // "-" for none of its own
		resources     string
		want          bool
	}{
		"the operator's":                {"cpus:2;mem:50|disk:9", "-", "cpus:2;mem:49;disk:8", false},
		"one of them":                   {"cpus:2;mem:50|disk:9", "-", "cpus:1;disk:9", true},
		"all of one":                    {"cpus:2;mem:50|disk:9", "-", "cpus:2;mem:50", true},
		"none at all":                   {"", "-", "ports:[1-9]", true},
		"the framework's own is more":   {"cpus:1", "cpus:2", "cpus:1", false},
		"the framework's own is enough": {"cpus:1", "cpus:2", "cpus:2", true},
		"the framework's own is less":   {"cpus:1", "disk:1", "cpus:0.1;disk:1", true},
		"the framework wants anything":  {"cpus:1", "", "ports:[1-9]", true},
	} {
		t.Run(name, func(t *testing.T) {
			min, err := allocator.ParseMinAllocatable(c.operator)
			if err != nil {
				t.Fatal(err)
			}
			d := deskWith(t, allocator.Config{MinAllocatable: min})
			s := core.Subscription{Roles: []string{"r"}}
			if c.own != "-" {
				s.Filters = map[string]*mesos.OfferFilters{"r": offerFilters(c.own)}
			}
			d.AddFramework("f")
			d.Subscribe("f", s)
			d.agent("a", c.resources)
			if got := len(d.allocate()) == 1; got != c.want {
				t.Errorf("offered: %v, want %v", got, c.want)
			}
		})
	}
}

func TestTheOperatorsTextsAreRead(t *testing.T) {
	for _, text := range []string{"cpus", "cpus:1|", "ports:[1-9]", "cpus(r):1", "cpus:1||mem:1"} {
		if _, err := allocator.ParseMinAllocatable(text); err == nil {
			t.Errorf("minimum %q is taken", text)
		}
	}
	if _, err := allocator.ParseMinAllocatable(allocator.DefaultMinAllocatable); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]allocator.Sorter{"drf": allocator.DRF, "random": allocator.Random} {
		if got, err := allocator.ParseSorter(name); err != nil || got != want {
			t.Errorf("sorter %q is %v, error %v", name, got, err)
		}
	}
	if _, err := allocator.ParseSorter("fifo"); err == nil {
		t.Error("a sorter fifo is taken")
	}
}

func TestFiltersStayForRolesThatAreKept(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "kept", "left")
	d.agent("a", "cpus:1;mem:100")
	d.agent("b", "cpus:1;mem:100")
	for _, p := range d.allocate() {
		d.Refuse(d.now, p, time.Hour)
	}
	d.now = d.now.Add(allocator.DefaultInterval)
	for _, p := range d.allocate() {
		d.Refuse(d.now, p, time.Hour)
	}
	d.now = d.now.Add(allocator.DefaultInterval)
	d.want() // each role has refused both
	d.Subscribe("f", core.Subscription{Roles: []string{"kept", "new"}})
	d.want("a f new cpus:1;mem:100", "b f new cpus:1;mem:100")
}

func TestAnExpiredFilterIsOfInterestForItsPairOnly(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "a")
	d.framework("g", "b")
	d.agent("a1", "cpus:1;mem:100")
	d.Refuse(d.now, d.allocate()[0], time.Minute) // f
	d.now = d.now.Add(allocator.DefaultInterval)
	d.Refuse(d.now, d.allocate()[0], time.Hour) // g
	d.now = d.now.Add(allocator.DefaultInterval)
	d.want()
	d.now = d.now.Add(time.Minute)
	d.want("a1 f a cpus:1;mem:100")
}

func TestAPassLooksOnlyAtWhatChanged(t *testing.T) {
	const agents, frameworks = 200, 20
	d := newDesk(t)
	benchAgents(d.Fair, agents, frameworks)
	grants := d.allocate()
	looks := func(most uint64, what string, do func()) {
		t.Helper()
		before := d.Looks()
		do()
		got := d.allocate()
		if n := d.Looks() - before; n > most {
			t.Errorf("%s: %d looks for %d grants, want %d at most", what, n, len(got), most)
		}
	}
	looks(0, "nothing", func() {})
	looks(1, "a piece that comes back", func() { d.Release(grants[0]) })
	for i := range frameworks { // so that nobody is granted what is refused
		d.Suppress(core.FrameworkID(fmt.Sprint("f", i)), benchStar)
	}
	for _, p := range grants[1:] {
		d.Refuse(d.now, p, time.Minute)
	}
	d.now = d.now.Add(time.Minute)
	d.allocate()
	looks(agents, "a framework that revives", func() { d.Revive("f3", benchStar) })
}

func TestAFilterThatExpiresCostsOneLook(t *testing.T) {
	d := newDesk(t)
	benchAgents(d.Fair, 100, 1)
	for i, p := range d.allocate() {
		d.Refuse(d.now, p, time.Minute+time.Duration(i)*time.Second)
	}
	d.now = d.now.Add(allocator.DefaultInterval)
	d.want()
	d.now = d.now.Add(time.Minute)
	before := d.Looks()
	if got := len(d.allocate()); got != 2 || d.Looks()-before != 2 {
		t.Errorf("%d grants with %d looks, want 2 with 2", got, d.Looks()-before)
	}
}
