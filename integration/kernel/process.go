// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Process is one line of the process table (proc_pid_stat(5)).
type Process struct {
	PID    int
	Parent int
	Name   string // the first 15 bytes of its program's name
	State  byte   // R running, S sleeping, D uninterruptible, Z zombie, …
	Start  uint64 // in clock ticks after boot; with PID, names a process for good
	Group  string // cgroup v2 path
}

// Zombie tells whether the process has ended and was not waited for.
func (p Process) Zombie() bool { return p.State == 'Z' }

// kernelThread tells whether the process is the kernel's own.
func (p Process) kernelThread() bool { return p.PID == 2 || p.Parent == 2 }

func (p Process) String() string {
	return fmt.Sprintf("process %d %q (state %c, parent %d, cgroup %s)", p.PID, p.Name, p.State, p.Parent, p.Group)
}

// Processes lists all processes but the kernel's own threads. Those that end
// meanwhile are left out.
func Processes() ([]Process, error) {
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var out []Process
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			continue
		}
		p, err := Lookup(pid)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !p.kernelThread() {
			out = append(out, p)
		}
	}
	return out, nil
}

// Lookup reads one process. The error is fs.ErrNotExist, or ESRCH, if there is
// none.
func Lookup(pid int) (Process, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Process{}, err
	}
	p, err := parseStat(string(b))
	if err != nil {
		return Process{}, err
	}
	p.Group, err = groupOf(strconv.Itoa(pid))
	return p, err
}

func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// parseStat reads a line of /proc/PID/stat. The name may hold anything,
// brackets and spaces too.
func parseStat(line string) (Process, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return Process{}, fmt.Errorf("kernel: a stat line without a name in brackets: %q", line)
	}
	// After the name: state, parent, and as the 20th the start time.
	rest := strings.Fields(line[end+1:])
	if len(rest) < 20 || len(rest[0]) != 1 {
		return Process{}, fmt.Errorf("kernel: a stat line cut short: %q", line)
	}
	p := Process{Name: line[open+1 : end], State: rest[0][0]}
	var errs [3]error
	p.PID, errs[0] = strconv.Atoi(strings.TrimSpace(line[:open]))
	p.Parent, errs[1] = strconv.Atoi(rest[1])
	p.Start, errs[2] = strconv.ParseUint(rest[19], 10, 64)
	return p, errors.Join(errs[:]...)
}

// Files lists what a process has open, as "number -> target", in no order.
func Files(pid int) ([]string, error) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil { // else closed meanwhile
			out = append(out, e.Name()+" -> "+target)
		}
	}
	return out, nil
}
