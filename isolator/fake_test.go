// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"os"
	"path/filepath"
	"testing"
)

// fakeGroup is a directory with files of a cgroup's names: enough of a cgroup file
// system for everything but the kernel's own doing.
func fakeGroup(tb testing.TB, files map[string]string) *group {
	tb.Helper()
	return openFake(tb, fakeDir(tb, files))
}

func fakeDir(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func openFake(tb testing.TB, dir string) *group {
	tb.Helper()
	g, err := openGroup(dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.close(); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// holds reads files of a group.
func holds(tb testing.TB, g *group, files ...string) map[string]string {
	tb.Helper()
	m := make(map[string]string)
	for _, f := range files {
		text, err := g.read(f)
		if err != nil {
			tb.Fatal(err)
		}
		m[f] = text
	}
	return m
}
