// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"pgregory.net/rapid"
)

// model does random things to an allocator and to its twin, which is to do the
// same, and checks what they do against the naive one.
type model struct {
	t   *rapid.T
	cfg allocator.Config
	naive
	one, twin  *allocator.Fair
	frameworks []core.FrameworkID
	made       int // agents so far
}

// region returns a domain.
func region(name string) *mesos.DomainInfo {
	return &mesos.DomainInfo{FaultDomain: &mesos.DomainInfo_FaultDomain{
		Region: &mesos.DomainInfo_FaultDomain_RegionInfo{Name: &name},
		Zone:   &mesos.DomainInfo_FaultDomain_ZoneInfo{Name: new("z")},
	}}
}

func newModel(t *rapid.T, cfg allocator.Config) *model {
	cfg.FilterGPU, cfg.Domain = true, region("near")
	m := &model{
		t: t, cfg: cfg, one: allocator.New(cfg), twin: allocator.New(cfg),
		naive: naive{
			optimistic: cfg.Optimistic, now: time.Unix(1_700_000_000, 0),
			weights: make(map[string]float64), quotas: make(map[string]core.Quota),
		},
	}
	for i, roles := range [][]string{{"a"}, {"a", "b"}, {"b"}, {"a/x"}, {"a/x", "a/y", "b/z/z"}} {
		id := core.FrameworkID(fmt.Sprint("f", i))
		m.frameworks = append(m.frameworks, id)
		m.each(func(f *allocator.Fair) { f.AddFramework(id) })
		for _, role := range roles {
			m.clients = append(m.clients, &naiveClient{id: id, role: role})
		}
		m.subscribe(id, false)
	}
	return m
}

// each makes a call to both allocators.
func (m *model) each(call func(*allocator.Fair)) {
	call(m.one)
	call(m.twin)
}

// of returns the clients of a framework.
func (m *model) of(id core.FrameworkID) []*naiveClient {
	return slices.DeleteFunc(slices.Clone(m.clients), func(c *naiveClient) bool { return c.id != id })
}

// subscribe subscribes a framework, which draws what it is like.
func (m *model) subscribe(id core.FrameworkID, draw bool) {
	s := core.Subscription{
		Filters:     make(map[string]*mesos.OfferFilters),
		Constraints: &scheduler.OfferConstraints{RoleConstraints: make(map[string]*scheduler.OfferConstraints_RoleConstraints)},
	}
	if draw {
		s.Capabilities = core.Capabilities{
			RegionAware:        rapid.Bool().Draw(m.t, "region aware"),
			GPUResources:       rapid.Bool().Draw(m.t, "gpus"),
			RevocableResources: rapid.Bool().Draw(m.t, "revocable"),
		}
	}
	for _, c := range m.of(id) {
		s.Roles = append(s.Roles, c.role)
		c.caps, c.suppressed, c.rack, c.min = s.Capabilities, false, "", nil
		if !draw {
			continue
		}
		if c.suppressed = rapid.Bool().Draw(m.t, "suppressed"); c.suppressed {
			s.Suppressed = append(s.Suppressed, c.role)
		}
		if c.rack = rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(m.t, "rack"); c.rack != "" {
			s.Constraints.RoleConstraints[c.role] = anyOf(textMatches("rack", c.rack))
		}
		if min := rapid.SampledFrom([]string{"none", "", "cpus:2", "mem:1"}).Draw(m.t, "minimum"); min != "none" {
			c.min = new(resource.MustParse(min))
			s.Filters[c.role] = offerFilters(min)
		}
	}
	m.each(func(f *allocator.Fair) { f.Subscribe(id, s) })
}

// run allocates, and checks each grant against the books as they are before it.
func (m *model) run() {
	m.t.Helper()
	var before [3]resource.Milli
	for i, name := range scalars {
		before[i], _ = m.slack(name)
	}
	guaranteed := m.guaranteed()
	grants := m.one.Allocate(m.now)
	if d := cmp.Diff(fmt.Sprint(grants), fmt.Sprint(m.twin.Allocate(m.now))); d != "" {
		m.t.Fatalf("the same calls give different grants (-one +other):\n%s", d)
	}
	for _, p := range grants {
		c, a := m.client(p.Framework, p.Role), m.agent(p.Agent)
		if c == nil || a == nil {
			m.t.Fatalf("granted is %v, to nobody", p)
		}
		m.checkGrant(p, c, a, guaranteed)
		m.taken = append(m.taken, taking{Piece: p})
		m.checkLimits(p)
	}
	for i, name := range scalars {
		if slack, held := m.slack(name); held && slack < min(0, before[i]) {
			m.t.Fatalf("the headroom of %s went from %v to %v", name, before[i], slack)
		}
	}
	m.checkAll()
}

