// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// oneConstraint is what a framework asks for in role r if it asks for one thing.
func oneConstraint(c *scheduler.AttributeConstraint) *scheduler.OfferConstraints {
	return groupsOf(&scheduler.OfferConstraints_RoleConstraints_Group{
		AttributeConstraints: []*scheduler.AttributeConstraint{c},
	})
}

func groupsOf(groups ...*scheduler.OfferConstraints_RoleConstraints_Group) *scheduler.OfferConstraints {
	return &scheduler.OfferConstraints{RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{
		"r": {Groups: groups},
	}}
}

func named(name string) *scheduler.AttributeConstraint_Selector {
	return &scheduler.AttributeConstraint_Selector{
		Selector: &scheduler.AttributeConstraint_Selector_AttributeName{AttributeName: name},
	}
}

func pseudo(t scheduler.AttributeConstraint_Selector_PseudoattributeType) *scheduler.AttributeConstraint_Selector {
	return &scheduler.AttributeConstraint_Selector{
		Selector: &scheduler.AttributeConstraint_Selector_PseudoattributeType_{PseudoattributeType: t},
	}
}

func matches(regex string) *scheduler.AttributeConstraint_Predicate {
	return &scheduler.AttributeConstraint_Predicate{Predicate: &scheduler.AttributeConstraint_Predicate_TextMatches_{
		TextMatches: &scheduler.AttributeConstraint_Predicate_TextMatches{Regex: &regex},
	}}
}

func notMatches(regex string) *scheduler.AttributeConstraint_Predicate {
	return &scheduler.AttributeConstraint_Predicate{Predicate: &scheduler.AttributeConstraint_Predicate_TextNotMatches_{
		TextNotMatches: &scheduler.AttributeConstraint_Predicate_TextNotMatches{Regex: &regex},
	}}
}

func TestConstraintsAreValidated(t *testing.T) {
	many := make([]*scheduler.AttributeConstraint, scheduler.MaxConstraints+1)
	for i := range many {
		many[i] = &scheduler.AttributeConstraint{Selector: named("a"), Predicate: matches("x")}
	}
	for name, c := range map[string]struct {
		constraints *scheduler.OfferConstraints
		field, rule string // empty: valid
	}{
		"none at all":            {nil, "", ""},
		"no role":                {&scheduler.OfferConstraints{}, "", ""},
		"an expression":          {oneConstraint(&scheduler.AttributeConstraint{Selector: named("rack"), Predicate: matches("r[0-9]+")}), "", ""},
		"the longest":            {oneConstraint(&scheduler.AttributeConstraint{Selector: named("rack"), Predicate: matches(strings.Repeat("x", 4096))}), "", ""},
		"a pseudo attribute":     {oneConstraint(&scheduler.AttributeConstraint{Selector: pseudo(scheduler.AttributeConstraint_Selector_ZONE), Predicate: notMatches("z.*")}), "", ""},
		"no group":               {groupsOf(), `offer_constraints.role_constraints["r"].groups`, "must be set"},
		"an empty group":         {groupsOf(&scheduler.OfferConstraints_RoleConstraints_Group{}), "groups[0].attribute_constraints", "must be set"},
		"no selector":            {oneConstraint(&scheduler.AttributeConstraint{Predicate: matches("x")}), "selector.attribute_name", "must be set"},
		"unknown pseudo":         {oneConstraint(&scheduler.AttributeConstraint{Selector: pseudo(9), Predicate: matches("x")}), "pseudoattribute_type", "HOSTNAME, REGION or ZONE"},
		"no predicate":           {oneConstraint(&scheduler.AttributeConstraint{Selector: named("a")}), "[0].predicate", "must be set"},
		"not an expression":      {oneConstraint(&scheduler.AttributeConstraint{Selector: named("a"), Predicate: matches("(")}), "text_matches.regex", "must be an RE2 expression"},
		"one that would escape":  {oneConstraint(&scheduler.AttributeConstraint{Selector: named("a"), Predicate: matches("a)|(b")}), "text_matches.regex", "must be an RE2 expression"},
		"too long an expression": {oneConstraint(&scheduler.AttributeConstraint{Selector: named("a"), Predicate: notMatches(strings.Repeat("x", 4097))}), "text_not_matches.regex", "4096 bytes at most"},
		"too large a program":    {oneConstraint(&scheduler.AttributeConstraint{Selector: named("a"), Predicate: matches(strings.Repeat("(.{1000})", 20))}), "text_matches.regex", "repeat less"},
		"too many":               {groupsOf(&scheduler.OfferConstraints_RoleConstraints_Group{AttributeConstraints: many}), "offer_constraints", "must have 1000 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			err := scheduler.ValidateConstraints(c.constraints)
			var field *mesos.FieldError
			switch {
			case c.field == "" && err != nil:
				t.Errorf("error %v, want none", err)
			case c.field == "":
			case !errors.As(err, &field):
				t.Errorf("error %v, want a FieldError", err)
			case !strings.HasSuffix(field.Field, c.field) || !strings.Contains(field.Rule, c.rule):
				t.Errorf("error %v, want field %s and rule %s", err, c.field, c.rule)
			}
		})
	}
}

func TestAnExpressionIsForAllOfAText(t *testing.T) {
	re, err := scheduler.CompileRegex("a|bc")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"a": true, "bc": true, "abc": false, "ac": false, "a\n": false, "": false} {
		if got := re.MatchString(text); got != want {
			t.Errorf("%q fits: %v, want %v", text, got, want)
		}
	}
}

func TestAnExpressionMayEndInAQuotation(t *testing.T) {
	re, err := scheduler.CompileRegex(`(?i)a\Q.`)
	if err != nil || !re.MatchString("A.") || re.MatchString("Ab") {
		t.Errorf("expression %v, error %v", re, err)
	}
}

func FuzzCompileRegex(f *testing.F) {
	for _, seed := range []string{"", "a", "(", "(.{1000}){1000}", `\pL+`, "a)|(b", "[^a-z]{3,5}?"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if re, err := scheduler.CompileRegex(source); err == nil {
			re.MatchString(source)
		} else if re != nil {
			t.Error("an expression and an error")
		}
	})
}
