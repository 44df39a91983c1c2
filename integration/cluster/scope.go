// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import "os"

// scoped is the command line that starts argv in a cgroup of its own, where
// there is a systemd to ask for one: an agent beside other processes in a
// cgroup that systemd manages cannot make its tree there. systemd-run --scope
// executes argv in its own place, so signals and exit status are argv's.
func scoped(argv []string) []string {
	if _, err := os.Stat("/run/systemd/system"); err != nil { // as sd_booted(3) has it
		return argv
	}
	return append([]string{"systemd-run", "--scope", "--quiet", "--property=Delegate=yes", "--"}, argv...)
}
