// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "fmt"

// Kind tells the shell how to end a connection of which Step refused an input, or
// what to answer an operator.
type Kind uint8

// Kinds of errors.
const (
	// Invalid is a call or message that breaks a rule of its form.
	Invalid Kind = iota
	// Unexpected is one that does not fit the state of its connection.
	Unexpected
	// Unsupported is one that this version of the master does not know.
	Unsupported
	// Exhausted is one that would make the master remember too much.
	Exhausted
	// NotFound is one about something that the master does not know.
	NotFound
	// Conflict is one that does not fit the state of the cluster.
	Conflict
)

// Error is the caller's fault. The state of the core is as it was.
type Error struct {
	Kind Kind
	Text string // names the field, its value and the rule
}

func (e *Error) Error() string { return "master: " + e.Text }

func failf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...)}
}
