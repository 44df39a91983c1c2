// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tepui/tepui/agent/core"
)

// mount shows volumes in a sandbox, as links to where they are, and makes them
// those of the sandbox's user. A link never takes the place of anything, and is
// not made behind another link.
func (s *sandboxes) mount(b *sandbox, mounts []core.Mount) error {
	for _, m := range mounts {
		if err := s.mountOne(b, m); err != nil {
			return fmt.Errorf("volume %s at %s: %w", m.Volume.ID, m.Path, err)
		}
	}
	return nil
}

func (s *sandboxes) mountOne(b *sandbox, m core.Mount) error {
	volume, err := s.root.OpenRoot(volumePath(m.Volume))
	if err != nil {
		return err
	}
	defer volume.Close() // a directory that was only looked up in
	if err := chown(func(uid, gid int) error { return volume.Lchown(".", uid, gid) }, b.owner); err != nil {
		return err
	}
	dir, err := s.within(b, path.Dir(m.Path), true)
	if err != nil {
		return err
	}
	defer dir.Close() // likewise
	target, name := s.target(m), path.Base(m.Path)
	err = dir.Symlink(target, name)
	if errors.Is(err, fs.ErrExist) {
		if to, linkErr := dir.Readlink(name); linkErr == nil && to == target {
			return nil
		}
	}
	return err
}

// target is what the link to a volume points at.
func (s *sandboxes) target(m core.Mount) string { return filepath.Join(s.dir, volumePath(m.Volume)) }

// unmount takes the links to volumes away, if they are still there.
func (s *sandboxes) unmount(b *sandbox, mounts []core.Mount) error {
	var errs []error
	for _, m := range mounts {
		errs = append(errs, s.unmountOne(b, m))
	}
	return errors.Join(errs...)
}

func (s *sandboxes) unmountOne(b *sandbox, m core.Mount) error {
	dir, err := s.within(b, path.Dir(m.Path), false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close() // a directory that was only looked up in
	name := path.Base(m.Path)
	if to, err := dir.Readlink(name); err != nil || to != s.target(m) {
		return nil // the task has put something else there
	}
	return dir.Remove(name)
}

// within opens a directory of a sandbox, and makes what is missing of it if it is
// to. What is a link on the way is refused, though it could not lead out.
func (s *sandboxes) within(b *sandbox, name string, create bool) (*os.Root, error) {
	below, err := filepath.Rel(s.dir, b.path)
	if err != nil {
		return nil, err
	}
	dir, err := s.root.OpenRoot(below)
	if err != nil || name == "." {
		return dir, err
	}
	for part := range strings.SplitSeq(name, "/") {
		next, err := enter(dir, part, b.owner, create)
		_ = dir.Close() // a directory that was only looked up in
		if err != nil {
			return nil, err
		}
		dir = next
	}
	return dir, nil
}

func enter(dir *os.Root, name string, owner identity, create bool) (*os.Root, error) {
	info, err := dir.Lstat(name)
	switch {
	case create && errors.Is(err, fs.ErrNotExist):
		if err := dir.Mkdir(name, sandboxMode); err != nil {
			return nil, err
		}
		if err := chown(func(uid, gid int) error { return dir.Lchown(name, uid, gid) }, owner); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s: must be a directory, is %v", name, info.Mode().Type())
	}
	return dir.OpenRoot(name)
}
