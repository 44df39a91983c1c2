// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Variables by which a program knows that it is the PID 1 of a host: first it
// enters a cgroup namespace, then it is executed again and is the init.
const (
	enterVariable = "TEPUI_LAB_ENTER"
	initVariable  = "TEPUI_LAB_INIT"
)

// controlFD is the number of the control socket in PID 1.
const controlFD = 3

// Main makes this process the PID 1 of a host if it was started to be that,
// and then does not return. TestMain calls it first.
func Main() {
	var err error
	switch {
	case os.Getenv(enterVariable) != "":
		err = enter(os.Getenv(enterVariable))
	case os.Getenv(initVariable) != "":
		err = beInit(os.Getenv(initVariable))
	default:
		return
	}
	fmt.Fprintln(os.Stderr, "hosts: init:", err)
	os.Exit(1)
}

// enter makes the process's cgroup the root of a cgroup namespace. The
// namespace is one thread's until that thread executes a program.
func enter(config string) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("new cgroup namespace: %w", err)
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=/root", initVariable + "=" + config}
	return fmt.Errorf("execute myself: %w", unix.Exec("/proc/self/exe", os.Args[:1], env))
}

func beInit(config string) error {
	var m machine
	if err := json.Unmarshal([]byte(config), &m); err != nil {
		return err
	}
	if err := os.Unsetenv(initVariable); err != nil {
		return err
	}
	unix.CloseOnExec(controlFD)
	ch, err := newChannel(os.NewFile(controlFD, "control"))
	if err != nil {
		return err
	}
	if err := furnish(m); err != nil {
		return errors.Join(err, ch.send(event{Kind: kindFailed, Error: err.Error()}))
	}
	i := &initProcess{ch: ch, commands: map[int]int{}}
	if err := ch.send(event{Kind: kindReady}); err != nil {
		return err
	}
	go i.reap() // ends with the process
	return i.serve()
}

// initProcess is the state of a host's PID 1.
type initProcess struct {
	ch channel

	mu       sync.Mutex  // guards commands, and is held from fork to entry
	commands map[int]int // PID: the command's ID
}

// serve carries out requests until the test has gone.
func (i *initProcess) serve() error {
	for {
		var r request
		files, err := i.ch.receive(&r)
		if errors.Is(err, io.EOF) {
			return errors.New("the test has gone")
		}
		if err != nil {
			return err
		}
		if r.Start != nil {
			err = i.start(r.ID, *r.Start, files)
		} else {
			err = i.signal(r.ID, syscall.Signal(r.Signal))
		}
		closeAll(files)
		if err != nil {
			err = i.ch.send(event{ID: r.ID, Kind: kindFailed, Error: err.Error()})
		}
		if err != nil {
			return err
		}
	}
}

// start starts a command; its end is told by reap.
func (i *initProcess) start(id int, s start, files []*os.File) error {
	if len(files) != 3 || len(s.Args) == 0 {
		return fmt.Errorf("%d arguments and %d files, want a program and 3 files", len(s.Args), len(files))
	}
	attr := &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Sys: &syscall.SysProcAttr{Setsid: true}}
	for _, f := range files {
		attr.Files = append(attr.Files, f.Fd())
	}
	if s.Alone {
		root, err := os.Open(cgroupRoot)
		if err != nil {
			return err
		}
		defer root.Close()
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, int(root.Fd())
	}
	program, err := lookPath(s.Args[0], s.Env)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	pid, err := syscall.ForkExec(program, s.Args, attr)
	if err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	i.commands[pid] = id
	return i.ch.send(event{ID: id, Kind: kindStarted, PID: pid})
}

// signal signals a command's process group. One that has ended is left alone.
func (i *initProcess) signal(id int, sig syscall.Signal) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for pid, command := range i.commands {
		if command == id {
			if err := syscall.Kill(-pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("send %s to %d: %w", sig, pid, err)
			}
		}
	}
	return nil
}

// reap waits for every process that ends: commands, and the orphans that PID 1
// inherits.
func (i *initProcess) reap() {
	// A child that ends between a failed wait and this channel's read has left
	// a signal in it.
	childEnded := notifyChild()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // no children
			<-childEnded
		default:
			i.ended(pid, status)
		}
	}
}

func (i *initProcess) ended(pid int, status syscall.WaitStatus) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, ok := i.commands[pid]
	if !ok {
		return // an orphan
	}
	delete(i.commands, pid)
	if err := i.ch.send(event{ID: id, Kind: kindEnded, Status: uint32(status)}); err != nil {
		fmt.Fprintln(os.Stderr, "hosts: init: end of "+strconv.Itoa(pid)+":", err)
	}
}
