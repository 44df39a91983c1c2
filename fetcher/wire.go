// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of what goes between Spawn and Main.
const (
	maxRequest = 4 << 20  // bytes of a request
	maxResult  = 16 << 10 // bytes of a result
	maxCause   = 4 << 10  // bytes of a cause within it
)

// job is what Main reads.
type job struct {
	Request
	// Stage is the name of the directory for what is unfinished, so that Spawn
	// knows it too; empty lets the fetch choose one.
	Stage string `json:"stage,omitempty"`
	// Tethered makes the end of standard input, before the fetch is done, stop
	// it: the process that asked for it is gone.
	Tethered bool `json:"tethered,omitempty"`
}

// result is what Main writes; the zero value is success.
type result struct {
	Step     string      `json:"step,omitempty"` // set exactly if the fetch failed
	URI      string      `json:"uri,omitempty"`
	Cause    string      `json:"cause,omitempty"`
	Limit    *LimitError `json:"limit,omitempty"`    // the limit, if that was the cause
	Canceled bool        `json:"canceled,omitempty"` // the fetch was told to stop
}

// resultOf packs what Fetch returned.
func resultOf(err error) result {
	if err == nil {
		return result{}
	}
	r := result{Step: StepStart, Cause: err.Error(), Canceled: errors.Is(err, context.Canceled)}
	if e, ok := errors.AsType[*Error](err); ok {
		r.URI, r.Step, r.Cause = e.URI, e.Step, e.Err.Error()
	}
	if l, ok := errors.AsType[*LimitError](err); ok {
		r.Limit = l
	}
	if len(r.Cause) > maxCause {
		r.Cause = strings.ToValidUTF8(r.Cause[:maxCause], "") + "..."
	}
	return r
}

// err unpacks what resultOf packed. The text is the same; of the causes behind
// it, limits and cancellation survive the journey.
func (r result) err() error {
	if r.Step == "" {
		return nil
	}
	cause := &remoteError{text: r.Cause}
	if r.Limit != nil {
		cause.causes = append(cause.causes, r.Limit)
	}
	if r.Canceled {
		cause.causes = append(cause.causes, context.Canceled)
	}
	return &Error{URI: r.URI, Step: r.Step, Err: cause}
}

// remoteError is a cause that came from another process.
type remoteError struct {
	text   string
	causes []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.causes }

// readJob reads one job from the front of r.
func readJob(r io.Reader) (job, error) {
	d := json.NewDecoder(io.LimitReader(r, maxRequest))
	d.DisallowUnknownFields()
	var j job
	if err := d.Decode(&j); err != nil {
		return job{}, fmt.Errorf("the request is not the JSON of a fetch request of at most %d bytes: %w", maxRequest, err)
	}
	return j, nil
}

// parseResult reads what Main has written, which may come from a process that
// the task's user has tampered with.
func parseResult(b []byte) (result, error) {
	var r result
	if err := json.Unmarshal(b, &r); err != nil {
		return result{}, err
	}
	return r, nil
}
