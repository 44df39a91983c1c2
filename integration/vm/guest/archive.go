// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// writeArchive writes the regular files at and below each path as a tar. What
// stands at paths[2] is named "2", a file below it "2/its/name"; a path that
// does not exist is left out. Without paths nothing is written.
func writeArchive(w io.Writer, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	tw := tar.NewWriter(w)
	for i, root := range paths {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			return addFile(tw, name, path.Join(strconv.Itoa(i), rel))
		})
		if err != nil {
			return fmt.Errorf("archive %s: %w", root, err)
		}
	}
	return tw.Close()
}

func addFile(tw *tar.Writer, file, name string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime()}
	if err := tw.WriteHeader(head); err != nil {
		return err
	}
	_, err = io.CopyN(tw, f, info.Size()) // not more, should it still grow
	return err
}
