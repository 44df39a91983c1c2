// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	folderPrefix = "tepui-vm-"
	ownerFile    = "owner.lock"
	// settled is the age from which a folder without an owner has lost it,
	// and not just been made.
	settled = time.Minute
)

// tempFolder makes a folder for a machine. It also removes those of machines
// whose process was killed, and so could not clean up.
func tempFolder() (string, error) {
	if err := sweep(os.TempDir()); err != nil {
		return "", err
	}
	return os.MkdirTemp("", folderPrefix)
}

// own locks a machine's folder for as long as this process lives, or until the
// file is closed.
func own(dir string) (*os.File, error) {
	f, err := os.Create(filepath.Join(dir, ownerFile))
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sweep removes the folders in dir of machines that have no owner any more.
func sweep(dir string) error {
	folders, err := filepath.Glob(filepath.Join(dir, folderPrefix+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range folders {
		if abandoned(f) {
			errs = append(errs, os.RemoveAll(f))
		}
	}
	return errors.Join(errs...)
}

func abandoned(folder string) bool {
	info, err := os.Stat(folder)
	if err != nil || time.Since(info.ModTime()) < settled {
		return false
	}
	f, err := os.Open(filepath.Join(folder, ownerFile))
	if errors.Is(err, os.ErrNotExist) {
		return true // killed before there was a machine
	}
	if err != nil {
		return false
	}
	defer f.Close() // and with it the lock
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
