// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package qmp

import (
	"context"
	"fmt"
	"os"
	"time"
)

// bandwidth, in bytes per second, is more than any file takes: a migration is
// throttled unless told otherwise.
const bandwidth = 10_000_000_000

// Save writes the machine's state, memory included, to a file. The machine
// must run, so that it runs when it is restored; it is paused when Save
// returns.
func (c *Client) Save(ctx context.Context, f *os.File) error {
	limit := map[string]int64{"max-bandwidth": bandwidth}
	if err := c.Execute(ctx, "migrate-set-parameters", limit, nil); err != nil {
		return err
	}
	if err := c.SendFile(ctx, "state", f); err != nil {
		return err
	}
	if err := c.Execute(ctx, "migrate", map[string]string{"uri": "fd:state"}, nil); err != nil {
		return err
	}
	return c.awaitMigration(ctx)
}

func (c *Client) awaitMigration(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var state struct {
			Status string `json:"status"`
			Desc   string `json:"error-desc"`
		}
		if err := c.Execute(ctx, "query-migrate", nil, &state); err != nil {
			return err
		}
		switch state.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return fmt.Errorf("qmp: save the machine's state: %s %s", state.Status, state.Desc)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("qmp: save the machine's state, now %q: %w", state.Status, ctx.Err())
		case <-tick.C:
		}
	}
}
