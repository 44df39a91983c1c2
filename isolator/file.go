// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxFile bounds what is read of a cgroup file, in bytes; memory.stat, the
// largest, has some 2 KiB.
const maxFile = 64 << 10

// beneath keeps every access inside the directory that it starts from: no
// links, no other file system, no way up.
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// group is a cgroup's directory. All access to its files goes through the
// descriptor that it holds, so a group that was removed and made again by
// somebody else is never mistaken for this one.
//
// Files are read and written with bare system calls: os.File would take a
// cgroup file, which can be polled, for one that is worth waiting for, and
// hang where the kernel says EAGAIN, as memory.reclaim does.
type group struct {
	dir  *os.File // opened as a mere reference (O_PATH)
	path string   // for messages, and for what takes only paths
}

// openGroup opens the group at an absolute path.
func openGroup(path string) (*group, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open cgroup %s: %w", path, err)
	}
	return &group{dir: os.NewFile(uintptr(fd), path), path: path}, nil
}

// make creates the child group name, which must not exist, and opens it.
func (g *group) make(name string) (*group, error) {
	err := g.control(func(fd int) error { return unix.Mkdirat(fd, name, 0o755) })
	if err != nil {
		return nil, fmt.Errorf("make cgroup %s/%s: %w", g.path, name, err)
	}
	child, err := g.child(name)
	if err != nil {
		return nil, errors.Join(err, g.remove(name))
	}
	return child, nil
}

// child opens the child group name.
func (g *group) child(name string) (*group, error) {
	fd, err := g.open(name, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("open cgroup %s/%s: %w", g.path, name, err)
	}
	path := g.path + "/" + name
	return &group{dir: os.NewFile(uintptr(fd), path), path: path}, nil
}

// children lists the groups right below g.
func (g *group) children() ([]string, error) {
	fd, err := g.open(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("list cgroup %s: %w", g.path, err)
	}
	dir := os.NewFile(uintptr(fd), g.path)
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// remove removes the child group name, which must be empty.
func (g *group) remove(name string) error {
	err := g.control(func(fd int) error { return unix.Unlinkat(fd, name, unix.AT_REMOVEDIR) })
	if err != nil {
		return fmt.Errorf("remove cgroup %s/%s: %w", g.path, name, err)
	}
	return nil
}

func (g *group) close() error { return g.dir.Close() }

// control runs f with the descriptor of the directory, which nobody can close
// meanwhile.
func (g *group) control(f func(fd int) error) error {
	conn, err := g.dir.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return fs.ErrClosed
	}
	return failed
}

// open opens a file of the group for the caller to close.
func (g *group) open(file string, flags uint64) (fd int, err error) {
	err = g.control(func(dir int) (err error) {
		fd, err = unix.Openat2(dir, file, &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: beneath})
		return err
	})
	return fd, err
}

// read returns what file holds, without the newline at its end.
func (g *group) read(file string) (string, error) {
	fd, err := g.open(file, unix.O_RDONLY)
	if err != nil {
		return "", fmt.Errorf("read %s/%s: %w", g.path, file, err)
	}
	defer unix.Close(fd)
	b := make([]byte, 0, 1024)
	for len(b) < maxFile {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := unix.Read(fd, b[len(b):cap(b)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return "", fmt.Errorf("read %s/%s: %w", g.path, file, err)
		case n == 0:
			return strings.TrimSuffix(string(b), "\n"), nil
		default:
			b = b[:len(b)+n]
		}
	}
	return "", fmt.Errorf("read %s/%s: larger than %d bytes", g.path, file, maxFile)
}

// write gives file a new value, in one system call as the kernel asks for.
func (g *group) write(file, value string) error {
	fd, err := g.open(file, unix.O_WRONLY|unix.O_TRUNC)
	if err == nil {
		defer unix.Close(fd)
		for {
			if _, err = unix.Write(fd, []byte(value)); !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
	if err != nil {
		return fmt.Errorf("write %q to %s/%s: %w", value, g.path, file, err)
	}
	return nil
}

// set writes a limit and reads it back. Whatever keeps it from being in force
// is a LimitError.
func (g *group) set(file, want string) error {
	path := g.path + "/" + file
	if err := g.write(file, want); err != nil {
		got, _ := g.read(file) // the write's error is the one that matters
		return &LimitError{File: path, Want: want, Got: got, Err: cause(err)}
	}
	return g.verify(file, want)
}

// verify reads a limit and compares.
func (g *group) verify(file, want string) error {
	got, err := g.read(file)
	if err != nil || got != want {
		return &LimitError{File: g.path + "/" + file, Want: want, Got: got, Err: cause(err)}
	}
	return nil
}

// cause strips what a message says about its object, for one that says it already.
func cause(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
