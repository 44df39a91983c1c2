// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Signals for the command come as bytes through a named pipe and not as signals
// to process 1. The pipe is still there when an agent comes back after a restart,
// it carries SIGKILL and SIGSTOP like any other, and process 1 needs neither
// handlers nor the two threads that Go's signal package would take.

// LastSignal is the highest number of a signal, and the highest byte that goes
// through the pipe; the lowest is 1.
const LastSignal = syscall.Signal(64)

// forward passes signals on to the command's process group for as long as
// process 1 lives. One that comes when the command has just ended finds
// nobody, which is no error.
func forward(group int) {
	var buf [16]byte
	for {
		n, err := unix.Read(SignalFD, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return // no pipe, no signals: Destroy needs neither
		}
		for _, b := range buf[:n] {
			if sig := syscall.Signal(b); sig >= 1 && sig <= LastSignal {
				_ = unix.Kill(-group, sig)
			}
		}
	}
}

// deafen makes process 1 ignore what it might be sent: like every init it ends
// when its work is done, or by a SIGKILL from outside. The Go runtime would
// end it. A command is born with default actions all the same.
func deafen() *Report {
	for _, sig := range []syscall.Signal{
		unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGPIPE,
		unix.SIGALRM, unix.SIGTERM, unix.SIGSTKFLT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU,
		unix.SIGXCPU, unix.SIGXFSZ, unix.SIGVTALRM, unix.SIGIO, unix.SIGPWR,
	} {
		ignore := sigaction{handler: 1} // SIG_IGN
		if _, _, e := syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&ignore)), 0, 8, 0, 0); e != 0 {
			return &Report{Step: StepConfig, Object: "ignore " + sig.String(), Errno: e}
		}
	}
	return nil
}

// sigaction is the kernel's struct of that name on 64-bit machines.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}
