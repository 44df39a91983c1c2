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

// FieldError says which field of a message from a peer breaks which rule.
type FieldError struct {
	Field string // path from the message: "accept.operations[0].launch"
	Value string // what was found, short enough to print
	Rule  string // what would have been right
}

// Error names the field, the value and the rule.
func (e *FieldError) Error() string {
	return e.Field + ": " + e.Value + ": " + e.Rule
}

// Missing is the FieldError of a field that must be set.
func Missing(field string) *FieldError {
	return &FieldError{Field: field, Value: "unset", Rule: "must be set"}
}

// uuidLen is the length of a UUID in bytes.
const uuidLen = 16

// ValidateUUID tells whether the field holds the 16 bytes of a UUID. The error
// is a *FieldError.
func ValidateUUID(field string, uuid []byte) error {
	if len(uuid) == uuidLen {
		return nil
	}
	return &FieldError{field, fmt.Sprintf("%d bytes", len(uuid)), fmt.Sprintf("must be the %d bytes of a UUID", uuidLen)}
}

// ValidateID tells whether an id that a peer chose may be used: ids become
// names of files and cgroups. The error is a *FieldError that names kind (the
// path of the field, or "task id"), the id and the rule that it breaks.
func ValidateID(kind, id string) error {
	if rule := idRule(id); rule != "" {
		return &FieldError{kind, quote(id), rule}
	}
	return nil
}

// idRule returns the rule that the id breaks, or "".
func idRule(id string) string {
	switch {
	case id == "":
		return "must not be empty"
	case len(id) > maxID:
		return fmt.Sprintf("must not be longer than %d bytes", maxID)
	case id == "." || id == "..":
		return `must not be "." or ".."`
	case !utf8.ValidString(id):
		return "must be UTF-8"
	case strings.ContainsAny(id, `/\`):
		return `must not contain "/" or "\"`
	case strings.ContainsFunc(id, unicode.IsControl):
		return "must not contain control characters"
	}
	return ""
}

// ValidateRole tells whether a role may be used: "*", or one or more names
// joined by slashes. No name is empty, "." or "..", begins with "-", is "*",
// or contains white space or control characters. The error is a *FieldError
// that names kind (the path of the field, or "role").
func ValidateRole(kind, role string) error {
	if rule := roleRule(role); rule != "" {
		return &FieldError{kind, quote(role), rule}
	}
	return nil
}

// roleRule returns the rule that the role breaks, or "".
func roleRule(role string) string {
	switch {
	case role == "*":
		return ""
	case role == "":
		return "must not be empty"
	case len(role) > maxID:
		return fmt.Sprintf("must not be longer than %d bytes", maxID)
	case !utf8.ValidString(role):
		return "must be UTF-8"
	case strings.ContainsFunc(role, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "must not contain white space or control characters"
	}
	for name := range strings.SplitSeq(role, "/") {
		if rule := roleNameRule(name); rule != "" {
			return rule
		}
	}
	return ""
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
