// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mutants_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/sim/mutants"
)

var (
	hunt  = flag.Bool("mutants", false, "build the simulator with each of the bugs and have it find them: some minutes")
	limit = flag.Duration("mutants.limit", time.Minute, "how long the simulator may look for a bug")
)

const root = "../../.."

func TestEachBugHasOnePlace(t *testing.T) {
	for _, m := range mutants.All {
		mutated(t, m)
	}
}

// mutated returns the text of a file with the bug.
func mutated(t *testing.T, m mutants.Mutant) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), m.Old); n != 1 {
		t.Errorf("%s: %q is %d times in %s: it must be there once; give the bug another place in mutants.go", m.Name, m.Old, n, m.File)
	}
	return strings.Replace(string(text), m.Old, m.New, 1)
}

var failed = regexp.MustCompile(`(?m)^FAIL: seed (\d+) .*\n  (.*)`)

func TestTheSimulatorFindsEachBugInAMinute(t *testing.T) {
	if !*hunt {
		t.Skip("it takes minutes: make sim-mutants")
	}
	for _, m := range mutants.All {
		t.Run(m.Name, func(t *testing.T) {
			sim := build(t, m)
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), *limit+10*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, sim, "-from", "1", "-time", limit.String(), "-shrink", "0", "-quiet", "-hang", (*limit / 2).String()).CombinedOutput()
			found := failed.FindSubmatch(out)
			if err == nil || found == nil {
				t.Fatalf("not found in %v: %s\n%s", time.Since(start), m.Why, out)
			}
			t.Logf("seed %s, %v: %s", found[1], time.Since(start).Round(time.Millisecond), found[2])
		})
	}
}

// build builds the simulator with a bug, from a copy of the file that has it.
func build(t *testing.T, m mutants.Mutant) string {
	t.Helper()
	dir := t.TempDir()
	file, err := filepath.Abs(filepath.Join(root, m.File))
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, filepath.Base(m.File))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: bad}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{bad: []byte(mutated(t, m)), filepath.Join(dir, "overlay.json"): overlay} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sim := filepath.Join(dir, "sim")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", sim, "./integration/cmd/sim")
	cmd.Dir = root
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return sim
}
