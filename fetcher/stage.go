// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
)

// Names inside a stage.
const (
	blobName     = "blob"     // the download
	treeName     = "tree"     // what was unpacked from it
	replacedName = "replaced" // what a publication put aside, until it is done
)

// stageName returns a fresh name for stages.
func stageName() string { return ".fetch-" + rand.Text() }

// stage is a private directory inside the sandbox, for one URI. It is there so
// that what is unfinished has the sandbox's file system and quota, and yet
// nobody sees it.
type stage struct {
	sandbox *os.Root
	name    string   // relative to the sandbox
	root    *os.Root // the stage itself
	blob    *os.File // the download, to be closed with the stage
}

func newStage(sandbox *os.Root, name string) (*stage, error) {
	if err := sandbox.Mkdir(name, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory for what is unfinished: %w; the sandbox must be writable for the user that fetches", err)
	}
	root, err := sandbox.OpenRoot(name)
	if err != nil {
		return nil, errors.Join(err, sandbox.RemoveAll(name))
	}
	return &stage{sandbox: sandbox, name: name, root: root}, nil
}

// create makes a new file that the stage owns.
func (s *stage) create(name string) (*os.File, error) {
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	s.blob = f
	return f, err
}

// tree makes the directory to unpack into.
func (s *stage) tree() (*os.Root, error) {
	if err := s.root.Mkdir(treeName, 0o700); err != nil {
		return nil, err
	}
	return s.root.OpenRoot(treeName)
}

// path returns where, relative to the sandbox, a name inside the stage is.
func (s *stage) path(name string) string { return path.Join(s.name, name) }

// closeBlob closes the download and says whether all of it was written.
func (s *stage) closeBlob() error {
	f := s.blob
	s.blob = nil
	return f.Close()
}

// remove takes the stage away with whatever is left in it.
func (s *stage) remove() error {
	if s.blob != nil {
		_ = s.blob.Close() // its content is published or not wanted
	}
	_ = s.root.Close() // a directory that was only read from
	return s.sandbox.RemoveAll(s.name)
}
