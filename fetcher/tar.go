// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
)

// tarGz extracts a tar archive compressed by gzip.
func (x *extractor) tarGz(r io.Reader) error {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, copySize))
	if err != nil {
		return fmt.Errorf("not a gzip file: %w; check what the server sent", unexpected(err))
	}
	if err := x.packedTar(z); err != nil {
		return err
	}
	return z.Close()
}

// tarBz2 extracts a tar archive compressed by bzip2.
func (x *extractor) tarBz2(r io.Reader) error {
	return x.packedTar(bzip2.NewReader(bufio.NewReaderSize(r, copySize)))
}

// packedTar extracts a tar archive that a decompressor unpacks.
func (x *extractor) packedTar(unpacked io.Reader) error {
	stream := x.meter.stream(unpacked)
	if err := x.tar(stream); err != nil {
		return err
	}
	// The checksum comes after the last entry.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return fmt.Errorf("reading to the end of the archive: %w", err)
	}
	return nil
}

// tar extracts a tar archive.
func (x *extractor) tar(r io.Reader) error {
	tr := tar.NewReader(r)
	for n := 0; ; n++ {
		h, err := tr.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, tar.ErrHeader):
			return fmt.Errorf("not a tar archive, or damaged after %d entries: %w", n, err)
		case err != nil:
			return fmt.Errorf("reading the archive after %d entries: %w", n, unexpected(err))
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			if err := x.meter.budget.entry(); err != nil {
				return err
			}
			continue
		}
		if err := x.add(tarEntry(h, tr)); err != nil {
			return err
		}
	}
}

// tarEntry translates a header. What has no translation is given a mode that
// add refuses.
func tarEntry(h *tar.Header, content io.Reader) entry {
	e := entry{name: h.Name, mode: fs.FileMode(h.Mode).Perm(), size: h.Size, modTime: h.ModTime, content: content}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
	case tar.TypeDir:
		e.mode |= fs.ModeDir
	case tar.TypeSymlink:
		e.mode, e.link = fs.ModeSymlink, h.Linkname
	case tar.TypeLink:
		e.hard, e.link = true, h.Linkname
	case tar.TypeFifo:
		e.mode |= fs.ModeNamedPipe
	case tar.TypeChar, tar.TypeBlock:
		e.mode |= fs.ModeDevice
	default:
		e.mode |= fs.ModeIrregular
	}
	return e
}

// unexpected turns the end of a file where there should be more into an error
// that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
