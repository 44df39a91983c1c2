// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"slices"
	"strings"
	"testing"
)

// What everything else rests on: three hosts that see each other, with systemd
// and with cgroup v2 controllers at hand.
func TestMachines(t *testing.T) {
	c := open(t)
	for _, m := range c.Machines() {
		t.Run(m.Name, func(t *testing.T) {
			if got := run(t, m, "hostname"); got != m.Name {
				t.Errorf("hostname is %q", got)
			}
			if got := run(t, m, "cat /proc/1/comm"); got != "systemd" {
				t.Errorf("PID 1 is %q, not systemd", got)
			}
			if got := run(t, m, "stat -fc %T /sys/fs/cgroup"); got != "cgroup2fs" {
				t.Errorf("/sys/fs/cgroup is a %s, not cgroup2fs", got)
			}
			controllers := strings.Fields(run(t, m, "cat /sys/fs/cgroup/cgroup.controllers"))
			for _, want := range []string{"cpu", "memory"} {
				if !slices.Contains(controllers, want) {
					t.Errorf("no cgroup v2 controller %q among %q", want, controllers)
				}
			}
			for _, other := range c.Machines() {
				run(t, m, "ping -c1 -W10 -q "+other.IP)
			}
		})
	}
}
