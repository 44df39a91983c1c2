// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// SpawnWithGrace is Spawn with another time to tidy up.
func SpawnWithGrace(ctx context.Context, exe []string, r Request, grace time.Duration) error {
	c, err := newChild(ctx, exe, r)
	if err != nil {
		return err
	}
	c.cmd.WaitDelay = grace
	return c.outcome(ctx, c.run())
}

// Redact is redact.
func Redact(uri string) string { return redact(uri) }

// Describe is describe.
func Describe(ctx context.Context, uri string, err error) *Error { return describe(ctx, uri, err) }

// Travel returns err as it arrives from another process.
func Travel(err error) (error, error) {
	b, err := json.Marshal(resultOf(err))
	if err != nil {
		return nil, err
	}
	r, err := parseResult(b)
	return r.err(), err
}

// Expand reads all of r as the content of one file of an archive of one byte.
func Expand(ctx context.Context, l Limits, r io.Reader) error {
	l, err := l.withDefaults()
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, newMeter(ctx, newBudget(l), 1).content(r))
	return err
}

// ReadZipDirectory reads size bytes as the directory of a zip file.
func ReadZipDirectory(r io.ReaderAt, size int64) error {
	g := &zipGuard{r: r, left: maxZipDirectory}
	_, err := io.Copy(io.Discard, io.NewSectionReader(g, 0, size))
	return err
}
