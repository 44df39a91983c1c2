// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// openPort opens the virtio-serial port of that name once it has appeared.
func openPort(name string, limit time.Duration) (*os.File, error) {
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		dev, err := findPort("/sys/class/virtio-ports", name)
		if err == nil {
			if err = awaitFile(dev, limit); err != nil {
				return nil, err
			}
			return os.OpenFile(dev, os.O_RDWR, 0)
		}
		if time.Now().After(deadline) {
			return nil, err
		}
	}
}

// findPort returns the device of the port of that name among those of a sysfs
// folder.
func findPort(dir, name string) (string, error) {
	names, err := filepath.Glob(dir + "/*/name")
	if err != nil {
		return "", err
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err == nil && strings.TrimSpace(string(b)) == name {
			return "/dev/" + filepath.Base(filepath.Dir(n)), nil
		}
	}
	return "", fmt.Errorf("no virtio-serial port %q among %d: %w", name, len(names), errors.ErrUnsupported)
}
