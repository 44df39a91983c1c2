// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Words says in English how a process ended: "exited with status 1",
// "terminated by signal SIGKILL (9)".
func Words(status syscall.WaitStatus) string {
	switch {
	case status.Exited():
		return fmt.Sprintf("exited with status %d", status.ExitStatus())
	case status.Signaled():
		words := "terminated by signal " + signalName(status.Signal())
		if status.CoreDump() {
			words += ", core dumped"
		}
		return words
	default:
		return fmt.Sprintf("ended with unknown wait status %#x", uint32(status))
	}
}

// signalName is "SIGKILL (9)"; a real-time signal has no name of its own.
func signalName(sig syscall.Signal) string {
	if name := unix.SignalName(sig); name != "" {
		return fmt.Sprintf("%s (%d)", name, int(sig))
	}
	return fmt.Sprintf("%d", int(sig))
}
