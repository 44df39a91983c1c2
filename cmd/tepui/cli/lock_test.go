// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestOneAgentPerDirectory(t *testing.T) {
	for name, other := range map[string]func(own *agentFlags, flags agentFlags){
		"runtime_dir": func(own *agentFlags, flags agentFlags) { own.runtimeDir = flags.runtimeDir },
		"work_dir":    func(own *agentFlags, flags agentFlags) { own.workDir = flags.workDir },
	} {
		t.Run(name, func(t *testing.T) {
			first := agentFlags{runtimeDir: t.TempDir(), workDir: t.TempDir()}
			second := agentFlags{runtimeDir: t.TempDir(), workDir: t.TempDir()}
			other(&second, first)
			release, err := first.lock()
			if err != nil {
				t.Fatal(err)
			}
			_, err = second.lock()
			if want := fmt.Sprintf("another agent uses it (process %d): stop that one", os.Getpid()); err == nil ||
				!strings.HasPrefix(err.Error(), "--"+name+" /") || !strings.Contains(err.Error(), want) {
				t.Errorf("the second agent gets %v, want --%s and %q", err, name, want)
			}
			if err := release(); err != nil {
				t.Fatal(err)
			}
			release, err = second.lock()
			if err != nil {
				t.Fatalf("after the first has ended: %v", err)
			}
			if err := release(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOneDirectoryForBoth(t *testing.T) {
	dir := t.TempDir()
	f := agentFlags{runtimeDir: dir, workDir: dir}
	release, err := f.lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
