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
		e := f.explain(now, a, c, x.Silent)
		x.Verdicts[e.Verdict]++
		if q.Limit == 0 || len(x.Agents) < q.Limit {
			x.Agents = append(x.Agents, e)
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

// explain tells what was decided about one agent: what stands, before what would
// be decided now.
func (f *Fair) explain(now time.Time, a *agent, c *client, silent string) core.AgentExplanation {
	e := core.AgentExplanation{Agent: a.id, Hostname: a.info.GetHostname(), Free: a.free}
	if i, ok := a.held(c); ok {
		e.Verdict, e.Text = core.VerdictGranted, grantedText(now, a, &a.holds[i])
		return e
	}
	switch {
	case !a.active:
		e.Verdict, e.Text = core.VerdictInactive, "the agent may not be offered"
		if a.inactive != "" {
			e.Text += ": " + a.inactive
		}
		return e
	case silent != "":
		e.Verdict, e.Text = core.VerdictSilent, silent
		return e
	}
	found := f.look(a, c)
	if r := a.preferred(c); r != nil && found.verdict == core.VerdictTaken && !f.cfg.Optimistic {
		e.Verdict, e.Text = core.VerdictDue, f.dueText(now, c, r)
		return e
	}
	e.Verdict, e.Text = found.verdict, f.text(now, a, c, found)
	if found.filter != nil {
		e.Until = found.filter.expires
	}
	return e
}
