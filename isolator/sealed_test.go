// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSealedProgramRunsAndCannotBeChanged(t *testing.T) {
	f, err := seal("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path := "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/" + strconv.Itoa(int(f.Fd()))
	if err := exec.Command(path).Run(); err != nil {
		t.Errorf("it does not run: %v", err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("it can be written through its own descriptor")
	}
	if w, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		defer w.Close()
		if _, err := w.WriteAt([]byte("x"), 0); err == nil {
			t.Error("it can be written through a new descriptor")
		}
		if err := w.Truncate(0); err == nil {
			t.Error("it can be truncated")
		}
		if _, err := unix.Mmap(int(w.Fd()), 0, 1, unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
			t.Error("it can be mapped for writing")
		}
	}
	if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("it is inherited: flags %#x, %v", flags, err)
	}
}
