// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator_test

import (
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// agentInfo returns what an agent says of itself: its attribute rack, "" for none.
func agentInfo(hostname, rack string) *mesos.AgentInfo {
	info := &mesos.AgentInfo{Hostname: &hostname}
	if rack != "" {
		info.Attributes = append(info.Attributes, textAttribute("rack", rack))
	}
	return info
}

func textAttribute(name, text string) *mesos.Attribute {
	return &mesos.Attribute{Name: &name, Type: mesos.Value_TEXT.Enum(), Text: &mesos.Value_Text{Value: &text}}
}

func scalarAttribute(name string, v float64) *mesos.Attribute {
	return &mesos.Attribute{Name: &name, Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: &v}}
}

// offerFilters returns a framework's own minimum, "" for none.
func offerFilters(min string) *mesos.OfferFilters {
	list := &mesos.OfferFilters_MinAllocatableResources{}
	if min != "" {
		q := &mesos.OfferFilters_ResourceQuantities{Quantities: make(map[string]*mesos.Value_Scalar)}
		for name, v := range resource.MustParse(min).Scalars() {
			q.Quantities[name] = &mesos.Value_Scalar{Value: new(v.Float())}
		}
		list.Quantities = append(list.Quantities, q)
	}
	return &mesos.OfferFilters{MinAllocatableResources: list}
}

func attribute(name string) *scheduler.AttributeConstraint_Selector {
	return &scheduler.AttributeConstraint_Selector{
		Selector: &scheduler.AttributeConstraint_Selector_AttributeName{AttributeName: name},
	}
}

func pseudo(t scheduler.AttributeConstraint_Selector_PseudoattributeType) *scheduler.AttributeConstraint_Selector {
	return &scheduler.AttributeConstraint_Selector{
		Selector: &scheduler.AttributeConstraint_Selector_PseudoattributeType_{PseudoattributeType: t},
	}
}

// predicate returns one by its name.
func predicate(name, value string) *scheduler.AttributeConstraint_Predicate {
	p := &scheduler.AttributeConstraint_Predicate{}
	switch name {
	case "exists":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_Exists_{Exists: &scheduler.AttributeConstraint_Predicate_Exists{}}
	case "not_exists":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_NotExists_{NotExists: &scheduler.AttributeConstraint_Predicate_NotExists{}}
	case "text_equals":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_TextEquals_{TextEquals: &scheduler.AttributeConstraint_Predicate_TextEquals{Value: &value}}
	case "text_not_equals":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_TextNotEquals_{TextNotEquals: &scheduler.AttributeConstraint_Predicate_TextNotEquals{Value: &value}}
	case "text_matches":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_TextMatches_{TextMatches: &scheduler.AttributeConstraint_Predicate_TextMatches{Regex: &value}}
	case "text_not_matches":
		p.Predicate = &scheduler.AttributeConstraint_Predicate_TextNotMatches_{TextNotMatches: &scheduler.AttributeConstraint_Predicate_TextNotMatches{Regex: &value}}
	}
	return p
}

func constraint(s *scheduler.AttributeConstraint_Selector, p *scheduler.AttributeConstraint_Predicate) *scheduler.AttributeConstraint {
	return &scheduler.AttributeConstraint{Selector: s, Predicate: p}
}

func textMatches(name, regex string) *scheduler.AttributeConstraint {
	return constraint(attribute(name), predicate("text_matches", regex))
}

// allOf is a group of constraints, and anyOf a group of one for each.
func allOf(cs ...*scheduler.AttributeConstraint) *scheduler.OfferConstraints_RoleConstraints_Group {
	return &scheduler.OfferConstraints_RoleConstraints_Group{AttributeConstraints: cs}
}

func anyOf(cs ...*scheduler.AttributeConstraint) *scheduler.OfferConstraints_RoleConstraints {
	r := &scheduler.OfferConstraints_RoleConstraints{}
	for _, c := range cs {
		r.Groups = append(r.Groups, allOf(c))
	}
	return r
}

// offered tells whether an agent is offered to a framework with these constraints.
func offered(t testing.TB, info *mesos.AgentInfo, r *scheduler.OfferConstraints_RoleConstraints) bool {
	t.Helper()
	c := &scheduler.OfferConstraints{RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{"*": r}}
	if err := scheduler.ValidateConstraints(c); err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.AddFramework("f")
	d.Subscribe("f", core.Subscription{Roles: []string{"*"}, Constraints: c})
	d.AddAgent("a", info, resource.MustParse("cpus:1;mem:100"))
	return len(d.allocate()) == 1
}

func TestEachPredicateOnEachKindOfAttribute(t *testing.T) {
	text, other, number := textAttribute("x", "abc"), textAttribute("x", "other"), scalarAttribute("x", 4)
	for predicateName, want := range map[string]map[string]bool{
		"exists":           {"none": false, "text": true, "other": true, "number": true, "both": true},
		"not_exists":       {"none": true, "text": false, "other": false, "number": false, "both": false},
		"text_equals":      {"none": false, "text": true, "other": false, "number": true, "both": true},
		"text_not_equals":  {"none": true, "text": false, "other": true, "number": true, "both": true},
		"text_matches":     {"none": false, "text": true, "other": false, "number": true, "both": true},
		"text_not_matches": {"none": true, "text": false, "other": true, "number": true, "both": true},
	} {
		for kind, attributes := range map[string][]*mesos.Attribute{
			"none": {textAttribute("y", "abc")}, "text": {text}, "other": {other}, "number": {number}, "both": {other, text},
		} {
			t.Run(predicateName+" of "+kind, func(t *testing.T) {
				info := &mesos.AgentInfo{Hostname: new("h"), Attributes: attributes}
				got := offered(t, info, anyOf(constraint(attribute("x"), predicate(predicateName, "abc"))))
				if got != want[kind] {
					t.Errorf("offered: %v, want %v", got, want[kind])
				}
			})
		}
	}
}