// checkGrant checks one grant: that it is what is due, and to whom. In two stages a
// piece comes in parts, so that while guarantees are unmet only its bounds count.
func (m *model) checkGrant(p core.Piece, c *naiveClient, a *naiveAgent, guaranteed bool) {
	if guaranteed {
		if !m.usable(c, a).Contains(p.Resources) {
			m.t.Fatalf("%s of %s is granted to %s in %s, which may have %s", p.Resources, a.id, c.id, c.role, m.usable(c, a))
		}
		return
	}
	piece, ok := m.due(c, a)
	if !ok || !p.Resources.Equal(piece) {
		m.t.Fatalf("%s of %s is granted to %s in %s, want %s: %v", p.Resources, a.id, c.id, c.role, piece, ok)
	}
	if m.optimistic || m.cfg.RoleSorter == allocator.Random {
		return
	}
	for _, other := range m.clients {
		if _, ok := m.due(other, a); ok && m.before(other, c) {
			m.t.Fatalf("agent %s is granted to %s in %s, but %s in %s has a lower share", a.id, c.id, c.role, other.id, other.role)
		}
	}
}

// checkLimits checks that a grant, which is counted, has not led its role over its
// limits. Without the allocator's doing it may be over them: what is reserved
// counts, and limits are lowered.
func (m *model) checkLimits(p core.Piece) {
	for _, name := range scalars {
		limit, ok := m.quotas[top(p.Role)].Limits[name]
		if consumed := m.consumed(top(p.Role), name); ok && loose(p.Resources, name) > 0 && consumed > limit {
			m.t.Fatalf("role %s has %v %s with %s, its limit is %v", top(p.Role), consumed, name, p.Resources, limit)
		}
	}
}

// checkAll checks the sums of both sides, and that nothing is left that somebody
// may have.
func (m *model) checkAll() {
	if err := m.one.Check(); err != nil {
		m.t.Fatal(err)
	}
	if err := m.one.CheckDenied(); err != nil {
		m.t.Fatal(err)
	}
	for _, a := range m.agents {
		used, granted, free := m.one.Agent(a.id)
		if !m.optimistic && !used.Add(granted).Add(free).Equal(a.total) || !m.free(a, "").Equal(free) {
			m.t.Fatalf("agent %s: %s in use, %s granted, %s free, want %s free", a.id, used, granted, free, m.free(a, ""))
		}
		for _, c := range m.clients {
			if piece, ok := m.due(c, a); ok {
				m.t.Fatalf("agent %s has %s left, which %s may have in %s", a.id, piece, c.id, c.role)
			}
		}
	}
}

// step does one random thing.
func (m *model) step() {
	steps := []func(){
		m.addAgent, m.addAgent, m.changeAgent, m.release, m.release, m.refuse, m.refuse, m.commit, m.discharge, m.convert,
		m.charge, m.suppress, m.revive, m.revive, m.weigh, m.setQuota, m.pass,
		func() { m.subscribe(rapid.SampledFrom(m.frameworks).Draw(m.t, "framework"), true) },
	}
	rapid.SampledFrom(steps).Draw(m.t, "step")()
	m.run()
}

func (m *model) addAgent() {
	if len(m.agents) == 6 {
		return
	}
	m.made++
	a := &naiveAgent{id: core.AgentID(fmt.Sprintf("a%02d", m.made))}
	a.total = resource.MustParse(rapid.SampledFrom([]string{
		"cpus:4;mem:100", "cpus:1;mem:1000", "cpus:2;cpus(b):2;mem:64;mem(b):64", "cpus(a):1;mem:10", "cpus:3;mem:300;gpus:2",
		`cpus:1;cpus{"revocable":{}}:3;mem:40`, "cpus(a/x):2;mem(a/x):50;cpus:0.005;mem:5",
	}).Draw(m.t, "resources"))
	a.far = rapid.IntRange(0, 3).Draw(m.t, "far") == 0
	a.rack = rapid.SampledFrom([]string{"r1", "r2", "r3"}).Draw(m.t, "rack of agent")
	a.info = agentInfo(string(a.id), a.rack)
	a.info.Domain = region(map[bool]string{true: "far", false: "near"}[a.far])
	m.agents = append(m.agents, a)
	m.each(func(f *allocator.Fair) { f.AddAgent(a.id, a.info, a.total) })
}

