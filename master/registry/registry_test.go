// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	messages "github.com/tepui/tepui/api/registry"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/master/registry"
	"github.com/tepui/tepui/master/registry/registrytest"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(victimVariable); path != "" {
		victim(path)
		return
	}
	goleak.VerifyTestMain(m)
}

func TestRegistry(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) func() (registrytest.Registry, error) {
		path := filepath.Join(t.TempDir(), "registry.db")
		return func() (registrytest.Registry, error) { return registry.Open(path) }
	})
}

// open opens the registry of a test.
func open(t *testing.T, path string) *registry.Registry {
	t.Helper()
	r, err := registry.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func closed(t *testing.T, r *registry.Registry) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func persist(t *testing.T, r *registry.Registry, records ...core.Record) {
	t.Helper()
	if err := r.Persist(records); err != nil {
		t.Fatal(err)
	}
}

func TestTwoMastersDoNotShareARegistry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	first := open(t, path)
	want := fmt.Sprintf("registry: %s: another master uses it (process %d): stop that one, or give each master a --work_dir of its own", path, os.Getpid())
	if _, err := registry.Open(path); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	closed(t, first)
	closed(t, open(t, path))
}

func TestAToolThatHasTheFileLockedIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	closed(t, open(t, path))
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Open(path); err == nil || !strings.Contains(err.Error(), "another program than a master has it locked") {
		t.Errorf("error %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	closed(t, open(t, path))
}

// change changes the file at path with bbolt itself.
func change(t *testing.T, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsNotOursIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		file func(t *testing.T, path string)
		is   error
		says string
	}{
		"a newer format": {
			func(t *testing.T, path string) {
				closed(t, open(t, path))
				change(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("format"), []byte("2")) })
			},
			registry.ErrNewer, "its format is 2, and this version knows 1: start a tepui that is at least as new, or move the file away: then",
		},
		"no format": {
			func(t *testing.T, path string) {
				closed(t, open(t, path))
				change(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Delete([]byte("format")) })
			},
			registry.ErrDamaged, `its format is "": put a copy in its place, or move it away: then`,
		},
		"a database of something else": {
			func(t *testing.T, path string) {
				change(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("cats")); return err })
			},
			registry.ErrDamaged, "it is not a registry",
		},
		"a kind of records too many": {
			func(t *testing.T, path string) {
				closed(t, open(t, path))
				change(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("cats")); return err })
			},
			registry.ErrDamaged, `it has "cats", which this version does not know`,
		},
		"a kind of records too few": {
			func(t *testing.T, path string) {
				closed(t, open(t, path))
				change(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("quotas")) })
			},
			registry.ErrDamaged, "it has no quotas",
		},
		"an empty file": {
			func(t *testing.T, path string) { write(t, path, nil) },
			registry.ErrDamaged, "it is empty",
		},
		"a text": {
			func(t *testing.T, path string) { write(t, path, []byte(strings.Repeat("hello\n", 4000))) },
			registry.ErrDamaged, "invalid database",
		},
		"a directory": {
			func(t *testing.T, path string) {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			},
			nil, "is a directory",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "registry.db")
			tc.file(t, path)
			_, err := load(path)
			if err == nil || !strings.HasPrefix(err.Error(), "registry: "+path+": ") || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("error %v, want %v", err, tc.is)
			}
		})
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// load opens a registry, takes what is in it and closes it.
func load(path string) ([]core.Record, error) {
	r, err := registry.Open(path)
	if err != nil {
		return nil, err
	}
	records, err := r.Load()
	return records, errors.Join(err, r.Close())
}

// value returns the weight in a record.
func value(r core.Record) float64 {
	w, _ := r.Value.(*messages.Weight)
	return w.GetInfo().GetWeight()
}
