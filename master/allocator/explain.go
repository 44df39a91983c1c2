// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"maps"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// Explain implements core.Allocator. Used has scalars only.
func (f *Fair) Explain(now time.Time, q core.ExplainQuery) (core.Explanation, bool) {
	fw := f.frameworks[q.Framework]
	if fw == nil {
		return core.Explanation{}, false
	}
	c := fw.client(q.Role)
	if c == nil {
		return f.explainStranger(fw, q), true
	}
	share, kind := c.node.used.dominant(&f.kinds, f.total)
	x := core.Explanation{
		Framework: q.Framework, Role: q.Role, Silent: f.silence(c),
		Share: share, RoleShare: f.share(c.role.node), Weight: c.role.node.weight,
		Quota: c.role.bound.quota, Consumed: f.consumed(c.role.bound),
		Verdicts: make(map[core.Verdict]int),
	}
	if kind >= 0 {
		x.Dominant = f.kinds.names[kind]
	}
	left := slices.Clone(c.node.used)
	for _, a := range f.order {
		if i, ok := a.held(c); ok {
			x.Granted = x.Granted.Add(a.holds[i].resources)
			left.count(&f.kinds, a.holds[i].resources, -1)
		}
		if q.Agent != "" && q.Agent != a.id {
			continue
		}
		t := f.tell(a, c, x.Silent)
		x.Verdicts[t.verdict]++
		if q.Limit == 0 || len(x.Agents) < q.Limit {
			x.Agents = append(x.Agents, f.say(now, a, c, t, x.Silent))
		}
	}
	x.Used = f.scalars(left)
	return x, true
}

// explainStranger answers for a framework that has nothing in the role and is not
// subscribed in it.
func (f *Fair) explainStranger(fw *framework, q core.ExplainQuery) core.Explanation {
	c := &client{framework: fw}
	x := core.Explanation{
		Framework: q.Framework, Role: q.Role, Silent: c.silent(), Weight: f.weight(q.Role),
		Verdicts: make(map[core.Verdict]int),
	}
	if b := f.bounds[topLevel(q.Role)]; b != nil {
		x.Quota, x.Consumed = b.quota, f.consumed(b)
	}
	return x
}

// silence tells why the client gets nothing whatever the agents have.
func (f *Fair) silence(c *client) string {
	if why := c.silent(); why != "" {
		return why
	}
	if b := c.role.bound; f.full(b) && b.reserved.isZero() {
		return f.limitText(b, "")
	}
	return ""
}

// consumed returns what a top-level role has of what its quota names.
func (f *Fair) consumed(b *bound) map[string]resource.Milli {
	sums := make(map[string]resource.Milli)
	for _, q := range [...]map[string]resource.Milli{b.quota.Guarantees, b.quota.Limits} {
		for _, name := range slices.Sorted(maps.Keys(q)) {
			sums[name] = b.consumed(f.kinds.number(name))
		}
	}
	return sums
}

// scalars returns quantities as resources.
func (f *Fair) scalars(q quantities) resource.Resources {
	var list []*mesos.Resource
	for kind, v := range q {
		if v > 0 {
			list = append(list, &mesos.Resource{
				Name: &f.kinds.names[kind], Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: new(v.Float())},
			})
		}
	}
	r, _ := resource.FromProto(list) // sums of what was valid; what is too large to state is left out
	return r
}

// told is a verdict with what it was found by.
type told struct {
	verdict core.Verdict
	finding finding
	hold    *hold   // of VerdictGranted
	past    *record // of VerdictDue
}

// tell tells what was decided about one agent: what stands, before what would be
// decided now.
func (f *Fair) tell(a *agent, c *client, silent string) told {
	if i, ok := a.held(c); ok {
		return told{verdict: core.VerdictGranted, hold: &a.holds[i]}
	}
	switch {
	case !a.active:
		return told{verdict: core.VerdictInactive}
	case silent != "":
		return told{verdict: core.VerdictSilent}
	}
	found := f.look(a, c)
	if found.verdict == core.VerdictTaken && !f.cfg.Optimistic {
		if r := a.preferred(c); r != nil {
			return told{verdict: core.VerdictDue, past: r}
		}
	}
	return told{verdict: found.verdict, finding: found}
}

// say puts it in words.
func (f *Fair) say(now time.Time, a *agent, c *client, t told, silent string) core.AgentExplanation {
	e := core.AgentExplanation{Agent: a.id, Hostname: a.info.GetHostname(), Verdict: t.verdict, Free: a.free}
	switch t.verdict {
	case core.VerdictGranted:
		e.Text = grantedText(now, a, t.hold)
	case core.VerdictInactive:
		e.Text = "the agent may not be offered"
		if a.inactive != "" {
			e.Text += ": " + a.inactive
		}
	case core.VerdictSilent:
		e.Text = silent
	case core.VerdictDue:
		e.Text = f.dueText(now, c, t.past)
	default:
		e.Text = f.text(now, a, c, t.finding)
	}
	if t.finding.filter != nil {
		e.Until = t.finding.filter.expires
	}
	return e
}
