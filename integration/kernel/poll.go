// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// pollEvery is the time between two looks at a condition. A look costs the
// emulated guest about a millisecond.
const pollEvery = 10 * time.Millisecond

// Until looks at a condition until it holds, fails, or ctx is done.
func Until(ctx context.Context, holds func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, err := holds()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// errLate is why [Await] gives up.
var errLate = errors.New("it did not come true in time")

// Await fails the test if a condition, in words, does not hold within a limit
// or cannot be looked at.
func Await(t testing.TB, limit time.Duration, condition string, holds func() (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), limit, errLate)
	defer cancel()
	if err := Until(ctx, holds); err != nil {
		t.Fatalf("%s, within %s: %v", condition, limit, err)
	}
}

// CPUShares measures how many CPUs each group used on average, its children
// included, while the window passed.
func CPUShares(ctx context.Context, window time.Duration, groups ...Group) ([]float64, error) {
	before, err := usages(groups)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("kernel: measure CPU use: %w", context.Cause(ctx))
	case <-time.After(window):
	}
	after, err := usages(groups)
	if err != nil {
		return nil, err
	}
	elapsed := time.Since(began)
	shares := make([]float64, len(groups))
	for i := range groups {
		shares[i] = float64(after[i]-before[i]) / float64(elapsed)
	}
	return shares, nil
}

func usages(groups []Group) ([]time.Duration, error) {
	out := make([]time.Duration, len(groups))
	for i, g := range groups {
		stat, err := g.Keyed("cpu.stat")
		if err != nil {
			return nil, err
		}
		out[i] = time.Duration(stat["usage_usec"]) * time.Microsecond
	}
	return out, nil
}
