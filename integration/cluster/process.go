// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopPatience is how long a daemon may take from SIGTERM to its end: the grace
// periods of its executors and some more, on an emulated machine.
const stopPatience = 60 * time.Second

// Bin is the folder of the programs under test.
func Bin() string {
	if dir := os.Getenv("TEPUI_BIN"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "bin")
}

// Process is a program that runs, with all that it has written.
type Process struct {
	name string
	cmd  *exec.Cmd
	out  output
	done chan struct{} // closed when it has ended
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Run starts a program of Bin with its arguments, and env added to our own
// environment; on a systemd host, in a scope of its own.
func Run(program string, args, env []string) (*Process, error) {
	path, err := filepath.Abs(filepath.Join(Bin(), program))
	if err != nil {
		return nil, err
	}
	argv := scoped(append([]string{path}, args...))
	p := &Process{name: program, cmd: exec.Command(argv[0], argv[1:]...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cluster: start %s: %w", path, err)
	}
	go func() {
		defer close(p.done)
		// How it ended is in ProcessState, which all who wait for done read.
		_ = p.cmd.Wait()
	}()
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is all that the process has written so far, stdout and stderr.
func (p *Process) Output() string { return p.out.String() }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitCode is the process's exit status once it is done, -1 if a signal ended it.
func (p *Process) ExitCode() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Stop asks the process to end and waits until it has; one that takes too long
// is killed, which is an error.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
		return errors.Join(fmt.Errorf("cluster: %s did not end within %s of SIGTERM", p.name, stopPatience), p.Kill())
	}
}

// Kill ends the process with SIGKILL and waits for it.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	<-p.done
	return err
}
