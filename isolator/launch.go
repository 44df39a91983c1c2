// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

// initEnv is the environment of process 1, not of the command. It tells the Go
// runtime that it will do next to nothing: one processor, no garbage
// collection, no adjusting to a cgroup's CPU limit.
func initEnv() []string {
	return []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=containermaxprocs=0,updatemaxprocs=0"}
}

// Stdio is what the command has as standard input, output and error. A nil is
// /dev/null. A file in non-blocking mode, such as the end of an os.Pipe, becomes a blocking one,
// which is what commands expect. The files stay the caller's to close; process 1 keeps them open
// for as long as the container lives.
type Stdio struct{ Stdin, Stdout, Stderr *os.File }

// descriptors lays out what process 1 is started with; see pid1.ControlFD.
func (s Stdio) descriptors(null, control, status, signals, program *os.File) []uintptr {
	files := []*os.File{
		s.Stdin, s.Stdout, s.Stderr,
		pid1.ControlFD: control, pid1.StatusFD: status, pid1.SignalFD: signals, pid1.ProgramFD: program,
	}
	fds := make([]uintptr, len(files))
	for i, f := range files {
		if f == nil {
			f = null
		}
		fds[i] = f.Fd()
	}
	return fds
}

// controlPair returns the two ends of the socket over which the isolator and
// process 1 talk until the command runs.
func controlPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("control socket: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("control socket: %w", err), unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control of init"), nil
}

// launch clones process 1 into the cgroup leaf, if there is one, and returns it with the
// isolator's end of the control socket.
func (i *Isolator) launch(p *plan, leaf *group, stdio Stdio, status, signals *os.File) (*process, *os.File, error) {
	ours, theirs, err := controlPair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	defer i.smallPages()()
	proc, err := clone(stdio.descriptors(i.null, theirs, status, signals, i.init), leaf, p.flags)
	runtime.KeepAlive(stdio)
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close())
	}
	return proc, ours, nil
}

// smallPages makes a process that is cloned until it is undone do without huge pages:
// process 1 would get one of 2 MiB for the 400 KiB of memory that it uses, which costs
// as much time as memory. It lifts this for the command. The flag belongs to the
// whole process, but only decides what page faults get, so nobody else minds.
func (i *Isolator) smallPages() (undo func()) {
	i.cloning.Lock()
	// If it fails, process 1 is larger than it need be.
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
	return func() {
		_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 0, 0, 0, 0)
		i.cloning.Unlock()
	}
}

// errSilent means that process 1 ended without a word.
var errSilent = errors.New("process 1 ended before the command was started")

// handshake tells process 1 what to do and waits for its report, no longer
// than ctx allows.
func handshake(ctx context.Context, control *os.File, config *pid1.Config) error {
	stop := context.AfterFunc(ctx, func() {
		_ = control.SetDeadline(time.Unix(1, 0)) // closed already: the handshake is over
	})
	defer stop()
	// If process 1 is gone, the report that is not there says so better.
	_, sent := control.Write(config.Marshal())
	report, err := pid1.ReadReport(control)
	switch {
	case ctx.Err() != nil:
		return &StartError{Step: StepInit, Err: fmt.Errorf("process 1 did not report in time: %w", context.Cause(ctx))}
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, io.ErrUnexpectedEOF):
		return &StartError{Step: StepInit, Err: errSilent}
	case err != nil:
		return &StartError{Step: StepInit, Err: errors.Join(err, sent)}
	case report.Step != "":
		return &StartError{Step: string(report.Step), Err: &report}
	}
	return nil
}
