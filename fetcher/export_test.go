// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
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
