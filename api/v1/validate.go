// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxID is the longest id in bytes: an id becomes a file name.
const maxID = 255

// ValidateID tells whether an id that a peer chose may be used: ids become
// names of files and cgroups. The error names kind ("task id"), the id and
// the rule that it breaks.
func ValidateID(kind, id string) error {
	rule := ""
	switch {
	case id == "":
		rule = "must not be empty"
	case len(id) > maxID:
		rule = fmt.Sprintf("must not be longer than %d bytes", maxID)
	case id == "." || id == "..":
		rule = "must not be a path"
	case !utf8.ValidString(id):
		rule = "must be UTF-8"
	case strings.ContainsAny(id, `/\`):
		rule = `must not contain "/" or "\"`
	case strings.ContainsFunc(id, unicode.IsControl):
		rule = "must not contain control characters"
	default:
		return nil
	}
	return fmt.Errorf("%s %s: %s", kind, quote(id), rule)
}

// ValidateRole tells whether a role may be used: "*", or one or more names
// joined by slashes. No name is empty, "." or "..", begins with "-", is "*",
// or contains white space or control characters.
func ValidateRole(role string) error {
	rule := ""
	switch {
	case role == "*":
		return nil
	case role == "":
		rule = "must not be empty"
	case len(role) > maxID:
		rule = fmt.Sprintf("must not be longer than %d bytes", maxID)
	case !utf8.ValidString(role):
		rule = "must be UTF-8"
	case strings.ContainsFunc(role, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		rule = "must not contain white space or control characters"
	default:
		for name := range strings.SplitSeq(role, "/") {
			if rule = roleNameRule(name); rule != "" {
				break
			}
		}
	}
	if rule == "" {
		return nil
	}
	return fmt.Errorf("role %s: %s", quote(role), rule)
}

// roleNameRule returns the rule that one name of a role breaks, or "".
func roleNameRule(name string) string {
	switch {
	case name == "":
		return `must not begin or end with "/" or contain "//"`
	case name == "." || name == ".." || name == "*":
		return fmt.Sprintf("must not have a part %q", name)
	case name[0] == '-':
		return `must not have a part that begins with "-"`
	}
	return ""
}

// quote prints a value from a peer for an error message, cut to a length that
// a person can read.
func quote(s string) string {
	const most = 64
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q… (%d bytes)", s[:most], len(s))
}
