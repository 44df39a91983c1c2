// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programs makes a folder with shell scripts of the given names.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A cluster that does not start ends the demo at once, with its log.
func TestDemoWithoutCluster(t *testing.T) {
	bin := programs(t, map[string]string{
		"tepui":     "echo no rights >&2; exit 1\n",
		"wordcount": "exec sleep 1000\n",
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "./demo.sh", bin, "text").CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("it ends with %v, %v", err, ctx.Err())
	}
	if want := "demo.sh: the cluster did not start; the cluster's log:\nno rights\n"; string(out) != want {
		t.Errorf("it says %q, want %q", out, want)
	}
}

// A text that was cut short is not kept for the next time.
func TestTextCutShort(t *testing.T) {
	bin := programs(t, map[string]string{
		"apt-get": ": >dict-gcide_0.deb\n",
		"dpkg":    "mkdir -p package/usr/share/dictd; echo short | gzip >package/usr/share/dictd/gcide.dict.dz\n",
	})
	dir := filepath.Join(t.TempDir(), "cache")
	cmd := exec.Command("./text.sh", dir)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "unpacks to 6 bytes instead of at least 8000000") {
		t.Errorf("it ends with %v and says %q", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "gcide.txt")); !os.IsNotExist(err) {
		t.Errorf("the text is kept: %v", err)
	}
}
