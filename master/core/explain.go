// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/resource"
)

const (
	// defaultExplained is how many agents are listed for each role where the caller
	// does not say, and maxExplained how many he may ask for.
	defaultExplained = 100
	maxExplained     = 1000
	// maxExplainedRoles is how many roles are explained at once: each is held
	// against each agent while the loop waits.
	maxExplainedRoles = 16
)

// explain answers why a framework gets what it gets. What it says comes from the
// allocator's decisions; the core adds what only it knows of frameworks that are not
// connected.
func (c *Core) explain(in ExplainCall) {
	answer, err := c.explanation(in.Query)
	if err != nil {
		c.fail(in.Request, err)
		return
	}
	c.out.Replies = append(c.out.Replies, Reply{Request: in.Request, Explanation: answer})
}

func (c *Core) explanation(q *link.ExplainRequest) (*link.ExplainResponse, *Error) {
	if err := mesos.ValidateRequired(q); err != nil {
		return nil, failf(Invalid, "%v", err)
	}
	f := c.frameworks[FrameworkID(q.GetFrameworkId().GetValue())]
	if f == nil || f.ending {
		return nil, failf(NotFound, "framework_id %q: no such framework", brief(q.GetFrameworkId().GetValue()))
	}
	roles, err := f.explained(q)
	if err != nil {
		return nil, err
	}
	query := ExplainQuery{Framework: f.id, Agent: AgentID(q.GetAgentId().GetValue()), Limit: defaultExplained}
	if q.Limit != nil {
		query.Limit = int(q.GetLimit())
	}
	switch {
	case query.Limit > maxExplained:
		return nil, failf(Invalid, "limit %d: must be %d at most", query.Limit, maxExplained)
	case query.Agent != "" && c.agents[query.Agent] == nil:
		return nil, failf(NotFound, "agent_id %q: no such agent", brief(string(query.Agent)))
	}
	answer := &link.ExplainResponse{}
	for _, role := range roles {
		query.Role = role
		e, err := c.explainRole(f, query)
		if err != nil {
			return nil, err
		}
		answer.Roles = append(answer.Roles, e)
	}
	return answer, nil
}

// explained returns the roles that a query is about.
func (f *framework) explained(q *link.ExplainRequest) ([]string, *Error) {
	switch {
	case q.Role != nil && !f.hasRole(q.GetRole()):
		return nil, failf(NotFound, "role %q: framework %s does not have it", brief(q.GetRole()), f.id)
	case q.Role != nil:
		return []string{q.GetRole()}, nil
	case len(f.roles) > maxExplainedRoles:
		return nil, failf(Invalid, "role: unset: must be set, framework %s has %d roles and %d are explained at once at most",
			f.id, len(f.roles), maxExplainedRoles)
	}
	return f.roles, nil
}

func (c *Core) explainRole(f *framework, q ExplainQuery) (*link.RoleExplanation, *Error) {
	limit := q.Limit
	q.Limit = max(limit, 1) // to the allocator 0 is no limit
	e, ok := c.alloc.Explain(c.now, q)
	if !ok {
		return nil, failf(Unsupported, "role %q of framework %s: this allocator cannot explain it", q.Role, f.id)
	}
	m := &link.RoleExplanation{
		Role:  new(q.Role),
		Share: new(e.Share), RoleShare: new(e.RoleShare), Weight: new(e.Weight),
		Quota: quotaMessage(topRole(q.Role), e.Quota), Consumed: amountsMessage(e.Consumed),
		Offered: e.Granted.Proto(), Used: e.Used.Proto(),
		Verdicts: verdictsMessage(e.Verdicts),
	}
	if e.Dominant != "" {
		m.DominantResource = new(e.Dominant)
	}
	if silent := cmp.Or(c.absence(f), c.holdReason(), e.Silent); silent != "" {
		m.Silent = new(silent)
	}
	for _, a := range e.Agents[:min(limit, len(e.Agents))] {
		m.Agents = append(m.Agents, a.message())
	}
	return m, nil
}

// absence tells why a framework that is not connected gets nothing, and how long it
// has to change that; empty for one that is.
func (c *Core) absence(f *framework) string {
	if f.conn != 0 {
		return ""
	}
	why := "not connected"
	switch {
	case f.recovered:
		why = "known from before this master, and not subscribed since"
	case !f.disconnected.IsZero():
		why = "not connected since " + clock(f.disconnected)
	}
	if f.failover != nil {
		why += fmt.Sprintf(": it is removed at %s (in %v) unless it subscribes", clock(f.failover.at), f.failover.at.Sub(c.now).Round(time.Second))
	}
	return why
}

// clock is a time as people see it.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (a *AgentExplanation) message() *link.AgentExplanation {
	m := &link.AgentExplanation{
		AgentId: &mesos.AgentID{Value: new(string(a.Agent))}, Hostname: new(a.Hostname),
		Verdict: new(a.Verdict.String()), Text: new(a.Text), Free: a.Free.Proto(),
	}
	if !a.Until.IsZero() {
		m.Until = timeInfo(a.Until)
	}
	return m
}

// verdictsMessage counts the agents by verdict, most first.
func verdictsMessage(counts map[Verdict]int) []*link.VerdictCount {
	order := slices.SortedFunc(maps.Keys(counts), func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var list []*link.VerdictCount
	for _, v := range order {
		list = append(list, &link.VerdictCount{Verdict: new(v.String()), Agents: new(uint32(counts[v]))})
	}
	return list
}

// quotaMessage returns a quota as operators set it; nil for none.
func quotaMessage(role string, q Quota) *quota.QuotaConfig {
	if q.empty() {
		return nil
	}
	return &quota.QuotaConfig{Role: new(role), Guarantees: amountsMessage(q.Guarantees), Limits: amountsMessage(q.Limits)}
}

func amountsMessage(amounts map[string]resource.Milli) map[string]*mesos.Value_Scalar {
	if len(amounts) == 0 {
		return nil
	}
	m := make(map[string]*mesos.Value_Scalar, len(amounts))
	for name, amount := range amounts {
		m[name] = &mesos.Value_Scalar{Value: new(amount.Float())}
	}
	return m
}
