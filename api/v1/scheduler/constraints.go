// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

const (
	// MaxConstraints is how many attribute constraints one OfferConstraints may
	// have over all roles: each is looked at for each agent.
	MaxConstraints = 1000
	// MaxRegex is the longest expression in a constraint, in bytes.
	MaxRegex = 4096
	// maxProgram bounds what an expression is compiled to, in steps, estimated
	// before it is: "(.{1000}){1000}" is short.
	maxProgram = 1 << 13
)

// ValidateConstraints tells whether the constraints can be evaluated. The error
// is a *mesos.FieldError whose field begins with offer_constraints; of several
// the one of the first role by name.
func ValidateConstraints(c *OfferConstraints) error {
	n := 0
	for _, role := range slices.Sorted(maps.Keys(c.GetRoleConstraints())) {
		field := fmt.Sprintf("offer_constraints.role_constraints[%.64q].groups", role)
		groups := c.RoleConstraints[role].GetGroups()
		if len(groups) == 0 {
			return mesos.Missing(field)
		}
		for i, g := range groups {
			field := fmt.Sprintf("%s[%d].attribute_constraints", field, i)
			if len(g.GetAttributeConstraints()) == 0 {
				return mesos.Missing(field)
			}
			if n += len(g.AttributeConstraints); n > MaxConstraints {
				return &mesos.FieldError{
					Field: "offer_constraints", Value: "more constraints than that in all",
					Rule: fmt.Sprintf("must have %d at most", MaxConstraints),
				}
			}
			for j, a := range g.AttributeConstraints {
				if err := validateConstraint(fmt.Sprintf("%s[%d]", field, j), a); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func validateConstraint(field string, c *AttributeConstraint) error {
	switch s := c.GetSelector().GetSelector().(type) {
	case *AttributeConstraint_Selector_AttributeName:
	case *AttributeConstraint_Selector_PseudoattributeType_:
		switch s.PseudoattributeType {
		case AttributeConstraint_Selector_HOSTNAME, AttributeConstraint_Selector_REGION, AttributeConstraint_Selector_ZONE:
		default:
			return &mesos.FieldError{
				Field: field + ".selector.pseudoattribute_type", Value: s.PseudoattributeType.String(),
				Rule: "must be HOSTNAME, REGION or ZONE",
			}
		}
	default:
		return mesos.Missing(field + ".selector.attribute_name")
	}
	switch p := c.GetPredicate().GetPredicate().(type) {
	case nil:
		return mesos.Missing(field + ".predicate")
	case *AttributeConstraint_Predicate_TextMatches_:
		return validateRegex(field+".predicate.text_matches.regex", p.TextMatches.GetRegex())
	case *AttributeConstraint_Predicate_TextNotMatches_:
		return validateRegex(field+".predicate.text_not_matches.regex", p.TextNotMatches.GetRegex())
	}
	return nil
}

func validateRegex(field, source string) error {
	if _, err := CompileRegex(source); err != nil {
		return &mesos.FieldError{Field: field, Value: fmt.Sprintf("%.64q", source), Rule: err.Error()}
	}
	return nil
}

// CompileRegex compiles the RE2 expression of a text_matches or
// text_not_matches: all of a text must fit it. The error is a rule that it breaks.
func CompileRegex(source string) (*regexp.Regexp, error) {
	if len(source) > MaxRegex {
		return nil, fmt.Errorf("must be %d bytes at most", MaxRegex)
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("must be an RE2 expression: %w", err)
	}
	if programSize(tree) > maxProgram {
		return nil, fmt.Errorf("must compile to %d steps at most: repeat less", maxProgram)
	}
	return regexp.Compile(`\A(?:` + tree.String() + `)\z`)
}

// programSize estimates from above how many steps an expression is compiled to;
// anything over maxProgram only tells that it is too much.
func programSize(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += 2 + programSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}
