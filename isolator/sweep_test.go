// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/isolator"
)

func TestSweepRemovesTheFoldersOfAnEarlierProcess(t *testing.T) {
	dir := t.TempDir()
	for _, id := range []string{"left-1", "left-2"} {
		if err := os.MkdirAll(filepath.Join(dir, id), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	iso := openIn(t, dir, isolator.Options{})
	own := start(t, iso, "own", shell("exec sleep 1000"), isolator.Limits{})
	swept, err := iso.Sweep(t.Context())
	slices.Sort(swept)
	if err != nil || !slices.Equal(swept, []string{"left-1", "left-2"}) {
		t.Errorf("swept %q, %v", swept, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "own" {
		t.Errorf("the runtime directory has %v, %v; want our own container's folder alone", entries, err)
	}
	if err := own.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("our own container is gone: %v", err)
	}
}

// What a killed agent has left dies with the next one's Sweep.
func TestSweepKillsTheContainersOfAnEarlierProcess(t *testing.T) {
	needCgroups(t)
	dir, limited := t.TempDir(), isolator.Options{Isolation: []string{isolator.CPU, isolator.Memory}}
	before := openIn(t, dir, limited)
	c, err := tryStart(t, before, "orphan", shell("exec sleep 1000"), isolator.Limits{CPUs: 100, Memory: 32 * mib})
	if err != nil {
		t.Fatal(err)
	}
	group, pid := c.Cgroup(), c.Pid()
	if err := before.Close(); err != nil { // lets it live, as a kill -9 would
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(group, "cgroup.procs")); err != nil {
		t.Fatalf("the container did not outlive its Isolator: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	swept, err := openIn(t, dir, limited).Sweep(ctx)
	if err != nil || !slices.Equal(swept, []string{"orphan"}) {
		t.Errorf("swept %q, %v", swept, err)
	}
	if _, err := os.Stat(group); !os.IsNotExist(err) {
		t.Errorf("cgroup %s is still there (%v)", group, err)
	}
	if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil { // it was a child of ours all the same
		t.Error(err)
	}
}

// openIn returns an isolator with a given runtime directory.
func openIn(t *testing.T, dir string, o isolator.Options) *isolator.Isolator {
	t.Helper()
	needRoot(t)
	o.RuntimeDir, o.Init = dir, initProgram(t)
	iso, err := isolator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := iso.Close(); err != nil {
			t.Error(err)
		}
	})
	return iso
}