// changeAgent gives an agent more, or another rack, or has it go away for a while
// or, if it is empty, for good.
func (m *model) changeAgent() {
	if len(m.agents) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.agents)-1).Draw(m.t, "agent")
	a := m.agents[i]
	empty := !slices.ContainsFunc(m.taken, func(p taking) bool { return p.Agent == a.id })
	switch what := rapid.IntRange(0, 4).Draw(m.t, "change"); {
	case what == 0 && empty:
		m.agents = slices.Delete(m.agents, i, i+1)
		m.refused = slices.DeleteFunc(m.refused, func(r refusal) bool { return r.Agent == a.id })
		m.each(func(f *allocator.Fair) { f.RemoveAgent(a.id) })
	case what == 1:
		a.inactive = !a.inactive
		m.each(func(f *allocator.Fair) { f.ActivateAgent(a.id, !a.inactive, "a test") })
	case what == 2:
		a.rack = rapid.SampledFrom([]string{"r1", "r2", "r3"}).Draw(m.t, "new rack")
		a.info = agentInfo(string(a.id), a.rack)
		a.info.Domain = region("near")
		a.far = false
		m.each(func(f *allocator.Fair) { f.UpdateAgent(a.id, a.info, a.total) })
	default:
		a.total = a.total.Add(resource.MustParse("cpus:1;mem:5"))
		m.each(func(f *allocator.Fair) { f.UpdateAgent(a.id, a.info, a.total) })
	}
}

