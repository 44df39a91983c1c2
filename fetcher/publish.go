// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// publish moves what s holds for t into the sandbox, wholly or not at all.
func (f *fetch) publish(t target, s *stage) error {
	p := &publication{stage: s, sandbox: f.sandbox, owner: f.owner, keep: f.keep}
	err := p.run(t)
	if err != nil {
		return errors.Join(err, p.undo())
	}
	return nil
}

// publication is a list of renames inside the sandbox. Directories that are
// there already are merged; files that are there already are replaced, and
// whoever looks sees the old or the new; a directory never takes the place of
// a file or the other way round.
type publication struct {
	stage   *stage
	sandbox *os.Root
	owner   owner
	keep    []string
	aside   int            // how many files were put aside
	done    []func() error // what takes back what was done, in order of doing
}

func (p *publication) run(t target) error {
	if err := p.stage.root.Mkdir(replacedName, 0o700); err != nil {
		return err
	}
	if t.archive != archiveNone {
		return p.merge(p.stage.path(treeName), ".")
	}
	if err := p.parents(t.name); err != nil {
		return err
	}
	return p.place(p.stage.path(blobName), t.name, false)
}

// undo takes back what was done, last first.
func (p *publication) undo() error {
	var errs []error
	for _, back := range slices.Backward(p.done) {
		errs = append(errs, back())
	}
	return errors.Join(errs...)
}

// merge moves what the directory from contains into the directory to.
func (p *publication) merge(from, to string) error {
	dir, err := p.sandbox.Open(from)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	_ = dir.Close() // a directory that was only read from
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		if err := p.place(path.Join(from, e.Name()), path.Join(to, e.Name()), e.IsDir()); err != nil {
			return err
		}
	}
	return nil
}

// place moves one file or directory.
func (p *publication) place(from, to string, isDir bool) error {
	if err := p.allowed(to); err != nil {
		return err
	}
	there, err := p.sandbox.Lstat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.rename(from, to)
	case err != nil:
		return err
	case isDir && there.IsDir():
		return p.merge(from, to)
	case isDir || there.IsDir():
		return fmt.Errorf("%q is already in the sandbox as a %s, and is not replaced by something else", to, kindOf(there.Mode()))
	}
	return p.replace(from, to)
}

// allowed says whether a URI may bring this name.
func (p *publication) allowed(name string) error {
	if slices.Contains(p.keep, name) {
		return fmt.Errorf("%q is a name that the sandbox needs for itself; choose another", name)
	}
	return nil
}

// rename moves to a name that is free.
func (p *publication) rename(from, to string) error {
	if err := p.sandbox.Rename(from, to); err != nil {
		return err
	}
	p.done = append(p.done, func() error { return p.sandbox.Rename(to, from) })
	return nil
}

// replace moves to a name that has a file, and keeps that file until the
// stage is removed.
func (p *publication) replace(from, to string) error {
	p.aside++
	old := p.stage.path(path.Join(replacedName, strconv.Itoa(p.aside)))
	// A second name for the old file lets the rename replace it in one step.
	// Where the kernel does not allow that, for a file of somebody else, there
	// is a moment without either.
	if err := p.sandbox.Link(to, old); err != nil {
		if err := p.sandbox.Rename(to, old); err != nil {
			return err
		}
	}
	p.done = append(p.done, func() error { return p.sandbox.Rename(old, to) })
	return p.sandbox.Rename(from, to)
}

// parents makes the directories above name.
func (p *publication) parents(name string) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if err := p.parent(name[:i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) parent(dir string) error {
	if err := p.allowed(dir); err != nil {
		return err
	}
	err := p.sandbox.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil // if it is not a directory, the next step fails and says so
	}
	if err != nil {
		return err
	}
	p.done = append(p.done, func() error { return p.sandbox.Remove(dir) })
	return p.owner.ownPath(p.sandbox, dir)
}
