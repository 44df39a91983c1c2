// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// leaveOwnGroup moves the runner out of the cgroup that systemd delegated to
// it, into a leaf, and returns the folder that it left: a command started
// there is alone in a delegated cgroup, as an agent is that was installed as a
// service. In the root cgroup, where no such rule holds, nothing is moved.
func leaveOwnGroup(mountpoint string) (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	path, ok := unifiedGroup(string(b))
	if !ok || path == "/" {
		return "", nil
	}
	own := filepath.Join(mountpoint, path)
	leaf := filepath.Join(own, "runner")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return "", fmt.Errorf("move into %s: %w", leaf, err)
	}
	return own, nil
}

// unifiedGroup finds the cgroup v2 path in the text of a /proc/PID/cgroup.
func unifiedGroup(text string) (string, bool) {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return strings.TrimSuffix(path, "\n"), true
		}
	}
	return "", false
}
