// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/tepui/tepui/agent/core"
)

// shares are places in a stage, of which no framework gets more than its share,
// so that none keeps all others waiting.
type shares struct {
	all  *semaphore.Weighted
	each int64

	mu sync.Mutex
	of map[core.FrameworkID]*claim
}

// claim is what a framework may have, while it has or waits for some.
type claim struct {
	places *semaphore.Weighted
	users  int
}

func newShares(all, each int64) *shares {
	return &shares{all: semaphore.NewWeighted(all), each: each, of: map[core.FrameworkID]*claim{}}
}

// acquire waits for a place, which release gives back.
func (s *shares) acquire(ctx context.Context, f core.FrameworkID) (release func(), err error) {
	own := s.join(f)
	if err := own.places.Acquire(ctx, 1); err != nil {
		s.leave(f)
		return nil, err
	}
	if err := s.all.Acquire(ctx, 1); err != nil {
		own.places.Release(1)
		s.leave(f)
		return nil, err
	}
	return func() {
		s.all.Release(1)
		own.places.Release(1)
		s.leave(f)
	}, nil
}

func (s *shares) join(f core.FrameworkID) *claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.of[f]
	if own == nil {
		own = &claim{places: semaphore.NewWeighted(s.each)}
		s.of[f] = own
	}
	own.users++
	return own
}

func (s *shares) leave(f core.FrameworkID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[f].users--; s.of[f].users == 0 {
		delete(s.of, f)
	}
}
