// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/signal"
	"syscall"
)

// What [Main] returns.
const (
	ExitFetched = 0 // everything is there
	ExitFailed  = 1 // the result on standard output says what failed
	ExitMute    = 2 // the result could not be written
)

// errLeft is why a fetch stops when nobody waits for it any more.
var errLeft = errors.New("the process that asked for the fetch is gone")

// Main reads the JSON of a [Request] from stdin, fetches, and writes one line
// of JSON that says how it went: {} for success, else the fields step, uri and
// cause. It returns the exit status for the process. SIGTERM and SIGINT stop
// the fetch, and what was unfinished is removed first.
//
// Main is meant to be all that its process does: it may leave a goroutine
// reading stdin behind.
func Main(stdin io.Reader, stdout io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	j, err := readJob(stdin)
	if err != nil {
		err = &Error{Step: StepRequest, Err: err}
	} else {
		err = j.fetch(ctx, stdin)
	}
	if json.NewEncoder(stdout).Encode(resultOf(err)) != nil {
		return ExitMute
	}
	if err != nil {
		return ExitFailed
	}
	return ExitFetched
}

// fetch fetches j, for as long as the other end of stdin is open if that was
// asked for.
func (j job) fetch(ctx context.Context, stdin io.Reader) error {
	if j.Stage == "" {
		j.Stage = stageName()
	}
	if !j.Tethered {
		return fetchAll(ctx, j.Request, j.Stage)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		// Nothing more is sent: this returns when the other end is closed.
		_, _ = io.Copy(io.Discard, stdin)
		cancel(errLeft)
	}()
	return fetchAll(ctx, j.Request, j.Stage)
}
