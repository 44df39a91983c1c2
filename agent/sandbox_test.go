// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tepui/tepui/agent/core"
)

func self() identity {
	return identity{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
}

func launchOf(container core.ContainerID) *core.Launch {
	return &core.Launch{Container: container, Agent: "a", Framework: "f", Executor: "e"}
}

func openTestSandboxes(t *testing.T) *sandboxes {
	t.Helper()
	s, err := openSandboxes(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSandbox(t *testing.T) {
	s := openTestSandboxes(t)
	for _, c := range []core.ContainerID{"c1", "c2"} {
		b, err := s.create(launchOf(c), self())
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(s.dir, "slaves/a/frameworks/f/executors/e/runs", string(c)); b.path != want {
			t.Errorf("path %s, want %s", b.path, want)
		}
		if _, err := b.stdout.WriteString("said"); err != nil {
			t.Error(err)
		}
		b.close()
		b.close()
		if got, err := os.ReadFile(filepath.Join(b.path, "../latest/stdout")); err != nil || string(got) != "said" {
			t.Errorf("through the link: %q, %v", got, err)
		}
		for name, want := range map[string]fs.FileMode{".": 0o750, "..": 0o755, "../../../../..": 0o755} {
			info, err := os.Stat(filepath.Join(b.path, name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s/%s: %v, %v; want mode %v", b.path, name, info, err, want)
			}
		}
	}
	if _, err := s.create(launchOf("c1"), self()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a sandbox twice: %v", err)
	}
	(*sandbox)(nil).close()
}

func TestSandboxDoesNotFollowLinksOut(t *testing.T) {
	s, outside := openTestSandboxes(t), t.TempDir()
	if err := os.MkdirAll(filepath.Join(s.dir, "slaves/a/frameworks"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(s.dir, "slaves/a/frameworks/f")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.create(launchOf("c1"), self()); err == nil {
		t.Error("a sandbox was made behind a link")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside there is %v, %v", left, err)
	}
}

func TestSandboxAfterAnInterruptedAgent(t *testing.T) {
	s := openTestSandboxes(t)
	b, err := s.create(launchOf("c1"), self())
	if err != nil {
		t.Fatal(err)
	}
	b.close()
	if err := os.Symlink("nowhere", filepath.Join(b.path, "../.latest")); err != nil {
		t.Fatal(err)
	}
	if b, err = s.create(launchOf("c2"), self()); err != nil {
		t.Fatal(err)
	}
	b.close()
	if to, err := os.Readlink(filepath.Join(b.path, "../latest")); err != nil || to != "c2" {
		t.Errorf("latest is %q, %v", to, err)
	}
}

func TestSandboxesAtTheSameTime(t *testing.T) {
	s := openTestSandboxes(t)
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			b, err := s.create(launchOf(core.ContainerID(rune('a'+i))), self())
			if err != nil {
				t.Error(err)
				return
			}
			b.close()
		})
	}
	all.Wait()
}
