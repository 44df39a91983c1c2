// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// explainer is an allocator that explains what the test gives it.
type explainer struct {
	*allocator.Fair
	answer  core.Explanation
	unknown bool
	asked   []core.ExplainQuery
}

func (e *explainer) Explain(_ time.Time, q core.ExplainQuery) (core.Explanation, bool) {
	e.asked = append(e.asked, q)
	return e.answer, !e.unknown
}

func newExplainedWorld(t *testing.T) (*world, *explainer) {
	e := &explainer{Fair: allocator.New(allocator.Config{})}
	return newWorld(t, func(c *core.Config) { c.Allocator = e }), e
}

// explained gives a core an explainer that has nothing to say.
func explained(c *core.Config) { c.Allocator = &explainer{Fair: allocator.New(allocator.Config{})} }

// why asks for an explanation.
func (w *world) why(q *link.ExplainRequest) (*link.ExplainResponse, *core.Error) {
	w.t.Helper()
	w.requests++
	w.do(core.ExplainCall{Request: w.requests, Query: q})
	r, ok := w.replies[w.requests]
	if !ok {
		w.t.Fatal("not answered")
	}
	return r.Explanation, r.Err
}

func whyQuery(id string) *link.ExplainRequest {
	return &link.ExplainRequest{FrameworkId: &mesos.FrameworkID{Value: &id}}
}

func TestAnExplanationTellsWhatTheAllocatorDecided(t *testing.T) {
	w, e := newExplainedWorld(t)
	s := w.subscribe(withRoles("a/b", "c"))
	n := w.node("cpus:4;mem:100")
	until := time.Unix(1_700_000_005, 0)
	e.answer = core.Explanation{
		Silent: "suppressed", Share: 0.25, RoleShare: 0.5, Dominant: "cpus", Weight: 2,
		Quota:    core.Quota{Limits: map[string]resource.Milli{"cpus": 4000}},
		Consumed: map[string]resource.Milli{"cpus": 1500},
		Granted:  resource.MustParse("cpus:1"), Used: resource.MustParse("mem:10"),
		Verdicts: map[core.Verdict]int{core.VerdictTaken: 1, core.VerdictFiltered: 3, core.VerdictDue: 1},
		Agents: []core.AgentExplanation{
			{Agent: core.AgentID(n.id.GetValue()), Hostname: "host", Verdict: core.VerdictFiltered, Text: "filtered", Until: until, Free: resource.MustParse("cpus:3")},
			{Agent: "other", Verdict: core.VerdictTaken},
		},
	}
	answer, err := w.why(whyQuery(s.id.GetValue()))
	if err != nil || len(answer.GetRoles()) != 2 || answer.GetRoles()[1].GetRole() != "c" {
		t.Fatalf("answer %v, error %v, want one for each of two roles", answer, err)
	}
	got := answer.GetRoles()[0]
	if got.GetRole() != "a/b" || got.GetSilent() != "suppressed" || got.GetShare() != 0.25 || got.GetRoleShare() != 0.5 ||
		got.GetDominantResource() != "cpus" || got.GetWeight() != 2 {
		t.Errorf("answer %v", got)
	}
	if q := got.GetQuota(); q.GetRole() != "a" || q.GetLimits()["cpus"].GetValue() != 4 || got.GetConsumed()["cpus"].GetValue() != 1.5 {
		t.Errorf("quota %v, consumed %v, want those of a", q, got.GetConsumed())
	}
	has(t, &mesos.Offer{Resources: got.GetOffered()}, "cpus:1")
	has(t, &mesos.Offer{Resources: got.GetUsed()}, "mem:10")
	var order []string
	for _, v := range got.GetVerdicts() {
		order = append(order, fmt.Sprint(v.GetVerdict(), " ", v.GetAgents()))
	}
	if strings.Join(order, ", ") != "filtered 3, taken 1, share 1" {
		t.Errorf("verdicts %q", order)
	}
	if a := got.GetAgents(); len(a) != 2 || a[0].GetVerdict() != "filtered" || a[0].GetText() != "filtered" ||
		a[0].GetUntil().GetNanoseconds() != until.UnixNano() || a[1].Until != nil {
		t.Errorf("agents %v", a)
	}
	if q := e.asked[1]; q.Framework != "m-0000" || q.Role != "c" || q.Agent != "" || q.Limit != 100 {
		t.Errorf("the allocator was asked %+v", q)
	}
}

