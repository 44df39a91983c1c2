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
func (s *sandboxes) create(l *core.Launch, owner identity) (_ *sandbox, err error) {
	runs := path.Join("slaves", l.Agent, "frameworks", string(l.Framework), "executors", string(l.Executor), "runs")
	name := path.Join(runs, string(l.Container))
	if err := s.pass(runs); err != nil {
		return nil, err
	}
	if err := s.root.Mkdir(name, sandboxMode); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	b := &sandbox{path: filepath.Join(s.dir, name), owner: owner}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	for _, out := range []struct {
		name string
		file **os.File
	}{{stdoutName, &b.stdout}, {stderrName, &b.stderr}} {
		if *out.file, err = s.output(path.Join(name, out.name), owner); err != nil {
			return nil, err
		}
	}
	// The directory is the user's only when the files in it are made.
	if err := s.own(name, sandboxMode, owner); err != nil {
		return nil, err
	}
	return b, s.point(runs, string(l.Container))
}

// pass makes the directories on the way, open for everybody to pass through
// whatever the umask is.
func (s *sandboxes) pass(dir string) error {
	switch err := s.root.Mkdir(dir, passMode); {
	case err == nil:
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist) && path.Dir(dir) != ".":
		if err := s.pass(path.Dir(dir)); err != nil {
			return err
		}
		return s.pass(dir)
	default:
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := s.root.Chmod(dir, passMode); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}

// output makes a file for output to be appended to.
func (s *sandboxes) output(name string, owner identity) (*os.File, error) {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND|syscall.O_NOFOLLOW, outputMode)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	if err := errors.Join(f.Chmod(outputMode), chown(f.Chown, owner)); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: %w", err), f.Close())
	}
	return f, nil
}

func (s *sandboxes) own(name string, mode fs.FileMode, owner identity) error {
	err := errors.Join(
		s.root.Chmod(name, mode),
		chown(func(uid, gid int) error { return s.root.Lchown(name, uid, gid) }, owner),
	)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
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
func (s *sandboxes) point(runs, name string) error {
	s.latest.Lock()
	defer s.latest.Unlock()
	link, next := path.Join(runs, "latest"), path.Join(runs, ".latest")
	if err := s.root.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := s.root.Symlink(name, next); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := s.root.Rename(next, link); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	return nil
}
