// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func newTestStore(t *testing.T) *Store {
	t.Helper()
	return NewStore(filepath.Join(t.TempDir(), "store"), slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// numbered is an artifact whose content is what its inputs are.
func numbered(n int, builds *atomic.Int32) Artifact {
	text := strconv.Itoa(n)
	return Artifact{Kind: "number", Inputs: []string{text}, Build: func(_ context.Context, dir string) error {
		builds.Add(1)
		return os.WriteFile(filepath.Join(dir, "n"), []byte(text), 0o644)
	}}
}

func TestStoreBuildsOnceWhoeverAsks(t *testing.T) {
	s := newTestStore(t)
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := s.Get(t.Context(), numbered(1, &builds))
			if err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(filepath.Join(dir, "n")); string(b) != "1" || err != nil {
				t.Errorf("content %q, %v", b, err)
			}
		})
	}
	wg.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestStoreBuildsAnewWhenAnInputChanges(t *testing.T) {
	s := newTestStore(t)
	var builds atomic.Int32
	a, err := s.Get(t.Context(), numbered(1, &builds))
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Get(t.Context(), numbered(2, &builds))
	if err != nil {
		t.Fatal(err)
	}
	if a == b || builds.Load() != 2 {
		t.Errorf("%s and %s after %d builds", a, b, builds.Load())
	}
}

func TestKeysTellInputsApart(t *testing.T) {
	a := Artifact{Kind: "k", Inputs: []string{"ab", "c"}}
	b := Artifact{Kind: "k", Inputs: []string{"a", "bc"}}
	if a.key() == b.key() {
		t.Errorf("%q and %q have one key", a.Inputs, b.Inputs)
	}
}

func TestStoreForgetsABuildThatFailed(t *testing.T) {
	s := newTestStore(t)
	broken := errors.New("broken")
	var builds atomic.Int32
	bad := numbered(1, &builds)
	bad.Build = func(_ context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return broken
	}
	if _, err := s.Get(t.Context(), bad); !errors.Is(err, broken) || !strings.Contains(err.Error(), "number") {
		t.Errorf("got %v, want the kind and the cause", err)
	}
	dir, err := s.Get(t.Context(), numbered(1, &builds))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what the failed build left is there: %v", err)
	}
}

func TestStoreKeepsWhatWasUsedLast(t *testing.T) {
	s := newTestStore(t)
	var builds atomic.Int32
	get := func(n int) string {
		dir, err := s.Get(t.Context(), numbered(n, &builds))
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	old := time.Now().Add(-time.Hour)
	var dirs []string
	for n := range kept {
		dir := get(n)
		if err := os.Chtimes(dir, old, old.Add(time.Duration(n)*time.Minute)); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	get(0)   // the oldest is used again
	get(100) // one too many
	for i, want := range map[int]bool{0: true, 1: false, 2: true} {
		if _, err := os.Stat(dirs[i]); (err == nil) != want {
			t.Errorf("artifact %d is kept: %t, want %t", i, err == nil, want)
		}
	}
}

func TestLockEndsWithTheContext(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := lockFile(ctx, name); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), name) {
		t.Errorf("a second lock: %v", err)
	}
	unlock()
	if unlock, err = lockFile(t.Context(), name); err != nil {
		t.Fatalf("after unlocking: %v", err)
	}
	unlock()
}
