// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kept is how many artifacts of a kind stay in the store, the last used first.
const kept = 3

// Store keeps what is dear to make: each artifact is a folder named after its
// kind and a hash of its inputs. Any number of processes may share a folder.
type Store struct {
	dir string
	log *slog.Logger
}

// NewStore uses a folder, which is made when something is put into it.
func NewStore(dir string, log *slog.Logger) *Store { return &Store{dir, log} }

// Artifact is something the store can hold.
type Artifact struct {
	Kind   string   // part of a file name: "kernel"
	Inputs []string // all that the content depends on, besides the code of Build
	// Build fills an empty folder. It runs in one process at a time.
	Build func(ctx context.Context, dir string) error
}

// key is the name of an artifact's folder.
func (a Artifact) key() string {
	h := sha256.New()
	for _, in := range a.Inputs {
		fmt.Fprintf(h, "%d:%s,", len(in), in)
	}
	return a.Kind + "-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// Get returns the folder of an artifact, building it if it is not there. A
// build that fails or is interrupted leaves nothing that a later Get would use.
func (s *Store) Get(ctx context.Context, a Artifact) (string, error) {
	dir := filepath.Join(s.dir, a.key())
	if used(dir) {
		return dir, nil
	}
	unlock, err := s.lock(ctx, a.Kind)
	if err != nil {
		return "", err
	}
	defer unlock()
	if used(dir) { // built while we waited
		return dir, nil
	}
	began := time.Now()
	if err := s.build(ctx, a, dir); err != nil {
		return "", fmt.Errorf("vm: make %s: %w", a.Kind, err)
	}
	s.log.Info("made", "artifact", a.key(), "took", time.Since(began).Round(time.Millisecond))
	return dir, s.prune(a.Kind)
}

// used tells whether an artifact is there, and notes that it is of use.
func used(dir string) bool {
	now := time.Now()
	return os.Chtimes(dir, now, now) == nil
}

func (s *Store) build(ctx context.Context, a Artifact, dir string) error {
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil { // of a build that was interrupted
		return err
	}
	if err := os.MkdirAll(part, 0o755); err != nil {
		return err
	}
	if err := a.Build(ctx, part); err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	inputs := []byte(strings.Join(a.Inputs, "\n") + "\n") // for people who wonder
	if err := os.WriteFile(filepath.Join(part, "inputs"), inputs, 0o644); err != nil {
		return err
	}
	return os.Rename(part, dir)
}

// lock waits for the only right to build a kind of artifact.
func (s *Store) lock(ctx context.Context, kind string) (unlock func(), err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	return lockFile(ctx, filepath.Join(s.dir, kind+".lock"))
}

// lockFile waits for the exclusive lock of a file, which it makes. The lock
// ends with the process at the latest.
func lockFile(ctx context.Context, name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil // nothing was written: Close cannot lose anything
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("vm: lock %s: %w", name, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("vm: wait for the lock %s: %w", name, ctx.Err()), f.Close())
		case <-tick.C:
		}
	}
}

// prune removes what has not been used for longest. Machines that run from it
// keep their files: they have them open.
func (s *Store) prune(kind string) error {
	dirs, err := s.artifacts(kind)
	if err != nil || len(dirs) <= kept {
		return err
	}
	var errs []error
	for _, d := range dirs[kept:] {
		s.log.Debug("remove", "artifact", filepath.Base(d))
		errs = append(errs, os.RemoveAll(d))
	}
	return errors.Join(errs...)
}

// artifacts lists the folders of a kind, the last used first.
func (s *Store) artifacts(kind string) ([]string, error) {
	dirs, err := filepath.Glob(filepath.Join(s.dir, kind+"-????????????????"))
	if err != nil {
		return nil, err
	}
	when := map[string]time.Time{}
	dirs = slices.DeleteFunc(dirs, func(d string) bool {
		info, err := os.Stat(d)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			return true
		}
		if err == nil {
			when[d] = info.ModTime()
		}
		return false
	})
	slices.SortFunc(dirs, func(a, b string) int { return when[b].Compare(when[a]) })
	return dirs, nil
}
