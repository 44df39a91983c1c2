// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dataSize is the size of every data disk: a snapshot goes with any disk of
// the size that it was made with. The file is sparse.
const dataSize = "1G"

// DataDir is where the guest mounts the data disk, read-only.
const DataDir = "/data"

// Data is one file or folder on the data disk.
type Data struct {
	Host  string // file or folder of the host; links in it are followed; "" = an empty folder
	Guest string // its name below DataDir
}

// makeDataDisk makes a disk with the given content, using scratch, a folder
// that it fills and leaves.
func makeDataDisk(ctx context.Context, file, scratch string, content []Data) error {
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return err
	}
	for _, d := range content {
		if err := place(d, scratch); err != nil {
			return fmt.Errorf("vm: data disk: %w", err)
		}
	}
	return makeDisk(ctx, file, dataSize, scratch)
}

func place(d Data, scratch string) error {
	if !filepath.IsLocal(d.Guest) {
		return fmt.Errorf("%s is to be %q on the data disk: the name must be relative and stay inside", d.Host, d.Guest)
	}
	if d.Host == "" {
		return os.MkdirAll(filepath.Join(scratch, d.Guest), 0o755)
	}
	return filepath.WalkDir(d.Host, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(d.Host, name)
		if err != nil {
			return err
		}
		to := filepath.Join(scratch, d.Guest, rel)
		if e.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		if !strings.HasPrefix(to, filepath.Clean(scratch)+"/") {
			return fmt.Errorf("%s is a file, and has no name on the data disk", d.Host)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return linkOrCopy(name, to)
	})
}

// linkOrCopy gives a file a second name: a link where the file system allows,
// else a copy, also of what a symbolic link points to. What is neither a file
// nor a link to one is left out.
func linkOrCopy(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	target, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	err = os.Link(target, to)
	if err == nil || !errors.Is(err, syscall.EXDEV) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return copyFile(target, to, info.Mode().Perm())
}

func copyFile(from, to string, perm fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}
