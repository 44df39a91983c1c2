// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestShares: one framework that wants all leaves a place for another, and what
// is given back, or no longer wanted, is forgotten.
func TestShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShares(4, 3)
		var releases []func()
		for range 3 {
			release, err := s.acquire(t.Context(), "greedy")
			if err != nil {
				t.Fatal(err)
			}
			releases = append(releases, release)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.acquire(short, "greedy"); err == nil {
			t.Error("a framework has more than its share")
		}
		release, err := s.acquire(t.Context(), "modest")
		if err != nil {
			t.Fatal("no place for another framework: ", err)
		}
		short, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.acquire(short, "late"); err == nil {
			t.Error("more places than there are")
		}
		for _, release := range append(releases, release) {
			release()
		}
		if len(s.of) > 0 || !s.all.TryAcquire(4) {
			t.Errorf("all is given back, and %v is kept", s.of)
		}
	})
}
