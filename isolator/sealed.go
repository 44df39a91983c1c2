// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

const allSeals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// seal copies the program at path into memory where nobody can change it, the
// kernel guarantees: not even root in a container, through /proc/1/exe or in
// any other way. One copy serves all containers, which share its pages.
func seal(path string) (*os.File, error) {
	src, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("isolator: open init: %w", err)
	}
	defer src.Close()
	mem, err := newMemfd(pid1.Name)
	if err != nil {
		return nil, fmt.Errorf("isolator: make a memfd for init: %w", err)
	}
	defer mem.Close()
	if n, err := io.Copy(mem, src); err != nil || n == 0 {
		return nil, fmt.Errorf("isolator: copy init %s: %d bytes: %w", path, n, errors.Join(err, emptyIf(n)))
	}
	if _, err := unix.FcntlInt(mem.Fd(), unix.F_ADD_SEALS, allSeals); err != nil {
		return nil, fmt.Errorf("isolator: seal init: %w", err)
	}
	if got, err := unix.FcntlInt(mem.Fd(), unix.F_GET_SEALS, 0); err != nil || got&allSeals != allSeals {
		return nil, fmt.Errorf("isolator: seal init: seals are %#x, want %#x: %w", got, allSeals, err)
	}
	return reopen(mem)
}

func emptyIf(n int64) error {
	if n == 0 {
		return errors.New("the file is empty")
	}
	return nil
}

// newMemfd asks for an executable one, which kernels before 6.3 give anyway
// and do not know by that flag.
func newMemfd(name string) (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate(name, flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate(name, flags)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// reopen gets a descriptor for reading only: a program that somebody has open
// for writing cannot be executed.
func reopen(mem *os.File) (*os.File, error) {
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(int(mem.Fd())), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("isolator: reopen init: %w", err)
	}
	return os.NewFile(uintptr(fd), mem.Name()), nil
}
