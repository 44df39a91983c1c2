// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// with subscribes a new framework that understands things.
func (d *desk) with(id core.FrameworkID, caps core.Capabilities, roles ...string) {
	d.AddFramework(id)
	d.Subscribe(id, core.Subscription{Roles: roles, Capabilities: caps})
}

// quota sets guarantees and limits, as the text of resources.
func (d *desk) quota(role, guarantees, limits string) {
	q := core.Quota{Guarantees: make(map[string]resource.Milli), Limits: make(map[string]resource.Milli)}
	for name, v := range resource.MustParse(guarantees).Scalars() {
		q.Guarantees[name] = v
	}
	for name, v := range resource.MustParse(limits).Scalars() {
		q.Limits[name] = v
	}
	d.SetQuota(role, q)
}

// explained returns the verdict on the one agent for f in role r.
func (d *desk) explained() core.AgentExplanation {
	d.t.Helper()
	x, ok := d.Explain(d.now, core.ExplainQuery{Framework: "f", Role: "r"})
	if !ok || len(x.Agents) != 1 {
		d.t.Fatalf("explained is %v: %+v, want one agent", ok, x)
	}
	return x.Agents[0]
}

func TestEachVerdict(t *testing.T) {
	minute := func(d *desk) { d.now = d.now.Add(time.Minute) }
	for name, c := range map[string]struct {
		do      func(d *desk)
		verdict core.Verdict
		text    string
	}{
		"inactive": {
			func(d *desk) { d.ActivateAgent("a", false, "it is drained") },
			core.VerdictInactive, "the agent may not be offered: it is drained",
		},
		"silent": {
			func(d *desk) { d.Suppress("f", []string{"r"}) },
			core.VerdictSilent, "the framework has suppressed offers in this role",
		},
		"silent because of its limit": {
			func(d *desk) {
				d.agent("b", "cpus:2;mem:64")
				d.quota("r", "", "cpus:2;mem:64")
				d.Charge(core.Piece{Agent: "b", Framework: "f", Role: "r", Resources: resource.MustParse("cpus:2;mem:64")})
				d.ActivateAgent("b", false, "")
			},
			core.VerdictSilent, "role r has cpus 2 of its limit 2, mem 64 of its limit 64",
		},
		"region": {
			func(d *desk) {
				info := agentInfo("h", "")
				info.Domain = region("far")
				d.UpdateAgent("a", info, resource.MustParse("cpus:4;mem:100"))
			},
			core.VerdictRegion, `the agent is in region "far", the master in "near", and the framework is not REGION_AWARE`,
		},
		"gpu": {
			func(d *desk) { d.UpdateAgent("a", agentInfo("h", ""), resource.MustParse("cpus:4;gpus:2;mem:100")) },
			core.VerdictGPU, "the agent has 2 GPUs, and the framework has no GPU_RESOURCES",
		},
		"constraint": {
			func(d *desk) {
				d.UpdateAgent("a", agentInfo("h", "r1"), resource.MustParse("cpus:4;mem:100"))
				d.Subscribe("f", core.Subscription{Roles: []string{"r"}, Constraints: &scheduler.OfferConstraints{
					RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{
						"r": anyOf(textMatches("rack", "r[23]"), constraint(attribute("disk"), predicate("exists", ""))),
					},
				}})
			},
			core.VerdictConstraint, `constraint attribute "rack" text_matches "r[23]" does not hold: it is "r1"; ` +
				`constraint attribute "disk" exists does not hold: the agent has none`,
		},
		"taken": {
			func(d *desk) {
				d.Charge(core.Piece{Agent: "a", Framework: "f", Role: "r", Resources: resource.MustParse("cpus:4;mem:100")})
			},
			core.VerdictTaken, "nothing is free: cpus:4;mem:100 is in use",
		},
		"reserved": {
			func(d *desk) { d.UpdateAgent("a", nil, resource.MustParse("cpus(s):4;mem(s):100")) },
			core.VerdictReserved, "what is free, cpus(s):4;mem(s):100, is reserved for other roles",
		},
		"capability": {
			func(d *desk) { d.UpdateAgent("a", nil, resource.MustParse(`cpus{"revocable":{}}:3`)) },
			core.VerdictCapability, `what is free, cpus{"revocable":{}}:3, needs REVOCABLE_RESOURCES, SHARED_RESOURCES or RESERVATION_REFINEMENT`,
		},
		"limit": {
			func(d *desk) {
				d.agent("b", "cpus(r):1;mem(r):64") // what is reserved counts, and may be had
				d.quota("r", "", "cpus:1;mem:64")
				d.ActivateAgent("b", false, "")
			},
			core.VerdictLimit, "role r has mem 64 of its limit 64",
		},
		"headroom": {
			func(d *desk) { d.quota("s", "cpus:4;mem:90", "") },
			core.VerdictHeadroom, "of 100 mem free in the cluster, 90 are held back for guarantees of other roles",
		},
		"minimum": {
			func(d *desk) { d.UpdateAgent("a", nil, resource.MustParse("cpus:0.005;mem:31")) },
			core.VerdictMinimum, "what is free, cpus:0.005;mem:31, is below the minimum cpus:0.01|mem:32",
		},
		"the framework's own minimum": {
			func(d *desk) {
				d.Subscribe("f", core.Subscription{Roles: []string{"r"}, Filters: map[string]*mesos.OfferFilters{"r": offerFilters("cpus:5;mem:1")}})
			},
			core.VerdictMinimum, "what is free, cpus:4;mem:100, is below the minimum cpus:5;mem:1, the framework's own",
		},
		"filtered": {
			func(d *desk) {
				d.Refuse(d.now, d.allocate()[0], 90*time.Second)
				minute(d)
			},
			core.VerdictFiltered, "filtered until 22:14:50 (30s left): the framework refused cpus:4;mem:100",
		},
		"share within the role": {
			func(d *desk) {
				d.agent("b", "cpus:4;mem:100")
				d.Charge(core.Piece{Agent: "b", Framework: "f", Role: "r", Resources: resource.MustParse("cpus:4;mem:10")})
				d.ActivateAgent("b", false, "")
				d.framework("g", "r")
				d.allocate()
				minute(d)
			},
			core.VerdictDue, "share 0.5 against 0 of g in role r, when it went there 1m0s ago",
		},
		"share of the role": {
			func(d *desk) {
				d.agent("b", "cpus:4;mem:100")
				d.Charge(core.Piece{Agent: "b", Framework: "f", Role: "r", Resources: resource.MustParse("cpus:4;mem:10")})
				d.ActivateAgent("b", false, "")
				d.SetWeight("r", 2)
				d.framework("g", "s/t")
				d.allocate()
				minute(d)
			},
			core.VerdictDue, "share 0.25 of role r against 0 of role s, when it went to g in role s/t 1m0s ago",
		},
		"granted": {
			func(d *desk) { d.allocate(); minute(d) },
			core.VerdictGranted, "cpus:4;mem:100 was granted 1m0s ago",
		},
		"waiting": {
			func(*desk) {},
			core.VerdictWaiting, "cpus:4;mem:100 will be looked at in the next pass",
		},
		"waiting for the next pass of the interval": {
			func(d *desk) {
				d.framework("g", "q")
				p := d.allocate()[0]
				if p.Framework != "g" {
					d.t.Fatalf("granted to %s, want g, whose role is the first by name", p.Framework)
				}
				d.Refuse(d.now, p, time.Hour)
			},
			core.VerdictWaiting, "cpus:4;mem:100 will be looked at in the pass at 22:13:21 (1s left)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := deskWith(t, allocator.Config{FilterGPU: true, Domain: region("near")})
			d.framework("f", "r")
			d.AddAgent("a", agentInfo("h", ""), resource.MustParse("cpus:4;mem:100"))
			c.do(d)
			x, ok := d.Explain(d.now, core.ExplainQuery{Framework: "f", Role: "r", Agent: "a"})
			if !ok || len(x.Agents) != 1 {
				t.Fatalf("explained is %v: %+v, want one agent", ok, x)
			}
			if got := x.Agents[0]; got.Verdict != c.verdict || got.Text != c.text {
				t.Errorf("verdict %v, %q, want %v, %q", got.Verdict, got.Text, c.verdict, c.text)
			}
		})
	}
}

