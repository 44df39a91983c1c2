// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"regexp"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// constraints are groups of constraints on an agent, of which one must hold; nil
// is none, which all agents satisfy.
type constraints []group

// group are constraints that must all hold.
type group []constraint

// constraint is a predicate on something that an agent says of itself.
type constraint struct {
	proto *scheduler.AttributeConstraint
	regex *regexp.Regexp // of text_matches and text_not_matches
}

// compile returns constraints that were validated. An expression that does not
// compile, which scheduler.ValidateConstraints would have refused, fits nothing.
func compile(r *scheduler.OfferConstraints_RoleConstraints) constraints {
	var list constraints
	for _, g := range r.GetGroups() {
		var all group
		for _, p := range g.GetAttributeConstraints() {
			c := constraint{proto: p}
			switch predicate := p.GetPredicate().GetPredicate().(type) {
			case *scheduler.AttributeConstraint_Predicate_TextMatches_:
				c.regex, _ = scheduler.CompileRegex(predicate.TextMatches.GetRegex())
			case *scheduler.AttributeConstraint_Predicate_TextNotMatches_:
				c.regex, _ = scheduler.CompileRegex(predicate.TextNotMatches.GetRegex())
			}
			all = append(all, c)
		}
		list = append(list, all)
	}
	return list
}

// allow tells whether an agent satisfies them.
func (cs constraints) allow(info *mesos.AgentInfo) bool {
	for _, g := range cs {
		if g.broken(info) == nil {
			return true
		}
	}
	return cs == nil
}

// broken returns the first constraint that the agent does not satisfy; nil for
// none.
func (g group) broken(info *mesos.AgentInfo) *constraint {
	for i := range g {
		if !g[i].holds(info) {
			return &g[i]
		}
	}
	return nil
}

// holds tells whether the agent satisfies the constraint: if there are several
// attributes of the name, one of them has to.
func (c *constraint) holds(info *mesos.AgentInfo) bool {
	if !c.named() {
		text, exists := c.pseudo(info)
		return c.test(exists, true, text)
	}
	found := false
	for _, a := range info.GetAttributes() {
		if a.GetName() == c.proto.GetSelector().GetAttributeName() {
			found = true
			if c.test(true, a.GetType() == mesos.Value_TEXT, a.GetText().GetValue()) {
				return true
			}
		}
	}
	return !found && c.test(false, true, "")
}

// pseudo returns what the agent says of itself other than by attributes.
func (c *constraint) pseudo(info *mesos.AgentInfo) (text string, exists bool) {
	domain := info.GetDomain().GetFaultDomain()
	switch c.proto.GetSelector().GetPseudoattributeType() {
	case scheduler.AttributeConstraint_Selector_HOSTNAME:
		return info.GetHostname(), true
	case scheduler.AttributeConstraint_Selector_REGION:
		return domain.GetRegion().GetName(), domain != nil
	case scheduler.AttributeConstraint_Selector_ZONE:
		return domain.GetZone().GetName(), domain != nil
	}
	return "", false
}

// test evaluates the predicate. What is there but no text satisfies all predicates
// on texts: they say nothing of it, and its framework can look for itself.
func (c *constraint) test(exists, isText bool, text string) bool {
	switch p := c.proto.GetPredicate().GetPredicate().(type) {
	case *scheduler.AttributeConstraint_Predicate_Exists_:
		return exists
	case *scheduler.AttributeConstraint_Predicate_NotExists_:
		return !exists
	case *scheduler.AttributeConstraint_Predicate_TextEquals_:
		return exists && (!isText || text == p.TextEquals.GetValue())
	case *scheduler.AttributeConstraint_Predicate_TextNotEquals_:
		return !exists || !isText || text != p.TextNotEquals.GetValue()
	case *scheduler.AttributeConstraint_Predicate_TextMatches_:
		return exists && (!isText || c.fits(text))
	case *scheduler.AttributeConstraint_Predicate_TextNotMatches_:
		return !exists || !isText || !c.fits(text)
	}
	return false
}

func (c *constraint) fits(text string) bool { return c.regex != nil && c.regex.MatchString(text) }

// text tells of each group, or of the first ones, which constraint does not hold.
func (cs constraints) text(info *mesos.AgentInfo) string {
	text := ""
	for i, g := range cs {
		if i == maxGroups {
			return fmt.Sprintf("%s; nor does one in %d more groups", text, len(cs)-i)
		}
		if i > 0 {
			text += "; "
		}
		if c := g.broken(info); c != nil {
			text += fmt.Sprintf("constraint %s does not hold: %s", c.text(), c.seen(info))
		}
	}
	return text
}

// maxGroups bounds the groups of which an explanation tells.
const maxGroups = 3

// text says the constraint: attribute "rack" text_equals "r1".
func (c *constraint) text() string {
	text := c.proto.GetSelector().GetPseudoattributeType().String()
	if c.named() {
		text = fmt.Sprintf("attribute %.64q", c.proto.GetSelector().GetAttributeName())
	}
	switch p := c.proto.GetPredicate().GetPredicate().(type) {
	case *scheduler.AttributeConstraint_Predicate_Exists_:
		return text + " exists"
	case *scheduler.AttributeConstraint_Predicate_NotExists_:
		return text + " not_exists"
	case *scheduler.AttributeConstraint_Predicate_TextEquals_:
		return fmt.Sprintf("%s text_equals %.64q", text, p.TextEquals.GetValue())
	case *scheduler.AttributeConstraint_Predicate_TextNotEquals_:
		return fmt.Sprintf("%s text_not_equals %.64q", text, p.TextNotEquals.GetValue())
	case *scheduler.AttributeConstraint_Predicate_TextMatches_:
		return fmt.Sprintf("%s text_matches %.64q", text, p.TextMatches.GetRegex())
	case *scheduler.AttributeConstraint_Predicate_TextNotMatches_:
		return fmt.Sprintf("%s text_not_matches %.64q", text, p.TextNotMatches.GetRegex())
	}
	return text
}

// seen says what the agent has there.
func (c *constraint) seen(info *mesos.AgentInfo) string {
	if !c.named() {
		if text, exists := c.pseudo(info); exists {
			return fmt.Sprintf("it is %.64q", text)
		}
		return "the agent has none"
	}
	for _, a := range info.GetAttributes() {
		if a.GetName() == c.proto.GetSelector().GetAttributeName() {
			if a.GetType() == mesos.Value_TEXT {
				return fmt.Sprintf("it is %.64q", a.GetText().GetValue())
			}
			return fmt.Sprintf("it is a %v", a.GetType())
		}
	}
	return "the agent has none"
}

func (c *constraint) named() bool {
	_, ok := c.proto.GetSelector().GetSelector().(*scheduler.AttributeConstraint_Selector_AttributeName)
	return ok
}
