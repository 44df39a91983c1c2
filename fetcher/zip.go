// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/flate"
)

// maxZipDirectory is how many bytes of a zip file are read before its first
// entry is seen. The list of entries is kept in memory, and this bounds it.
const maxZipDirectory = 64 << 20

// zip extracts a zip archive of the given size.
func (x *extractor) zip(r io.ReaderAt, size int64) error {
	guard := &zipGuard{r: r, left: maxZipDirectory}
	z, err := zip.NewReader(guard, size)
	if err != nil {
		return fmt.Errorf("not a zip archive, or damaged: %w", err)
	}
	guard.off = true
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	for _, f := range z.File {
		if err := x.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

func (x *extractor) zipEntry(f *zip.File) error {
	e := entry{name: f.Name, mode: zipMode(f), modTime: f.Modified}
	if err := checkZip(f); err != nil {
		return atEntry(e.name, err)
	}
	if e.mode.IsDir() {
		return x.add(e)
	}
	content, err := f.Open()
	if err != nil {
		return atEntry(e.name, err)
	}
	defer content.Close() // of a part of a file that is read only
	if e.mode&fs.ModeSymlink != 0 {
		return x.zipLink(e, content)
	}
	e.content, e.size = content, int64(min(f.UncompressedSize64, 1<<62))
	return x.add(e)
}

// zipLink reads the target of a symbolic link, which is the entry's content.
func (x *extractor) zipLink(e entry, content io.Reader) error {
	target, err := io.ReadAll(io.LimitReader(content, maxLink+1))
	if err != nil {
		return atEntry(e.name, err)
	}
	e.link = string(target)
	return x.add(e)
}

// zipMode returns the mode of an entry; 0644 or 0755 where the archive has
// none, as archives from other systems do.
func zipMode(f *zip.File) fs.FileMode {
	mode := f.Mode()
	switch {
	case mode.Perm() != 0:
	case mode.IsDir():
		mode |= 0o755
	case mode.IsRegular():
		mode |= 0o644
	}
	return mode
}

// checkZip refuses what would be extracted wrongly without an error.
func checkZip(f *zip.File) error {
	const encrypted = 1
	switch {
	case f.Flags&encrypted != 0:
		return errors.New("it is encrypted; ship the archive without a password")
	case strings.ContainsRune(f.Name, '\\'):
		return errors.New("its name contains a backslash; make the archive with / between directories")
	}
	return nil
}

// zipGuard bounds what is read until it is switched off.
type zipGuard struct {
	r    io.ReaderAt
	left int64
	off  bool
}

func (g *zipGuard) ReadAt(p []byte, at int64) (int, error) {
	if !g.off {
		g.left -= int64(len(p))
		if g.left < 0 {
			return 0, fmt.Errorf("its list of entries is longer than %d bytes; use a .tar.gz for so many files", maxZipDirectory)
		}
	}
	return g.r.ReadAt(p, at)
}
