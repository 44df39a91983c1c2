// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// maxLink is the longest target of a symbolic link, in bytes.
const maxLink = 4095

// extractor makes the entries of an archive in a fresh directory. Whatever an
// archive says, it makes nothing but regular files, directories, and links
// that stay inside.
type extractor struct {
	root  *os.Root
	owner owner
	meter *meter
	count int                    // entries seen
	dirs  map[string]fs.FileMode // every directory made, and its mode to be
	links []string               // every symbolic link made
	buf   []byte                 // for copying, one file after the other
}

func newExtractor(root *os.Root, o owner, m *meter) *extractor {
	return &extractor{root: root, owner: o, meter: m, dirs: map[string]fs.FileMode{}, buf: make([]byte, copySize)}
}

// entry is what archives have in common.
type entry struct {
	name    string // as in the archive
	mode    fs.FileMode
	size    int64 // of a regular file
	link    string
	hard    bool // link is the name of an earlier entry
	modTime time.Time
	content io.Reader // of a regular file
}

// add makes one entry, and names it in any error.
func (x *extractor) add(e entry) error {
	x.count++
	err := x.meter.budget.entry()
	if err == nil {
		err = x.make(e)
	}
	return atEntry(e.name, err)
}

// atEntry says which entry err is about.
func atEntry(name string, err error) error {
	return at(fmt.Sprintf("extract entry %q", shorten(name)), err)
}

func (x *extractor) make(e entry) error {
	name, err := x.cleanName(e.name)
	if err != nil {
		return err
	}
	if name == "." {
		return x.topDirectory(e)
	}
	if err := x.parents(name); err != nil {
		return err
	}
	switch {
	case e.hard:
		return x.hardLink(name, e.link)
	case e.mode.IsRegular():
		return x.file(name, e)
	case e.mode.IsDir():
		return x.directory(name, e.mode)
	case e.mode&fs.ModeSymlink != 0:
		return x.symbolicLink(name, e.link)
	}
	return fmt.Errorf("it is a %s; only files, directories and links are extracted", kindOf(e.mode))
}

// cleanName returns the path of an entry inside the tree.
func (x *extractor) cleanName(name string) (string, error) {
	limits := x.meter.budget.limits
	switch {
	case name == "":
		return "", errors.New("its name is empty")
	case len(name) > limits.PathLength:
		return "", limits.overPathLength()
	case path.IsAbs(name):
		return "", errors.New("its name is an absolute path; archives must have relative names")
	case strings.IndexByte(name, 0) >= 0:
		return "", errors.New("its name contains a zero byte")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", errors.New("its name contains \"..\", which could climb out of the sandbox")
		}
	}
	return path.Clean(name), nil
}

// topDirectory accepts an entry for the tree itself: the sandbox is there
// already, and keeps its mode.
func (x *extractor) topDirectory(e entry) error {
	if !e.mode.IsDir() || e.hard {
		return errors.New("it would replace the sandbox itself")
	}
	return nil
}

// parents makes the directories above name that the archive did not list.
func (x *extractor) parents(name string) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if err := x.parent(name[:i]); err != nil {
			return err
		}
	}
	return nil
}

func (x *extractor) parent(dir string) error {
	if _, made := x.dirs[dir]; made {
		return nil
	}
	// It may be a link to a directory that was extracted before.
	if info, err := x.root.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := x.meter.budget.entry(); err != nil {
		return err
	}
	return x.mkdir(dir, 0o755)
}

// directory makes a directory, or gives one that is there its mode.
func (x *extractor) directory(name string, mode fs.FileMode) error {
	if _, made := x.dirs[name]; made {
		x.dirs[name] = mode
		return nil
	}
	return x.mkdir(name, mode)
}

// mkdir makes a directory that is open to us alone until finish.
func (x *extractor) mkdir(name string, mode fs.FileMode) error {
	if err := x.root.Mkdir(name, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errors.New("an earlier entry of that name is not a directory")
		}
		return err
	}
	x.dirs[name] = mode
	return nil
}

// clear removes an earlier entry of this name, so that the new one is made
// afresh and never written through a link.
func (x *extractor) clear(name string) error {
	info, err := x.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("an earlier entry of that name is a directory")
	}
	return x.root.Remove(name)
}

// file makes a regular file.
func (x *extractor) file(name string, e entry) error {
	if err := x.meter.fits(e.size); err != nil {
		return err
	}
	if err := x.clear(name); err != nil {
		return err
	}
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = copyTo(f, x.meter.content(e.content), x.buf); err == nil {
		err = x.owner.own(f)
	}
	if err == nil {
		err = f.Chmod(fileMode(e.mode))
	}
	if err = errors.Join(err, f.Close()); err != nil || e.modTime.Unix() <= 0 {
		return err
	}
	return x.root.Chtimes(name, e.modTime, e.modTime)
}

// fileMode is what is kept of an archive's mode: no set-user-id, set-group-id
// or sticky bit, and, as if by umask 022, nothing that others may write.
func fileMode(mode fs.FileMode) fs.FileMode { return mode.Perm() &^ 0o022 }

// dirMode is fileMode for directories. The owner can always use and remove
// what was fetched.
func dirMode(mode fs.FileMode) fs.FileMode { return fileMode(mode) | 0o700 }

// symbolicLink makes a link. Where it leads is judged here by its text, and
// once more by finish, when everything that it may lead through is there.
func (x *extractor) symbolicLink(name, target string) error {
	switch {
	case target == "" || len(target) > maxLink || strings.IndexByte(target, 0) >= 0:
		return fmt.Errorf("it links to %q, which is not a path", shorten(target))
	case path.IsAbs(target):
		return fmt.Errorf("it links to the absolute path %q; only relative links inside the archive are extracted", shorten(target))
	case !filepath.IsLocal(path.Join(path.Dir(name), target)):
		return fmt.Errorf("it links to %q, outside of the sandbox", shorten(target))
	}
	if err := x.clear(name); err != nil {
		return err
	}
	if err := x.root.Symlink(target, name); err != nil {
		return err
	}
	x.links = append(x.links, name)
	return x.owner.ownPath(x.root, name)
}

// hardLink makes one more name for an earlier entry.
func (x *extractor) hardLink(name, target string) error {
	clean, err := x.cleanName(target)
	if err != nil {
		return fmt.Errorf("it is a hard link to %q: %w", shorten(target), err)
	}
	if clean == name { // so does tar with a file that it was given twice
		_, err := x.root.Lstat(name)
		return err
	}
	if err := x.clear(name); err != nil {
		return err
	}
	if err := x.root.Link(clean, name); err != nil {
		return fmt.Errorf("it is a hard link to %q, which is no earlier file of the archive: %w", shorten(target), err)
	}
	if info, err := x.root.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		x.links = append(x.links, name)
	}
	return nil
}

// finish checks the links and gives the directories their modes and owner.
func (x *extractor) finish() error {
	if x.count == 0 {
		return errors.New("the archive has no entry")
	}
	for _, name := range x.links {
		if err := x.checkLink(name); err != nil {
			return atEntry(name, err)
		}
	}
	for name, mode := range x.dirs {
		err := x.owner.ownPath(x.root, name)
		if err == nil {
			err = x.root.Chmod(name, dirMode(mode))
		}
		if err != nil {
			return atEntry(name, err)
		}
	}
	return nil
}

// checkLink refuses a link that, followed through all others, leaves the tree.
// A link to nothing is common and harmless.
func (x *extractor) checkLink(name string) error {
	_, err := x.root.Stat(name)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("it is a link that cannot be followed inside the sandbox: %w", err)
}