func TestAnExplanationListsAsManyAgentsAsAskedFor(t *testing.T) {
	w, e := newExplainedWorld(t)
	w.subscribe()
	n := w.node("cpus:4;mem:100")
	e.answer.Agents = []core.AgentExplanation{{Agent: "x"}, {Agent: "y"}}
	for _, limit := range []uint32{0, 1, 2, 1000} {
		q := whyQuery("m-0000")
		q.Limit, q.AgentId, q.Role = &limit, n.id, new("*")
		answer, err := w.why(q)
		if err != nil || len(answer.GetRoles()[0].GetAgents()) != min(int(limit), 2) {
			t.Errorf("limit %d: answer %v, error %v", limit, answer, err)
		}
		if got := e.asked[len(e.asked)-1]; got.Limit != max(int(limit), 1) || got.Agent != core.AgentID(n.id.GetValue()) {
			t.Errorf("limit %d: the allocator was asked %+v", limit, got)
		}
	}
}

func TestWhatCannotBeExplainedNamesWhatIsWrong(t *testing.T) {
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprint("r", i)
	}
	for name, c := range map[string]struct {
		change func(q *link.ExplainRequest)
		kind   core.Kind
		words  []string
	}{
		"no framework":       {func(q *link.ExplainRequest) { q.FrameworkId = nil }, core.Invalid, []string{"framework_id"}},
		"another framework":  {func(q *link.ExplainRequest) { q.FrameworkId.Value = new("f") }, core.NotFound, []string{"framework_id", `"f"`}},
		"another role":       {func(q *link.ExplainRequest) { q.Role = new("x") }, core.NotFound, []string{"role", `"x"`, "m-0000"}},
		"another agent":      {func(q *link.ExplainRequest) { q.Role, q.AgentId = new("r1"), &mesos.AgentID{Value: new("s")} }, core.NotFound, []string{"agent_id", `"s"`}},
		"too many agents":    {func(q *link.ExplainRequest) { q.Role, q.Limit = new("r1"), new(uint32(1001)) }, core.Invalid, []string{"limit 1001", "1000 at most"}},
		"too many roles":     {func(*link.ExplainRequest) {}, core.Invalid, []string{"role", "17", "16"}},
		"no such allocation": {func(q *link.ExplainRequest) { q.Role = new("r1") }, core.Unsupported, []string{"allocator"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := newExplainedWorld(t)
			w.subscribe(withRoles(many...))
			e.unknown = true
			q := whyQuery("m-0000")
			c.change(q)
			_, err := w.why(q)
			refused(t, err, c.kind, c.words...)
		})
	}
}

func TestAnExplanationTellsOfAFrameworkThatIsNotConnected(t *testing.T) {
	w, _ := newExplainedWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	s.close()
	w.pass(20 * time.Second)
	silent := func(w *world) string {
		answer, err := w.why(whyQuery("m-0000"))
		if err != nil {
			t.Fatal(err)
		}
		return answer.GetRoles()[0].GetSilent()
	}
	if got := silent(w); !strings.Contains(got, "since 2023-11-14T22:13:20Z") || !strings.Contains(got, "removed at 2023-11-14T22:14:20Z (in 40s)") {
		t.Errorf("disconnected: silent %q", got)
	}
	next := w.successor("m2", explained)
	if got := silent(next); !strings.Contains(got, "before this master") || !strings.Contains(got, "unless it subscribes") {
		t.Errorf("recovered: silent %q", got)
	}
	next.subscribe(withID("m-0000")).close()
	_, err := next.why(whyQuery("m-0000"))
	refused(t, err, core.NotFound, "m-0000")
}

// With the allocator that the master has, from the offer to the master after.
func TestTheMastersAllocatorExplainsWhatBecameOfAnAgent(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(3600))
	n := w.node("cpus:4;mem:400")
	verdict := func(w *world) *link.RoleExplanation {
		t.Helper()
		answer, err := w.why(whyQuery("m-0000"))
		if err != nil || len(answer.GetRoles()) != 1 {
			t.Fatalf("answer %v, error %v", answer, err)
		}
		return answer.GetRoles()[0]
	}
	expect := func(got *link.RoleExplanation, want string) {
		t.Helper()
		if len(got.GetAgents()) != 1 || got.GetAgents()[0].GetVerdict() != want || got.GetVerdicts()[0].GetVerdict() != want {
			t.Errorf("explained is %v, want the verdict %q", got, want)
		}
	}
	expect(verdict(w), core.VerdictGranted.String())
	s.decline(refuse(60), s.offer())
	w.pass(2 * time.Second)
	got := verdict(w)
	expect(got, core.VerdictFiltered.String())
	if until := got.GetAgents()[0].GetUntil().GetNanoseconds(); until != w.now.Add(58*time.Second).UnixNano() {
		t.Errorf("filtered until %d, want for 58 s more", until)
	}
	n.close()
	expect(verdict(w), core.VerdictInactive.String())
	s.close()
	if got := verdict(w); !strings.Contains(got.GetSilent(), "not connected since") {
		t.Errorf("disconnected: silent %q", got.GetSilent())
	}
	if got := verdict(w.successor("m2")); !strings.Contains(got.GetSilent(), "before this master") {
		t.Errorf("recovered: silent %q", got.GetSilent())
	}
}
