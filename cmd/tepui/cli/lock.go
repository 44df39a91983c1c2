// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockName is the file, in a directory, that the agent which uses it has locked.
const lockName = "lock"

// dirLock is what keeps other agents out of a directory. The kernel lets go of it
// when the process ends, however it does.
type dirLock struct{ file *os.File }

// lockDir takes the directory dir, which flag names, for this process.
func lockDir(flag, dir string) (*dirLock, error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("--%s %s: lock it: %w", flag, dir, err)
	}
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(
			fmt.Errorf("--%s %s: another agent uses it (%s): stop that one, or give each agent a --runtime_dir and a --work_dir of its own", flag, dir, owner(file)),
			file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("--%s %s: lock %s: %w", flag, dir, path, err), file.Close())
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--%s %s: write to %s: %w", flag, dir, path, err), file.Close())
	}
	return &dirLock{file}, nil
}

// owner tells whose lock file is, as far as is known.
func owner(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 32))
	pid, notANumber := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || notANumber != nil {
		return "process unknown"
	}
	return fmt.Sprintf("process %d", pid)
}

// release lets others have the directory. The file stays: to remove it would
// take it from one that waits to lock it.
func (l *dirLock) release() error { return l.file.Close() }

// lock takes the agent's directories for this process, before anything in them
// is touched: another agent's containers and socket may be there.
func (f *agentFlags) lock() (release func() error, err error) {
	runtimeDir, err := lockDir("runtime_dir", f.runtimeDir)
	switch {
	case err != nil:
		return nil, err
	case f.workDir == f.runtimeDir:
		return runtimeDir.release, nil
	}
	workDir, err := lockDir("work_dir", f.workDir)
	if err != nil {
		return nil, errors.Join(err, runtimeDir.release())
	}
	return func() error { return errors.Join(workDir.release(), runtimeDir.release()) }, nil
}
