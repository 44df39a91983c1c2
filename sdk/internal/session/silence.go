// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// silence ends a conversation whose peer says nothing for too long. It does not
// count while what the peer said waits to be heard, but for the time in which
// it is not heard because the peer takes nothing.
type silence struct {
	cancel func(error)

	mu     sync.Mutex
	limit  time.Duration // 0 = none
	paused bool
	forced bool // goes before paused
	ended  bool // goes before all
	timer  *time.Timer
}

func newSilence(limit time.Duration, cancel func(error)) *silence {
	s := &silence{limit: limit, cancel: cancel}
	s.timer = time.AfterFunc(math.MaxInt64, s.over)
	s.restart()
	return s
}

func (s *silence) over() {
	s.mu.Lock()
	limit, counts := s.limit, s.counts()
	s.mu.Unlock()
	if counts {
		s.cancel(fmt.Errorf("no event within %v", limit))
	}
}

// set changes the limit and begins to count anew.
func (s *silence) set(limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	s.restart()
}

// pause stops the count, and goes on with it from the start.
func (s *silence) pause(paused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = paused
	s.restart()
}

// force counts in spite of a pause, from the start, or no longer does.
func (s *silence) force(forced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forced = forced
	s.restart()
}

// stop ends the count for good.
func (s *silence) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.restart()
}

// counts needs mu.
func (s *silence) counts() bool {
	return !s.ended && s.limit > 0 && (s.forced || !s.paused)
}

// restart needs mu, but in newSilence.
func (s *silence) restart() {
	if !s.counts() {
		s.timer.Stop()
		return
	}
	s.timer.Reset(s.limit)
}