// draw takes a piece, or half of one, out of the books.
func (m *model) draw(used bool) (core.Piece, bool) {
	var list []int
	for i, p := range m.taken {
		if p.used == used {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return core.Piece{}, false
	}
	i := rapid.SampledFrom(list).Draw(m.t, "piece")
	p := m.taken[i].Piece
	part := resource.MustParse("cpus:0.5")
	if rest, err := p.Resources.Subtract(part); err == nil && !rest.IsEmpty() && rapid.Bool().Draw(m.t, "only a part") {
		m.taken[i].Resources = rest
		p.Resources = part
		return p, true
	}
	m.taken = slices.Delete(m.taken, i, i+1)
	return p, true
}

func (m *model) release() {
	if p, ok := m.draw(false); ok {
		m.each(func(f *allocator.Fair) { f.Release(p) })
	}
}

func (m *model) refuse() {
	if p, ok := m.draw(false); ok {
		d := time.Duration(rapid.IntRange(1, 10).Draw(m.t, "seconds")) * time.Second
		m.refused = append(m.refused, refusal{p, m.now.Add(d)})
		m.each(func(f *allocator.Fair) { f.Refuse(m.now, p, d) })
		m.now = m.now.Add(allocator.DefaultInterval) // until then it may be left over
	}
}

// commit uses a piece. Others that were granted the same in optimistic mode are
// released, as by the core.
func (m *model) commit() {
	p, ok := m.draw(false)
	if !ok {
		return
	}
	m.taken = append(m.taken, taking{p, true})
	m.each(func(f *allocator.Fair) { f.Commit(p) })
	m.rescind(m.agent(p.Agent))
}

// rescind releases what does not fit any more: of each framework what is too much
// beside its earlier pieces.
func (m *model) rescind(a *naiveAgent) {
	if !m.optimistic {
		return
	}
	fits := make(map[core.FrameworkID]resource.Resources)
	for _, p := range slices.Clone(m.taken) {
		if p.Agent != a.id || p.used {
			continue
		}
		all := fits[p.Framework].Add(p.Resources)
		if m.free(a, "").Contains(all) {
			fits[p.Framework] = all
			continue
		}
		i := slices.IndexFunc(m.taken, func(o taking) bool { return fmt.Sprint(o) == fmt.Sprint(p) })
		m.taken = slices.Delete(m.taken, i, i+1)
		m.each(func(f *allocator.Fair) { f.Release(p.Piece) })
	}
}

func (m *model) discharge() {
	if p, ok := m.draw(true); ok {
		m.each(func(f *allocator.Fair) { f.Discharge(p) })
	}
}

// charge uses something that is free, if it is.
func (m *model) charge() {
	if len(m.agents) == 0 {
		return
	}
	a := rapid.SampledFrom(m.agents).Draw(m.t, "agent to charge")
	c := rapid.SampledFrom(m.clients).Draw(m.t, "client to charge")
	p := core.Piece{Agent: a.id, Framework: c.id, Role: c.role, Resources: resource.MustParse("cpus:0.25")}
	if !m.free(a, "").Contains(p.Resources) || len(m.quotas[top(c.role)].Limits) > 0 {
		return
	}
	m.taken = append(m.taken, taking{p, true})
	m.each(func(f *allocator.Fair) { f.Charge(p) })
	m.rescind(a)
}

// convert reserves a part of a piece for its role.
func (m *model) convert() {
	p, ok := m.draw(false)
	if !ok {
		return
	}
	part := resource.MustParse("cpus:0.5")
	rest, err := p.Resources.Subtract(part)
	if err != nil {
		m.taken = append(m.taken, taking{Piece: p})
		return
	}
	to := resource.MustParse("cpus(" + p.Role + "):0.5")
	a := m.agent(p.Agent)
	left, err := a.total.Subtract(part)
	if err != nil {
		m.t.Fatal(err)
	}
	a.total = left.Add(to)
	from := p
	from.Resources = part
	p.Resources = rest.Add(to)
	m.taken = append(m.taken, taking{Piece: p})
	m.each(func(f *allocator.Fair) { f.Convert(from, to) })
	m.rescind(a)
}

func (m *model) suppress() {
	c := rapid.SampledFrom(m.clients).Draw(m.t, "client")
	c.suppressed = true
	m.each(func(f *allocator.Fair) { f.Suppress(c.id, []string{c.role}) })
}

func (m *model) revive() {
	c := rapid.SampledFrom(m.clients).Draw(m.t, "client")
	c.suppressed = false
	m.refused = slices.DeleteFunc(m.refused, func(r refusal) bool { return r.Framework == c.id && r.Role == c.role })
	m.each(func(f *allocator.Fair) { f.Revive(c.id, []string{c.role}) })
}

func (m *model) weigh() {
	role := rapid.SampledFrom([]string{"a", "b", "a/x", "b/z"}).Draw(m.t, "role")
	m.weights[role] = rapid.SampledFrom([]float64{0.5, 1, 2, 10}).Draw(m.t, "weight")
	m.each(func(f *allocator.Fair) { f.SetWeight(role, m.weights[role]) })
}

func (m *model) setQuota() {
	role := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(m.t, "role")
	q := core.Quota{Guarantees: map[string]resource.Milli{}, Limits: map[string]resource.Milli{}}
	for _, name := range scalars {
		if rapid.Bool().Draw(m.t, "guarantee of "+name) {
			q.Guarantees[name] = resource.Milli(rapid.IntRange(0, 5).Draw(m.t, "amount")) * 1000
		}
		if rapid.IntRange(0, 2).Draw(m.t, "limit of "+name) == 0 {
			q.Limits[name] = max(q.Guarantees[name], resource.Milli(rapid.IntRange(0, 8).Draw(m.t, "amount"))*1000)
		}
	}
	m.quotas[role] = q
	m.each(func(f *allocator.Fair) { f.SetQuota(role, q) })
}

func (m *model) pass() {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(m.t, "seconds")) * time.Second)
}

func checkModel(t *testing.T, cfg allocator.Config, options ...func(*allocator.Fair)) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, cfg)
		for _, option := range options {
			m.each(option)
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			m.step()
		}
	})
}

func TestEveryGrantIsFairAllowedAndRepeatableAndNothingIsLeftOver(t *testing.T) {
	checkModel(t, allocator.Config{})
}

func TestTheOrderOfAllIsTheOrderOfAFew(t *testing.T) {
	checkModel(t, allocator.Config{}, (*allocator.Fair).WalkAlways)
}

func TestLotsDecideOnlyAmongThoseWhoMayHaveAnAgent(t *testing.T) {
	checkModel(t, allocator.Config{RoleSorter: allocator.Random, FrameworkSorter: allocator.Random, Seed: 7})
}

func TestInOptimisticModeEverybodyIsGrantedWhatIsFreeOnce(t *testing.T) {
	checkModel(t, allocator.Config{Optimistic: true})
}

func TestLotsInOptimisticMode(t *testing.T) {
	checkModel(t, allocator.Config{Optimistic: true, FrameworkSorter: allocator.Random})
}
