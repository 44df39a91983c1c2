// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/resource"
)

var (
	volumeV = resource.VolumeID{Role: "a/b", ID: "v"}
	volumeW = resource.VolumeID{Role: "a", ID: "w"}
)

func openTestVolumes(t *testing.T) (*volumes, chan core.VolumesChanged) {
	t.Helper()
	answers := make(chan core.VolumesChanged, 100)
	return newVolumes(openTestSandboxes(t), slog.New(slog.DiscardHandler), func(in core.Input) bool {
		answers <- in.(core.VolumesChanged)
		return true
	}), answers
}

// asked is what comes of one action.
func asked(v *volumes, answers chan core.VolumesChanged, a core.Action) string {
	v.do(a)
	return (<-answers).Problem
}

func TestVolumesAreMadeAndDestroyed(t *testing.T) {
	v, answers := openTestVolumes(t)
	both := []resource.VolumeID{volumeV, volumeW}
	if p := asked(v, answers, core.MakeVolumes{Operation: "o", Volumes: both}); p != "" {
		t.Fatal(p)
	}
	dir := filepath.Join(v.boxes.dir, "volumes/roles/a b/v")
	for at, mode := range map[string]fs.FileMode{dir: 0o750, filepath.Dir(dir): 0o755, filepath.Join(v.boxes.dir, "volumes/roles/a/w"): 0o750} {
		if info, err := os.Stat(at); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want mode %v", at, info, err, mode)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := asked(v, answers, core.RemoveVolumes{Operation: "o", Volumes: both}); p != "" {
		t.Fatal(p)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the volume is there: %v", err)
	}
	if p := asked(v, answers, core.MakeVolumes{Operation: "o", Volumes: both}); p != "" {
		t.Errorf("its name is not free: %s", p)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the new volume has %v, %v", left, err)
	}
	if err := v.sweepOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(v.boxes.dir, removedDir)); err != nil || len(left) > 0 {
		t.Errorf("the files are not deleted: %v, %v", left, err)
	}
	if p := asked(v, answers, core.RemoveVolumes{Operation: "o", Volumes: []resource.VolumeID{{Role: "a", ID: "none"}}}); p != "" {
		t.Errorf("a volume that is gone: %s", p)
	}
}

// TestVolumesAllOrNone: and what is there is not touched.
func TestVolumesAllOrNone(t *testing.T) {
	v, answers := openTestVolumes(t)
	dir := filepath.Join(v.boxes.dir, "volumes/roles/a/w")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := asked(v, answers, core.MakeVolumes{Operation: "o", Volumes: []resource.VolumeID{volumeV, volumeW}})
	if !strings.Contains(p, "move it away") || !strings.Contains(p, dir) {
		t.Errorf("problem %q", p)
	}
	if _, err := os.Stat(filepath.Join(v.boxes.dir, "volumes/roles/a b/v")); !os.IsNotExist(err) {
		t.Errorf("the other volume was made: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); err != nil {
		t.Errorf("what was there is gone: %v", err)
	}
}

func TestVolumesDoNotFollowLinksOut(t *testing.T) {
	v, answers := openTestVolumes(t)
	outside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(v.boxes.dir, volumesDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(v.boxes.dir, volumesDir, "a")); err != nil {
		t.Fatal(err)
	}
	if p := asked(v, answers, core.MakeVolumes{Operation: "o", Volumes: []resource.VolumeID{volumeW}}); p == "" {
		t.Error("a volume was made behind a link")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside there is %v, %v", left, err)
	}
}

func TestSweepTriesAgain(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root deletes what is in a directory that nobody can write to")
	}
	synctest.Test(t, func(t *testing.T) {
		v, _ := openTestVolumes(t)
		stuck := filepath.Join(v.boxes.dir, removedDir, "1-0-v", "dir")
		if err := os.MkdirAll(filepath.Join(stuck, "file"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(stuck, 0o500); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go v.sweep(ctx)
		synctest.Wait()
		if err := os.Chmod(stuck, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, err := os.Stat(stuck); !os.IsNotExist(err) {
			t.Errorf("not deleted: %v", err)
		}
		cancel()
		synctest.Wait()
	})
}

// TestSettledWaitsForWhatWasAskedBefore: a mount does not overtake the volume.
func TestSettledWaitsForWhatWasAskedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, answers := openTestVolumes(t)
		if err := v.settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.give(core.MakeVolumes{Operation: "o", Volumes: []resource.VolumeID{volumeV}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := v.settled(ctx); err == nil {
			t.Error("settled before it is done")
		}
		life, end := context.WithCancel(t.Context())
		go v.run(life)
		if err := v.settled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a := <-answers; a.Operation != "o" || a.Problem != "" {
			t.Errorf("answer %v", a)
		}
		end()
		synctest.Wait()
	})
}

func TestMounts(t *testing.T) {
	v, answers := openTestVolumes(t)
	s := v.boxes
	if p := asked(v, answers, core.MakeVolumes{Volumes: []resource.VolumeID{volumeV, volumeW}}); p != "" {
		t.Fatal(p)
	}
	b, err := s.create(launchOf("c"), self())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	mounts := []core.Mount{{Volume: volumeV, Path: "data"}, {Volume: volumeW, Path: "deep/down/w"}}
	for range 2 { // again is no harm
		if err := s.mount(b, mounts); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"data", "deep/down/w"} {
		if err := os.WriteFile(filepath.Join(b.path, name, "x"), []byte("kept"), 0o600); err != nil {
			t.Error(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(s.dir, "volumes/roles/a b/v/x")); err != nil || string(got) != "kept" {
		t.Errorf("in the volume: %q, %v", got, err)
	}
	if err := s.unmount(b, append(mounts, core.Mount{Volume: volumeV, Path: "no/such"})); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data", "deep/down/w"} {
		if _, err := os.Lstat(filepath.Join(b.path, name)); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "volumes/roles/a b/v/x")); err != nil {
		t.Errorf("the volume has lost its files: %v", err)
	}
}

// TestMountsTakeNobodysPlace and lead nowhere else.
func TestMountsTakeNobodysPlace(t *testing.T) {
	v, answers := openTestVolumes(t)
	s, outside := v.boxes, t.TempDir()
	if p := asked(v, answers, core.MakeVolumes{Volumes: []resource.VolumeID{volumeV}}); p != "" {
		t.Fatal(p)
	}
	b, err := s.create(launchOf("c"), self())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	for name, make := range map[string]func(at string) error{
		"file":   func(at string) error { return os.WriteFile(at, nil, 0o600) },
		"dir":    func(at string) error { return os.Mkdir(at, 0o700) },
		"out":    func(at string) error { return os.Symlink(outside, at) },
		"inside": func(at string) error { return os.Symlink("dir", at) },
	} {
		if err := make(filepath.Join(b.path, name)); err != nil {
			t.Fatal(err)
		}
		if err := s.mount(b, []core.Mount{{Volume: volumeV, Path: name}}); err == nil {
			t.Errorf("%s was overwritten", name)
		}
		if name == "dir" {
			continue
		}
		if err := s.mount(b, []core.Mount{{Volume: volumeV, Path: name + "/v"}}); err == nil {
			t.Errorf("a volume behind %s", name)
		}
		if err := s.unmount(b, []core.Mount{{Volume: volumeV, Path: name}}); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(filepath.Join(b.path, name)); err != nil {
			t.Errorf("unmount has removed %s, which is the task's: %v", name, err)
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside there is %v, %v", left, err)
	}
	if err := s.mount(b, []core.Mount{{Volume: volumeW, Path: "w"}}); err == nil {
		t.Error("a volume that is not there")
	}
}
