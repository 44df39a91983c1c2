// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// prepare makes the container what c says it is, except for what only the
// command may have: its identity and its resource limits.
func (c *Config) prepare() *Report {
	if c.NewCgroupNS {
		// Not in the clone: there the namespace would be rooted at the cgroup
		// of the process that clones.
		if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
			return failed(StepNamespace, "cgroup", err)
		}
	}
	if c.Hostname != "" {
		if err := unix.Sethostname([]byte(c.Hostname)); err != nil {
			return failed(StepHostname, c.Hostname, err)
		}
	}
	if r := c.mount(); r != nil {
		return r
	}
	if r := c.scoreOOM(); r != nil {
		return r
	}
	if c.Umask >= 0 {
		unix.Umask(c.Umask)
	}
	if c.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return failed(StepPrivilege, "", err)
		}
	}
	return nil
}

func (c *Config) mount() *Report {
	if r := privateMounts(); r != nil {
		return r
	}
	for i := range c.Mounts {
		if r := c.Mounts[i].attach(); r != nil {
			return r
		}
	}
	return mountProc()
}

// scoreOOM undoes an agent's protection from the OOM killer, which a container
// would inherit: a group whose processes cannot be killed hangs at its limit.
func (c *Config) scoreOOM() *Report {
	const path = "/proc/self/oom_score_adj"
	want := strconv.Itoa(c.OOMScoreAdj)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return failed(StepOOMScore, want, err)
	}
	defer unix.Close(fd)
	var is [16]byte
	if n, err := unix.Read(fd, is[:]); err == nil && n > 0 && string(is[:n-1]) == want {
		return nil
	}
	if _, err := unix.Write(fd, []byte(want)); err != nil {
		return failed(StepOOMScore, want, err)
	}
	return nil
}

// limit sets the command's resource limits on process 1 itself, for the fork
// to inherit, and returns how to take them back. Process 1 must not live under
// them: a small RLIMIT_AS would end its runtime, RLIMIT_FSIZE 0 its last write.
func (c *Config) limit() (undo func(), _ *Report) {
	before := make([]unix.Rlimit, len(c.Rlimits))
	done := 0
	undo = func() {
		for done > 0 {
			done--
			// Raising a limit back can fail only without CAP_SYS_RESOURCE,
			// and then process 1 lives with the command's limit.
			_ = unix.Prlimit(0, c.Rlimits[done].Resource, &before[done], nil)
		}
	}
	for i, l := range c.Rlimits {
		set := unix.Rlimit{Cur: l.Soft, Max: l.Hard}
		if err := unix.Prlimit(0, l.Resource, &set, &before[i]); err != nil {
			undo()
			return nil, failed(StepRlimit, strconv.Itoa(l.Resource)+"="+strconv.FormatUint(l.Soft, 10)+":"+strconv.FormatUint(l.Hard, 10), err)
		}
		done++
	}
	return undo, nil
}

// asUser runs f with the file system identity of the command's user, on this
// thread only: the kernel then answers for paths as it would answer the
// command. Capabilities over files are suspended for as long.
func (c *Config) asUser(f func() *Report) *Report {
	if err := setgroups(c.Groups); err != nil {
		return failed(StepUser, "supplementary groups", err)
	}
	setfsid(unix.SYS_SETFSGID, c.GID)
	setfsid(unix.SYS_SETFSUID, c.UID)
	defer func() {
		setfsid(unix.SYS_SETFSUID, 0)
		setfsid(unix.SYS_SETFSGID, 0)
	}()
	return f()
}

// setfsid cannot fail for a process with CAP_SETUID and CAP_SETGID: it returns
// the previous identity whatever happens.
func setfsid(call uintptr, id uint32) {
	syscall.RawSyscall(call, uintptr(id), 0, 0)
}
