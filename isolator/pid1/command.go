// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// start runs the command as its user, in its own session and process group,
// and returns its process id after it has been executed.
func (c *Config) start() (pid int, _ *Report) {
	var path string
	if r := c.asUser(func() (r *Report) {
		if r = c.enterDir(); r == nil {
			path, r = c.program()
		}
		return r
	}); r != nil {
		return 0, r
	}
	undo, r := c.limit()
	if r != nil {
		return 0, r
	}
	defer undo()
	defer hugePages()()
	pid, err := syscall.ForkExec(path, c.Args, &syscall.ProcAttr{
		Env:   c.Env,
		Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Credential: &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups},
		},
	})
	if err != nil {
		return 0, failed(StepExec, path, err)
	}
	return pid, nil
}

// hugePages lets the command have the huge pages that process 1 was started
// without, and goes without them itself again when that is undone: the kernel
// would collect its few pages into one in time. It cannot fail.
func hugePages() (undo func()) {
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 0, 0, 0, 0)
	return func() { _ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0) }
}

// enterDir makes Dir the working directory, for process 1 and so for the
// command, and makes sure that it is below the root that the container sees: a
// directory that was reached through a leaked descriptor is not.
func (c *Config) enterDir() *Report {
	if err := unix.Chdir(c.Dir); err != nil {
		return failed(StepDir, c.Dir, err)
	}
	var buf [unix.PathMax]byte
	n, err := unix.Getcwd(buf[:])
	if err != nil {
		return failed(StepDir, c.Dir, err)
	}
	if n < 1 || buf[0] != '/' {
		return failed(StepDir, c.Dir+" is outside of the container", unix.EXDEV)
	}
	return nil
}

// defaultPath is searched when the command's environment has no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// program returns the file to execute, as execvp would find it: the first
// match that the user may execute; if there is only one that he may not, that
// is the error.
func (c *Config) program() (string, *Report) {
	name := c.Args[0]
	if strings.IndexByte(name, '/') >= 0 {
		if err := executable(name); err != nil {
			return "", failed(StepProgram, name, err)
		}
		return name, nil
	}
	denied := error(unix.ENOENT)
	list := c.searchPath()
	for rest, more := list, true; more && name != ""; {
		var dir string
		dir, rest, more = strings.Cut(rest, ":")
		if dir == "" {
			dir = "."
		}
		switch err := executable(dir + "/" + name); err {
		case nil:
			return dir + "/" + name, nil
		case unix.ENOENT, unix.ENOTDIR:
		default:
			denied = err
		}
	}
	return "", failed(StepProgram, name+" in PATH "+list, denied)
}

func (c *Config) searchPath() string {
	path := defaultPath
	for _, kv := range c.Env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			path = v
		}
	}
	return path
}

// executable tells whether path is a file, not a directory, that the current
// file system identity may execute.
func executable(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return unix.EACCES
	}
	return unix.Faccessat2(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS)
}

// setgroups sets the supplementary groups of this thread only.
func setgroups(groups []uint32) error {
	var first unsafe.Pointer
	if len(groups) > 0 {
		first = unsafe.Pointer(&groups[0])
	}
	if _, _, e := syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0); e != 0 {
		return e
	}
	return nil
}