func TestPseudoAttributes(t *testing.T) {
	at := agentInfo("node1", "")
	at.Domain = region("here")
	for name, c := range map[string]struct {
		info *mesos.AgentInfo
		c    *scheduler.AttributeConstraint
		want bool
	}{
		"hostname":          {at, constraint(pseudo(scheduler.AttributeConstraint_Selector_HOSTNAME), predicate("text_matches", "node[0-9]")), true},
		"another hostname":  {at, constraint(pseudo(scheduler.AttributeConstraint_Selector_HOSTNAME), predicate("text_equals", "node")), false},
		"region":            {at, constraint(pseudo(scheduler.AttributeConstraint_Selector_REGION), predicate("text_equals", "here")), true},
		"not that region":   {at, constraint(pseudo(scheduler.AttributeConstraint_Selector_REGION), predicate("text_not_equals", "here")), false},
		"zone":              {at, constraint(pseudo(scheduler.AttributeConstraint_Selector_ZONE), predicate("text_equals", "z")), true},
		"no zone":           {agentInfo("h", ""), constraint(pseudo(scheduler.AttributeConstraint_Selector_ZONE), predicate("exists", "")), false},
		"no zone, no match": {agentInfo("h", ""), constraint(pseudo(scheduler.AttributeConstraint_Selector_ZONE), predicate("text_not_matches", ".*")), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := offered(t, c.info, anyOf(c.c)); got != c.want {
				t.Errorf("offered: %v, want %v", got, c.want)
			}
		})
	}
}

func TestOneGroupMustHoldAndAllOfIt(t *testing.T) {
	info := agentInfo("h", "r1")
	r1, r2 := textMatches("rack", "r1"), textMatches("rack", "r2")
	host := constraint(pseudo(scheduler.AttributeConstraint_Selector_HOSTNAME), predicate("text_equals", "h"))
	for name, c := range map[string]struct {
		groups []*scheduler.OfferConstraints_RoleConstraints_Group
		want   bool
	}{
		"one of two groups":   {[]*scheduler.OfferConstraints_RoleConstraints_Group{allOf(r2), allOf(r1)}, true},
		"no group":            {[]*scheduler.OfferConstraints_RoleConstraints_Group{allOf(r2), allOf(r2)}, false},
		"all of a group":      {[]*scheduler.OfferConstraints_RoleConstraints_Group{allOf(r1, host)}, true},
		"not all of a group":  {[]*scheduler.OfferConstraints_RoleConstraints_Group{allOf(host, r2)}, false},
		"halves of two don't": {[]*scheduler.OfferConstraints_RoleConstraints_Group{allOf(host, r2), allOf(r2, r1)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := offered(t, info, &scheduler.OfferConstraints_RoleConstraints{Groups: c.groups}); got != c.want {
				t.Errorf("offered: %v, want %v", got, c.want)
			}
		})
	}
}

func TestConstraintsAreOfTheirRoleAndFollowTheAgent(t *testing.T) {
	d := newDesk(t)
	d.AddFramework("f")
	d.Subscribe("f", core.Subscription{Roles: []string{"free", "picky"}, Constraints: &scheduler.OfferConstraints{
		RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{"picky": anyOf(textMatches("rack", "r2"))},
	}, Suppressed: []string{"free"}})
	d.AddAgent("a", agentInfo("h", "r1"), resource.MustParse("cpus:1;mem:100"))
	d.want()
	d.UpdateAgent("a", agentInfo("h", "r2"), resource.MustParse("cpus:1;mem:100"))
	d.want("a f picky cpus:1;mem:100")
	d.AddAgent("b", agentInfo("h", "r1"), resource.MustParse("cpus:1;mem:100"))
	d.want()
	d.Revive("f", []string{"free"})
	d.want("b f free cpus:1;mem:100")
}

func FuzzConstraints(f *testing.F) {
	for _, c := range []*scheduler.OfferConstraints_RoleConstraints{
		anyOf(textMatches("rack", "r[12]")),
		anyOf(constraint(pseudo(scheduler.AttributeConstraint_Selector_ZONE), predicate("not_exists", ""))),
		anyOf(constraint(attribute(""), predicate("text_not_matches", "(?i)a|"))),
	} {
		b, err := proto.Marshal(&scheduler.OfferConstraints{RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{"*": c}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "rack", "r1")
	}
	f.Fuzz(func(t *testing.T, b []byte, name, text string) {
		c := new(scheduler.OfferConstraints)
		if proto.Unmarshal(b, c) != nil || scheduler.ValidateConstraints(c) != nil {
			return
		}
		d := newDesk(t)
		d.AddFramework("f")
		d.Subscribe("f", core.Subscription{Roles: []string{"*"}, Constraints: c})
		info := &mesos.AgentInfo{Hostname: &text, Attributes: []*mesos.Attribute{textAttribute(name, text)}}
		d.AddAgent("a", info, resource.MustParse("cpus:1;mem:100"))
		granted := len(d.allocate()) == 1
		x, ok := d.Explain(d.now, core.ExplainQuery{Framework: "f", Role: "*"})
		if want := map[bool]core.Verdict{true: core.VerdictGranted, false: core.VerdictConstraint}[granted]; !ok || x.Agents[0].Verdict != want {
			t.Errorf("granted: %v, but explained: %v", granted, x)
		}
	})
}
