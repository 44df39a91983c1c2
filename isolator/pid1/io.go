// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// readConfig reads one frame from the control socket.
func readConfig() ([]byte, error) {
	var head [4]byte
	if err := readAll(ControlFD, head[:]); err != nil {
		return nil, err
	}
	n := frameLen(head)
	if n > MaxFrame {
		return nil, unix.EMSGSIZE
	}
	payload := make([]byte, n)
	return payload, readAll(ControlFD, payload)
}

// readAll fills b; an early end of the stream is EPIPE.
func readAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Read(fd, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return unix.EPIPE
		default:
			b = b[n:]
		}
	}
	return nil
}

func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(fd, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}

// complain writes to standard error, for whoever started this by hand.
func complain(text string) {
	_ = writeAll(2, []byte(text)) // nobody else to tell
}

// addressOf returns the address of b's bytes for a system call; b must be
// reachable until that has returned.
func addressOf(b []byte) uintptr {
	return uintptr(unsafe.Pointer(&b[0]))
}
