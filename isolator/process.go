// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

// process is process 1 of a container as its parent sees it, held by a pidfd:
// a descriptor cannot come to mean another process, as a number can.
type process struct {
	pid  int
	file *os.File // the pidfd, in the runtime's poller, so that waiting takes no thread
}

// clone starts process 1: born in the cgroup, if there is one, and in the
// namespaces, in a session of its own so that the agent's terminal does not
// reach it. Its program is one of the files.
func clone(files []uintptr, cgroup *group, flags uintptr) (*process, error) {
	pidfd, pid := -1, 0
	attr := &syscall.ProcAttr{
		Dir:   "/",
		Env:   initEnv(),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true, Cloneflags: flags, PidFD: &pidfd},
	}
	err := inside(cgroup, attr.Sys, func() (err error) {
		pid, err = syscall.ForkExec(pid1.ProgramPath, []string{pid1.Name}, attr)
		return err
	})
	if err != nil {
		return nil, err
	}
	if pidfd < 0 {
		return nil, errors.Join(errors.New("the kernel gives no pidfd"), endUnheld(pid))
	}
	if err := unix.SetNonblock(pidfd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("pidfd: %w", err), unix.Close(pidfd), endUnheld(pid))
	}
	return &process{pid: pid, file: os.NewFile(uintptr(pidfd), "pidfd")}, nil
}

// inside runs f with attr saying that a child is born in the cgroup.
func inside(cgroup *group, attr *syscall.SysProcAttr, f func() error) error {
	if cgroup == nil {
		return f()
	}
	return cgroup.control(func(fd int) error {
		attr.UseCgroupFD, attr.CgroupFD = true, fd
		return f()
	})
}

// endUnheld ends a child that has just been started and that there is no pidfd for.
// It has not been waited for, so its number is still its own.
func endUnheld(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	_, err := syscall.Wait4(pid, nil, 0, nil)
	return err
}

// wait returns when the process has ended, and takes it off the process table.
// It must be called once. After close it returns os.ErrClosed.
func (p *process) wait() (status syscall.WaitStatus, usage syscall.Rusage, err error) {
	conn, err := p.file.SyscallConn()
	if err != nil {
		return 0, usage, err
	}
	var failed error
	err = conn.Read(func(uintptr) bool {
		for {
			pid, err := syscall.Wait4(p.pid, &status, syscall.WNOHANG, &usage)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			failed = err
			return err != nil || pid == p.pid
		}
	})
	if err != nil {
		return 0, usage, os.ErrClosed // there are no deadlines, so this is the only reason
	}
	return status, usage, failed
}

// signal sends sig to the process. os.ErrProcessDone means that it has ended.
func (p *process) signal(sig syscall.Signal) error {
	conn, err := p.file.SyscallConn()
	if err != nil {
		return os.ErrProcessDone
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	if err != nil || errors.Is(failed, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return failed
}

func (p *process) close() error { return p.file.Close() }
