// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	_ "embed"
	"os"
	"path/filepath"
)

//go:embed vm-guest.service
var unit []byte

const unitName = "vm-guest.service"

// masked are units that have nothing to do in the test VM but take its time.
var masked = []string{
	"serial-getty@ttyS0.service", "getty@tty1.service", "apt-daily.timer",
	"apt-daily-upgrade.timer", "e2scrub_reap.service", "e2scrub_all.timer", "systemd-update-utmp.service",
}

// installUnit makes the runner a service of the systemd in root.
func installUnit(root string) error {
	etc := filepath.Join(root, "etc/systemd/system")
	wants := filepath.Join(etc, "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(etc, unitName), unit, 0o644); err != nil {
		return err
	}
	if err := os.Symlink("../"+unitName, filepath.Join(wants, unitName)); err != nil {
		return err
	}
	for _, name := range masked {
		if err := os.Symlink("/dev/null", filepath.Join(etc, name)); err != nil {
			return err
		}
	}
	return nil
}