func TestAnExplanationHasTheNumbers(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "r/x")
	d.agent("a", "cpus:4;mem:100")
	d.agent("b", "cpus:6;mem:100;cpus(r):2")
	d.SetWeight("r/x", 2)
	d.quota("r", "mem:1", "cpus:8")
	d.Charge(core.Piece{Agent: "a", Framework: "f", Role: "r/x", Resources: resource.MustParse("cpus:3")})
	d.allocate()
	got, ok := d.Explain(d.now, core.ExplainQuery{Framework: "f", Role: "r/x", Limit: 1})
	want := core.Explanation{
		Framework: "f", Role: "r/x", Share: 1, RoleShare: 0.5, Dominant: "mem", Weight: 2,
		Quota:    core.Quota{Guarantees: map[string]resource.Milli{"mem": 1000}, Limits: map[string]resource.Milli{"cpus": 8000}},
		Consumed: map[string]resource.Milli{"cpus": 8000, "mem": 200_000},
		Granted:  resource.MustParse("cpus:3;cpus(r):2;mem:200"), Used: resource.MustParse("cpus:3"),
		Verdicts: map[core.Verdict]int{core.VerdictGranted: 2},
		Agents:   []core.AgentExplanation{{Agent: "a", Verdict: core.VerdictGranted, Text: "cpus:1;mem:100 was granted 0s ago"}},
	}
	same := cmp.Comparer(func(a, b resource.Resources) bool { return a.Equal(b) })
	if diff := cmp.Diff(want, got, same); !ok || diff != "" {
		t.Errorf("explained: %v (-want +got):\n%s", ok, diff)
	}
}

func TestAFilterIsToldWithItsEnd(t *testing.T) {
	d := newDesk(t)
	d.framework("f", "r")
	d.agent("a", "cpus:4;mem:100")
	d.Refuse(d.now, d.allocate()[0], time.Hour)
	if got := d.explained().Until; !got.Equal(d.now.Add(time.Hour)) {
		t.Errorf("until %v, want an hour from %v", got, d.now)
	}
}

func TestWhoIsNotSubscribedIsToldSo(t *testing.T) {
	d := newDesk(t)
	d.AddFramework("f")
	d.quota("r", "", "cpus:1")
	x, ok := d.Explain(d.now, core.ExplainQuery{Framework: "f", Role: "r"})
	if !ok || x.Silent != "the framework is not connected" || x.Weight != 1 || x.Quota.Limits["cpus"] != 1000 {
		t.Errorf("explained %v: %+v", ok, x)
	}
	if _, ok := d.Explain(d.now, core.ExplainQuery{Framework: "unknown", Role: "r"}); ok {
		t.Error("an unknown framework is explained")
	}
}
