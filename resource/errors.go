// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
)

// InvalidError says why a Resource message or a text is not a resource.
type InvalidError struct {
	Item  string // the resource as far as it was understood: its name, for a message also its place in the list
	Value string // what was found, and in which field if not in the value
	Rule  string // what would have been right
}

// Error names the item, the value and the rule.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("resource: %s: %s: %s", e.Item, e.Value, e.Rule)
}

// NotContainedError is the reason why a subtraction was refused.
type NotContainedError struct {
	Item string // the first item that is missing, in whole or in part, without its quantity: "cpus", "disk(ops)"
	Want string // what was to be taken away
	Have string // what there is: "nothing" when the pool has no such item
}

// Error names the item, what was wanted and what there is.
func (e *NotContainedError) Error() string {
	return fmt.Sprintf("resource: %s: cannot take %s from %s", e.Item, e.Want, e.Have)
}

// invalid returns the error for a field of a message.
func invalid(field, value, rule string) error {
	return &mesos.FieldError{Field: field, Value: value, Rule: rule}
}

// quote prints a string from a peer, cut to a length that a person can read.
func quote(s string) string {
	return fmt.Sprintf("%.64q", s)
}

// cut shortens a text that came from elsewhere and may be of any length.
func cut(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
