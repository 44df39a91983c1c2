// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	case archiveTarBz2:
		err = x.tarBz2(got.file)
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
