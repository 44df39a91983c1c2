// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// fileSource opens files of this host.
type fileSource struct{}

// open opens a regular file. It never waits: a pipe without a writer, or a
// device, is refused and not read.
func (fileSource) open(_ context.Context, t target) (stream, error) {
	f, err := os.OpenFile(t.file, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return stream{}, fmt.Errorf("%w; the file must exist on the agent's host and be readable by the task's user", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %s, not a regular file; name a file", t.file, kindOf(info.Mode()))
	}
	if err != nil {
		_ = f.Close() // nothing was read or written
		return stream{}, err
	}
	return stream{body: f, size: info.Size(), mode: info.Mode().Perm()}, nil
}

// kindOf names the kind of a file for people.
func kindOf(mode os.FileMode) string {
	switch {
	case mode.IsRegular():
		return "regular file"
	case mode.IsDir():
		return "directory"
	case mode&os.ModeSymlink != 0:
		return "symbolic link"
	case mode&os.ModeNamedPipe != 0:
		return "named pipe"
	case mode&os.ModeSocket != 0:
		return "socket"
	case mode&os.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
