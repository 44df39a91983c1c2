// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"os"
	"syscall"
)

// SIGKILL and SIGSTOP cannot be caught, and sent to process 1 they would hit
// it instead of the command. Two real-time signals carry them.
const (
	carrierKill = syscall.Signal(60)
	carrierStop = syscall.Signal(61)
	lastSignal  = syscall.Signal(64)
)

// Carrier returns the signal that, sent to process 1, makes it send sig to the
// command's process group. It reports false for signals that cannot be
// forwarded: those that the runtime of process 1 keeps for itself, those that
// stand for a fault, and the two that carry SIGKILL and SIGSTOP.
func Carrier(sig syscall.Signal) (syscall.Signal, bool) {
	switch sig {
	case syscall.SIGKILL:
		return carrierKill, true
	case syscall.SIGSTOP:
		return carrierStop, true
	case syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPROF,
		syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGSTKFLT,
		carrierKill, carrierStop:
		return 0, false
	}
	// 32 and 33 belong to C libraries.
	if sig < 1 || sig > lastSignal || sig == 32 || sig == 33 {
		return 0, false
	}
	return sig, true
}

// carried is the inverse of Carrier.
func carried(sig syscall.Signal) syscall.Signal {
	switch sig {
	case carrierKill:
		return syscall.SIGKILL
	case carrierStop:
		return syscall.SIGSTOP
	}
	return sig
}

// carriers lists all signals that Carrier can return.
func carriers() []os.Signal {
	list := make([]os.Signal, 0, lastSignal)
	for sig := syscall.Signal(1); sig <= lastSignal; sig++ {
		if c, ok := Carrier(sig); ok {
			list = append(list, c)
		}
	}
	return list
}
