// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
)

// Code classes a refusal, so that a door can say it in its own protocol.
type Code uint8

// The classes of refusals and of the ends of connections.
const (
	Invalid   Code = iota + 1 // the message breaks a rule
	Unknown                   // no such framework, executor or container
	Denied                    // not the caller's to say
	NotReady                  // a SUBSCRIBE must come first
	Replaced                  // another connection took over
	Exhausted                 // too much at once
	Over                      // the executor has ended
)

// Refusal is Step's error for an input that a peer must be told about. The
// state is as it was before.
type Refusal struct {
	Code   Code
	Reason string
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

func refuse(code Code, format string, args ...any) error {
	return &Refusal{code, fmt.Sprintf(format, args...)}
}

// ErrUnknownContainer is Step's error for an answer about a container that the
// core does not have. It points at a mistake in the shell.
var ErrUnknownContainer = errors.New("core: no such container")
