// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// unpack turns the archive got into a tree in s.
func (f *fetch) unpack(ctx context.Context, t target, s *stage, got *blob) error {
	root, err := s.tree()
	if err != nil {
		return at(StepDisk, err)
	}
	defer root.Close() // a directory that was only read from
	if got.size == 0 {
		return at(StepExtract, errors.New("the archive is an empty file"))
	}
	if _, err := got.file.Seek(0, io.SeekStart); err != nil {
		return at(StepDisk, err)
	}
	x := newExtractor(root, f.owner, newMeter(ctx, f.budget, got.size))
	switch t.archive {
	case archiveTar:
		err = x.tar(got.file)
	case archiveTarGz:
		err = x.tarGz(got.file)
	case archiveZip:
		err = x.zip(got.file, got.size)
	default:
		err = fmt.Errorf("archive kind %d is unknown", t.archive)
	}
	if err == nil {
		err = x.finish()
	}
	return at(StepExtract, err)
}

// finishFile gives a download that is not unpacked its mode and owner.
func (f *fetch) finishFile(t target, s *stage, got *blob) error {
	mode := fs.FileMode(0o644) | got.mode
	if t.executable {
		mode |= 0o111
	}
	err := f.owner.own(got.file)
	if err == nil {
		err = got.file.Chmod(mode)
	}
	return at(StepDisk, errors.Join(err, s.closeBlob()))
}

// owner is who files are given to; -1 leaves what is.
type owner struct{ uid, gid int }

func (o owner) check() error {
	const most = math.MaxUint32 - 1 // the one above stands for "leave"
	if o.uid < -1 || o.gid < -1 || o.uid > most || o.gid > most || (o.uid == -1) != (o.gid == -1) {
		return fmt.Errorf("the owner is uid %d, gid %d; give both, or -1 for both", o.uid, o.gid)
	}
	return nil
}

// own gives away an open file.
func (o owner) own(f *os.File) error {
	if o.uid == -1 {
		return nil
	}
	return o.explain(f.Chown(o.uid, o.gid))
}

// ownPath gives away what name is, a symbolic link too.
func (o owner) ownPath(root *os.Root, name string) error {
	if o.uid == -1 {
		return nil
	}
	return o.explain(root.Lchown(name, o.uid, o.gid))
}

func (o owner) explain(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("giving files to uid %d, gid %d: %w; fetch as that user or as root", o.uid, o.gid, err)
	}
	return err
}
