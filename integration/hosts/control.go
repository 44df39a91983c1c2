// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"github.com/tepui/tepui/integration/kernel"
	"golang.org/x/sys/unix"
)

// control is the test's side of a host's PID 1.
type control struct {
	cmd   *exec.Cmd
	ch    channel
	ready chan error    // one value: PID 1 is ready, or why not
	ended chan struct{} // closed when PID 1 has been waited for and no event comes any more

	mu        sync.Mutex
	next      int
	processes map[int]*Process // nil when no event comes any more
}

// startInit starts a host's PID 1 in its cgroup and in namespaces of its own.
func startInit(g kernel.Group, m machine) (*control, error) {
	config, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	defer theirs.Close()
	ch, err := newChannel(os.NewFile(uintptr(fds[0]), "control"))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), enterVariable + "=" + string(config)}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	c := &control{
		cmd: cmd, ch: ch, ready: make(chan error, 1), ended: make(chan struct{}),
		next: 1, processes: map[int]*Process{},
	}
	if err := c.start(g); err != nil {
		return nil, errors.Join(err, ch.conn.Close())
	}
	return c, nil
}

// start starts PID 1 and the goroutine that attends to it.
func (c *control) start(g kernel.Group) error {
	started := make(chan error)
	go func() {
		// Pdeathsig comes when the thread ends that started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := g.Start(c.cmd)
		started <- err
		if err != nil {
			return
		}
		defer close(c.ended)
		c.dispatch()
		_ = c.cmd.Wait() // killed, as hosts end
	}()
	return <-started
}

// dispatch passes on what PID 1 tells until it has gone.
func (c *control) dispatch() {
	for {
		var e event
		files, err := c.ch.receive(&e)
		closeAll(files)
		if err != nil {
			c.gone(err)
			return
		}
		if e.ID == 0 {
			c.ready <- e.failure()
			continue
		}
		c.mu.Lock()
		p := c.processes[e.ID]
		if e.Kind == kindEnded || e.Kind == kindFailed {
			delete(c.processes, e.ID)
		}
		c.mu.Unlock()
		if p != nil {
			p.take(e)
		}
	}
}

func (e event) failure() error {
	if e.Error == "" {
		return nil
	}
	return errors.New(e.Error)
}

// gone ends every process: PID 1 will not tell how they ended.
func (c *control) gone(cause error) {
	if errors.Is(cause, io.EOF) {
		cause = ErrHostDown
	}
	c.mu.Lock()
	left := c.processes
	c.processes = nil
	c.mu.Unlock()
	for _, p := range left {
		p.take(event{Kind: kindFailed, Error: cause.Error()})
	}
	select {
	case c.ready <- cause:
	default:
	}
}

func (c *control) awaitReady(ctx context.Context) error {
	select {
	case err := <-c.ready:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for PID 1: %w", context.Cause(ctx))
	}
}

// close waits for a PID 1 that was killed.
func (c *control) close() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-c.ended
	return c.ch.conn.Close()
}

// add gives a process its ID.
func (c *control) add(p *Process) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.processes == nil {
		return 0, ErrHostDown
	}
	id := c.next
	c.next++
	c.processes[id] = p
	return id, nil
}
