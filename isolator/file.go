// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile bounds what is read of a cgroup file, in bytes; memory.stat, the
// largest, has some 2 KiB.
const maxFile = 64 << 10

// group is a cgroup's directory. All access to its files goes through the
// descriptor that it holds, so a group that was removed and made again by
// somebody else is never mistaken for this one.
type group struct {
	root *os.Root
	path string // for messages, and for what takes only paths
}

func openGroup(path string) (*group, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &group{root: root, path: path}, nil
}

// make creates the child group name, which must not exist, and opens it.
func (g *group) make(name string) (*group, error) {
	if err := g.root.Mkdir(name, 0o755); err != nil {
		return nil, fmt.Errorf("make cgroup %s/%s: %w", g.path, name, err)
	}
	child, err := g.root.OpenRoot(name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open cgroup %s/%s: %w", g.path, name, err), g.root.Remove(name))
	}
	return &group{root: child, path: g.path + "/" + name}, nil
}

func (g *group) close() error { return g.root.Close() }

// read returns what file holds, without the newline at its end.
func (g *group) read(file string) (string, error) {
	f, err := g.root.Open(file)
	if err != nil {
		return "", fmt.Errorf("read %s/%s: %w", g.path, file, cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", fmt.Errorf("read %s/%s: %w", g.path, file, cause(err))
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}

// write gives file a new value, in one system call as the kernel asks for.
func (g *group) write(file, value string) error {
	f, err := g.root.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("write %q to %s/%s: %w", value, g.path, file, cause(err))
	}
	defer f.Close()
	if _, err := f.WriteString(value); err != nil {
		return fmt.Errorf("write %q to %s/%s: %w", value, g.path, file, cause(err))
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

// cause strips the operation and path that os adds, which are relative to the
// group and would be said twice.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
