// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// The steps of a fetch, as they appear in [Error]. Two more are made as they
// happen: "status 404" (with the number) and "extract entry \"bin/run\"".
const (
	StepRequest  = "request"  // the request itself is wrong; nothing was tried
	StepStart    = "start"    // the process that fetches did not start or did not answer
	StepResolve  = "resolve"  // the host's name has no address
	StepConnect  = "connect"  // no connection to the server, TLS included
	StepRedirect = "redirect" // the server sent us on to where we do not go
	StepOpen     = "open"     // the source cannot be opened or did not answer
	StepDownload = "download" // the bytes did not all come
	StepExtract  = "extract"  // the archive as a whole is bad
	StepDisk     = "disk"     // the sandbox cannot take it
)

// Error says which URI could not be fetched, and why. Its text is fit to be a
// task's status message.
type Error struct {
	// URI is the URI without credentials and query; empty if the failure is
	// not about one of them.
	URI string
	// Step is what was being done, one of the Step constants or one of the two
	// forms described there.
	Step string
	// Err is the cause. Limits are a [*LimitError].
	Err error
}

// Error returns "fetching URI: step: cause".
func (e *Error) Error() string {
	if e.URI == "" {
		return fmt.Sprintf("fetching: %s: %v", e.Step, e.Err)
	}
	return fmt.Sprintf("fetching %s: %s: %v", e.URI, e.Step, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// at says in which step err happened, unless err already knows it.
func at(step string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return &Error{Step: step, Err: err}
}

// withCleanup adds to err that unfinished files could not be removed.
func withCleanup(err, cleanup error) error {
	if cleanup == nil {
		return err
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return at(StepDisk, fmt.Errorf("removing unfinished files: %w", cleanup))
	}
	return &Error{Step: e.Step, Err: fmt.Errorf("%w; besides, unfinished files could not be removed: %w", e.Err, cleanup)}
}

// describe makes the *Error that leaves the package: about uri, with the
// reason for which ctx ended in place of what that broke, and "disk" as the
// step of whatever failed because the disk did.
func describe(ctx context.Context, uri string, err error) *Error {
	e := &Error{URI: uri, Step: StepDownload, Err: err}
	if inner, ok := errors.AsType[*Error](err); ok {
		e.Step, e.Err = inner.Step, inner.Err
	}
	switch {
	case ctx.Err() != nil:
		e.Err = context.Cause(ctx)
	case diskIsFull(err):
		if e.Step != StepDisk {
			e.Err = fmt.Errorf("%s: %w", e.Step, e.Err)
		}
		e.Step, e.Err = StepDisk, fmt.Errorf("%w; free some, or ask for more disk", e.Err)
	}
	return e
}

func diskIsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
