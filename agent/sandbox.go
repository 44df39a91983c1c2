// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/tepui/tepui/agent/core"
)

// The files in a sandbox that get the output of what runs there.
const (
	stdoutName = "stdout"
	stderrName = "stderr"
)

// Modes in the work directory: everybody may pass through on the way to a
// sandbox, only its user and group may look into it.
const (
	passMode    fs.FileMode = 0o755
	sandboxMode fs.FileMode = 0o750
	outputMode  fs.FileMode = 0o644
)

// sandboxes makes sandboxes below the work directory. Nothing it does can
// reach outside, whatever links a task may have made.
type sandboxes struct {
	root   *os.Root
	dir    string // absolute path of root
	latest sync.Mutex
}

func openSandboxes(workDir string) (*sandboxes, error) {
	root, err := os.OpenRoot(workDir)
	if err != nil {
		return nil, fmt.Errorf("agent: opening the work directory: %w", err)
	}
	return &sandboxes{root: root, dir: filepath.Clean(workDir)}, nil
}

// impassable names the directory on the way to one, or that one itself, which
// not every user can pass through; empty if there is none.
func impassable(dir string) string {
	closed := ""
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err == nil && info.Mode().Perm()&0o001 == 0 {
			closed = d
		}
		if d == filepath.Dir(d) {
			return closed
		}
	}
}

func (s *sandboxes) close() error { return s.root.Close() }

// sandbox is one directory in which a command runs.
type sandbox struct {
	path           string // absolute
	owner          identity
	stdout, stderr *os.File // open until close
}

// close closes the output files; what runs has its own. It may be repeated,
// and called on nil.
func (b *sandbox) close() {
	if b == nil {
		return
	}
	for _, f := range []*os.File{b.stdout, b.stderr} {
		if f != nil {
			_ = f.Close() // nothing was written through it
		}
	}
	b.stdout, b.stderr = nil, nil
}

// create makes the directory
//
//	slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/<container>
//
// with empty output files, and points the link runs/latest at it.
func (s *sandboxes) create(l *core.Launch, owner identity) (*sandbox, error) {
	above, below := path.Join("slaves", l.Agent, "frameworks", string(l.Framework), "executors"), path.Join(string(l.Executor), "runs")
	// In two parts, because the first is mostly there and the second is not.
	executors, err := pass(s.root, above)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer executors.Close() // a directory that was only looked up in
	runs, err := pass(executors, below)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	defer runs.Close() // likewise
	b := &sandbox{path: filepath.Join(s.dir, above, below, string(l.Container)), owner: owner}
	if err := b.fill(runs, string(l.Container)); err != nil {
		b.close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := s.point(runs, string(l.Container)); err != nil {
		b.close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return b, nil
}

// pass opens a directory, and makes what is missing of it, open for everybody
// to pass through whatever the umask is.
func pass(root *os.Root, name string) (*os.Root, error) {
	dir, err := root.OpenRoot(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	parent, last := root, path.Base(name)
	if up := path.Dir(name); up != "." {
		if parent, err = pass(root, up); err != nil {
			return nil, err
		}
		defer parent.Close() // a directory that was only looked up in
	}
	switch err := parent.Mkdir(last, passMode); {
	case err == nil:
		if err := parent.Chmod(last, passMode); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist): // somebody may have been quicker
		return nil, err
	}
	return parent.OpenRoot(last)
}

// fill makes the sandbox with its output files, and then the user's.
func (b *sandbox) fill(runs *os.Root, name string) error {
	if err := runs.Mkdir(name, sandboxMode); err != nil {
		return err
	}
	dir, err := runs.OpenRoot(name)
	if err != nil {
		return err
	}
	defer dir.Close() // a directory that was only looked up in
	if b.stdout, err = output(dir, stdoutName, b.owner); err != nil {
		return err
	}
	if b.stderr, err = output(dir, stderrName, b.owner); err != nil {
		return err
	}
	return errors.Join(
		dir.Chmod(".", sandboxMode),
		chown(func(uid, gid int) error { return dir.Lchown(".", uid, gid) }, b.owner),
	)
}

// output makes a file for output to be appended to.
func output(dir *os.Root, name string, owner identity) (*os.File, error) {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND|syscall.O_NOFOLLOW, outputMode)
	if err != nil {
		return nil, err
	}
	if err := chown(f.Chown, owner); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// chown changes an owner, unless it is the agent's own user already.
func chown(change func(uid, gid int) error, owner identity) error {
	if int(owner.uid) == os.Geteuid() && int(owner.gid) == os.Getegid() {
		return nil
	}
	return change(int(owner.uid), int(owner.gid))
}

// point makes runs/latest a link to the newest run, without a moment when
// there is none.
func (s *sandboxes) point(runs *os.Root, name string) error {
	const link, next = "latest", ".latest"
	s.latest.Lock()
	defer s.latest.Unlock()
	err := runs.Symlink(name, next)
	if errors.Is(err, fs.ErrExist) { // an agent was interrupted here
		err = errors.Join(runs.Remove(next), runs.Symlink(name, next))
	}
	if err != nil {
		return err
	}
	return runs.Rename(next, link)
}
