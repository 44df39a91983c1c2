// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
)

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
