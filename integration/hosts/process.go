// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// ErrHostDown is why a command has no exit status: its host is off, or went
// down under it.
var ErrHostDown = errors.New("hosts: the host is down")

// Command is a program to run on a host, as a child of its PID 1.
type Command struct {
	Args   []string  // Args[0] is looked up in the PATH of Env
	Env    []string  // empty = PATH and HOME
	Dir    string    // empty = "/"
	Stdin  io.Reader // nil = nothing to read
	Stdout io.Writer // nil = thrown away
	Stderr io.Writer // written by a goroutine other than Stdout's
	// Alone starts the command in the host's root cgroup, where no other
	// process lives, as a service with Delegate=yes has its cgroup to itself:
	// what an agent needs. Otherwise it shares the cgroup /init with PID 1.
	Alone bool
}

// Process is a command that was started.
type Process struct {
	id      int
	init    *control
	started chan event // one: started or failed
	pid     int
	copying sync.WaitGroup
	ended   chan struct{} // closed when status and err are set
	status  syscall.WaitStatus
	err     error
}

// Start starts a command on the host.
func (h *Host) Start(ctx context.Context, c Command) (*Process, error) {
	p, err := h.start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("hosts: start %q on %s: %w", c.Args, h.name, err)
	}
	return p, nil
}

func (h *Host) start(ctx context.Context, c Command) (*Process, error) {
	if h.init == nil {
		return nil, ErrHostDown
	}
	p := &Process{init: h.init, started: make(chan event, 1), ended: make(chan struct{})}
	files, err := p.stdio(c)
	defer closeAll(files)
	if err != nil {
		return nil, err
	}
	if p.id, err = h.init.add(p); err != nil {
		return nil, err
	}
	r := request{ID: p.id, Start: &start{Args: c.Args, Env: c.Env, Dir: c.Dir, Alone: c.Alone}}
	if r.Start.Dir == "" {
		r.Start.Dir = "/"
	}
	if len(r.Start.Env) == 0 {
		r.Start.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	}
	if err := h.init.ch.send(r, files...); err != nil {
		return nil, err
	}
	select {
	case e := <-p.started:
		p.pid = e.PID
		return p, e.failure()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Run runs a command on the host to its end and returns what it printed. An
// exit code other than 0 is an error that has the command's stderr.
func (h *Host) Run(ctx context.Context, args ...string) (string, error) {
	var out, msg bytes.Buffer
	p, err := h.Start(ctx, Command{Args: args, Stdout: &out, Stderr: &msg})
	if err != nil {
		return "", err
	}
	status, err := p.Wait(ctx)
	if err == nil && status != 0 {
		err = fmt.Errorf("wait status %#x: %s", uint32(status), bytes.TrimSpace(msg.Bytes()))
	}
	if err != nil {
		return out.String(), fmt.Errorf("hosts: run %q on %s: %w", args, h.name, err)
	}
	return out.String(), nil
}

// PID is the command's, as the host counts.
func (p *Process) PID() int { return p.pid }

// Signal signals the command's process group; one that has ended is left alone.
func (p *Process) Signal(sig syscall.Signal) error {
	return p.init.ch.send(request{ID: p.id, Signal: int(sig)})
}

// Wait returns how the command ended, once all it printed has been written.
// The error is [ErrHostDown] if its host went down.
func (p *Process) Wait(ctx context.Context) (syscall.WaitStatus, error) {
	select {
	case <-p.ended:
		return p.status, p.err
	case <-ctx.Done():
		return 0, fmt.Errorf("hosts: wait for command %d: %w", p.pid, context.Cause(ctx))
	}
}

// take notes what PID 1 told.
func (p *Process) take(e event) {
	switch e.Kind {
	case kindStarted:
		p.started <- e
		return
	case kindEnded:
		p.status = syscall.WaitStatus(e.Status)
	case kindFailed:
		p.err = e.failure()
		if e.Error == ErrHostDown.Error() {
			p.err = ErrHostDown
		}
		select {
		case p.started <- e: // it failed to start
		default:
		}
	}
	go func() { // processes that the command left behind may still print
		p.copying.Wait()
		close(p.ended)
	}()
}

// stdio returns the files that the command inherits, and starts copying what
// goes through pipes.
func (p *Process) stdio(c Command) ([]*os.File, error) {
	var files []*os.File
	in, err := p.reader(c.Stdin)
	if err != nil {
		return files, err
	}
	files = append(files, in)
	for _, w := range []io.Writer{c.Stdout, c.Stderr} {
		f, err := p.writer(w)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (p *Process) reader(r io.Reader) (*os.File, error) {
	if r == nil {
		return os.Open(os.DevNull)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() { // ends when all is read, or nobody reads
		_, _ = io.Copy(ours, r) // a command need not read what it is given
		_ = ours.Close()
	}()
	return theirs, nil
}

// writer makes the end of a pipe that a command writes to. Its other end is
// read to the end before Wait returns.
func (p *Process) writer(w io.Writer) (*os.File, error) {
	if w == nil {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.copying.Go(func() {
		_, _ = io.Copy(w, ours) // a writer that fails loses output, not the command
		_ = ours.Close()
	})
	return theirs, nil
}
