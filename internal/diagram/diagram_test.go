// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package diagram

import (
	"os"
	"path/filepath"
	"testing"
)

// recorder notes whether a test would have failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.go")
	if err := os.WriteFile(file, []byte("//\toff  -- press --> on\n//\ton   -- press again  --> off\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	both := map[string]map[string]string{"off": {"press": "on"}, "on": {"press again": "off"}}
	Check(t, file, both)
	for name, table := range map[string]map[string]map[string]string{
		"a row too few":    {"off": {"press": "on"}},
		"a row too many":   {"off": {"press": "on", "hold": "off"}, "on": {"press again": "off"}},
		"another to-state": {"off": {"press": "off"}, "on": {"press again": "off"}},
	} {
		r := &recorder{TB: t}
		if Check(r, file, table); !r.failed {
			t.Errorf("%s passes", name)
		}
	}
}
