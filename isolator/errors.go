// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"strings"
)

var (
	// ErrExists means that a container of that id is there already: one of
	// this Isolator's, or what another one left behind.
	ErrExists = errors.New("isolator: container exists")
	// ErrEnded means that the container has ended or has been destroyed, so
	// that there is nothing left to act on.
	ErrEnded = errors.New("isolator: container has ended")
	// ErrIncomplete means that a container has ended and its status is known,
	// but not all else.
	ErrIncomplete = errors.New("isolator: not all is known of the end")
	// ErrClosed means that the Isolator was closed. Its containers live on.
	ErrClosed = errors.New("isolator: closed")
)

// The steps of a start that are taken outside of the container, in their
// order. After StepInit follow the steps of process 1, named in package pid1.
const (
	StepSpec    = "spec"    // the spec, the id or the limits ask for something that cannot be had
	StepStatus  = "status"  // the container's folder in the runtime directory
	StepCgroup  = "cgroup"  // making the container's cgroup
	StepLimits  = "limits"  // writing its limits and reading them back; see LimitError
	StepClone   = "clone"   // cloning process 1 into cgroup and namespaces
	StepInit    = "init"    // process 1 ended, or ran out of time, before it reported
	StepCleanup = "cleanup" // the start had failed already, and what it had made could not all be removed
)

// StartError says why a container did not start. Nothing of it is left behind,
// except when Cleanup says what is.
type StartError struct {
	ID      string // the container
	Step    string // one of the Step constants, or a pid1.Step
	Err     error  // the cause, naming the object it is about
	Cleanup error  // nil, or what could not be removed
	// Left is what is left behind when Cleanup is set: its Destroy carries on.
	Left *Container
}

// Error names container, step and cause.
func (e *StartError) Error() string {
	s := "isolator: start container " + e.ID + ": " + e.Step + ": " + e.Err.Error()
	if e.Cleanup != nil {
		s += "; " + StepCleanup + ": " + e.Cleanup.Error()
	}
	return s
}

// Unwrap returns the causes, for errors.Is and errors.As.
func (e *StartError) Unwrap() []error {
	if e.Cleanup == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cleanup}
}

// LimitError says that a limit is not in force: it could not be written, or
// the kernel reads back something else than was written.
type LimitError struct {
	File string // path of the cgroup file
	Want string // what was to be written
	Got  string // what the file holds now; empty if it could not be read
	Err  error  // what the kernel said; nil if it accepted and changed the value
}

// Error names file, value and what the file holds instead.
func (e *LimitError) Error() string {
	var b strings.Builder
	b.WriteString("limit " + e.File + ": want " + e.Want)
	if e.Got != "" {
		b.WriteString(", is " + e.Got)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns what the kernel said.
func (e *LimitError) Unwrap() error { return e.Err }
