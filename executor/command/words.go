// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"syscall"
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
	if names := signalNames(); sig > 0 && int(sig) < len(names) {
		return fmt.Sprintf("SIG%s (%d)", names[sig], int(sig))
	}
	return fmt.Sprintf("%d", int(sig))
}

// signalNames are Linux's, by their numbers.
func signalNames() []string {
	return []string{
		"", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1",
		"SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP",
		"TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
	}
}
