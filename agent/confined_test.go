// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNativeConfinement: a command cannot become another user than its own, and
// what it shares in memory stays in its container.
func TestNativeConfinement(t *testing.T) {
	h := newNativeHost(t)
	m := h.register()
	shared := "/dev/shm/" + filepath.Base(filepath.Dir(h.workDir))
	if _, err := os.Stat(filepath.Dir(shared)); err != nil {
		t.Skip("the host has no shared memory: ", err)
	}
	task := command("t1")
	*task.Command.Value = "grep NoNewPrivs /proc/self/status; echo mine > " + shared + " && cat " + shared
	m.run(task)
	m.update(t, "t1", taskRunning)
	m.update(t, "t1", taskFinished)
	if got := strings.Fields(h.output("t1", "stdout")); strings.Join(got, " ") != "NoNewPrivs: 1 mine" {
		t.Errorf("stdout %q", got)
	}
	if _, err := os.Stat(shared); !os.IsNotExist(err) {
		t.Errorf("the host has %s of the container: %v", shared, err)
	}
}
