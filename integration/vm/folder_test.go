// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSweepRemovesWhatNobodyOwns(t *testing.T) {
	dir := t.TempDir()
	folder := func(name string, age time.Duration) string {
		f := filepath.Join(dir, name)
		if err := os.Mkdir(f, 0o700); err != nil {
			t.Fatal(err)
		}
		owner, err := own(f)
		if err != nil {
			t.Fatal(err)
		}
		if name == folderPrefix+"owned" {
			t.Cleanup(func() { owner.Close() })
		} else if err := owner.Close(); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(f, when, when); err != nil {
			t.Fatal(err)
		}
		return f
	}
	want := map[string]bool{
		folder(folderPrefix+"owned", time.Hour):     true,
		folder(folderPrefix+"new", 0):               true,
		folder(folderPrefix+"abandoned", time.Hour): false,
		folder("another-programs", time.Hour):       true,
	}
	if err := sweep(dir); err != nil {
		t.Fatal(err)
	}
	for f, kept := range want {
		if _, err := os.Stat(f); errors.Is(err, os.ErrNotExist) == kept {
			t.Errorf("%s: kept %t, want %t", filepath.Base(f), !kept, kept)
		}
	}
}
