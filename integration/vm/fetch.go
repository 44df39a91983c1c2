// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// unpacker writes the files that a guest sends to where the host wants them.
type unpacker struct {
	pipe *io.PipeWriter
	done chan error // one value: how unpacking ended
}

func newUnpacker(targets []Fetch) *unpacker {
	r, w := io.Pipe()
	u := &unpacker{pipe: w, done: make(chan error, 1)}
	go func() {
		err := unpack(r, targets)
		r.CloseWithError(err) // writers see it; nil means that the tar ended
		u.done <- err
	}()
	return u
}

func (u *unpacker) write(p []byte) error {
	_, err := u.pipe.Write(p)
	if errors.Is(err, io.ErrClosedPipe) { // padding behind the tar's end
		return nil
	}
	return err
}

// close waits for the files to be written. cause is why no more come, nil if
// all came.
func (u *unpacker) close(cause error) error {
	u.pipe.CloseWithError(cause)
	return <-u.done
}

// unpack reads a tar whose names begin with an index into targets.
func unpack(r io.Reader, targets []Fetch) error {
	for tr := tar.NewReader(r); ; {
		head, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("files from the guest: %w", err)
		}
		index, rest, below := strings.Cut(head.Name, "/")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(targets) {
			return fmt.Errorf("files from the guest: nobody asked for %q", head.Name)
		}
		dir, name := filepath.Split(filepath.Clean(targets[i].Host))
		if below {
			dir, name = targets[i].Host, rest
		}
		if err := writeBelow(dir, name, tr); err != nil {
			return fmt.Errorf("files from the guest: %w", err)
		}
	}
}

// writeBelow writes a file below dir, wherever its name tries to lead.
func writeBelow(dir, name string, r io.Reader) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
