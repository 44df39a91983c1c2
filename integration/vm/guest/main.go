// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// PortName is the name of the virtio-serial port to the host.
const PortName = "tepui.vm"

// Program is where the initramfs puts this program in the machine's root.
const Program = "/usr/sbin/vm-guest"

// Main runs the part of the guest that args, the program's own, ask for: the
// initramfs without arguments, "init" the plain init, "serve" the runner. It
// returns only if the part failed or is over.
func Main(args []string) error {
	part := "initramfs"
	if len(args) > 1 {
		part = args[1]
	}
	switch part {
	case "initramfs":
		return powerOffAfter(enterRoot())
	case "init":
		return powerOffAfter(plainInit())
	case "serve":
		return serve()
	}
	return fmt.Errorf("vm-guest: unknown part %q: this program is started by the test VM", part)
}

// powerOffAfter ends the machine, since its PID 1 has nothing more to do. The
// host sees QEMU end.
func powerOffAfter(err error) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("vm-guest: not PID 1, this part runs only in the test VM: %w", err)
	}
	if err != nil {
		fmt.Println("vm-guest:", err)
	}
	unix.Sync()
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// parameter returns the value of name=value on a kernel command line.
func parameter(cmdline, name string) (string, bool) {
	for word := range strings.FieldsSeq(cmdline) {
		if v, ok := strings.CutPrefix(word, name+"="); ok {
			return v, true
		}
	}
	return "", false
}
