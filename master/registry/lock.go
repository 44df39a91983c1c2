// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// lock takes the file beside path for this process, and writes its pid there. The
// kernel lets go of it when the process ends, however it does. The registry's own
// file would not do: it is not there before the first master has made it.
func lock(path string) (*os.File, error) {
	name := path + ".lock"
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("registry: lock %s: %w", path, err)
	}
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(
			fmt.Errorf("registry: %s: another master uses it (%s): stop that one, or give each master a --work_dir of its own", path, owner(file)),
			file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("registry: lock %s: %w", name, err), file.Close())
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("registry: write to %s: %w", name, err), file.Close())
	}
	return file, nil
}

// owner tells whose the lock file is, as far as is known.
func owner(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 32))
	pid, notANumber := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || notANumber != nil {
		return "process unknown"
	}
	return fmt.Sprintf("process %d", pid)
}
