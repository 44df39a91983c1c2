// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Exit is how a container ended.
type Exit struct {
	// Status is the wait status of the command. If process 1 was killed before it
	// could write that down, it is the wait status of process 1.
	Status syscall.WaitStatus
	// OOM is not nil if the kernel killed for memory. That, and no
	// signal number, is what tells.
	OOM *OOM
	// Usage is what the container had used in the end.
	Usage Usage
}

// OOM is what the cgroup says about a container that was killed for memory.
type OOM struct {
	Limit int64  // memory.max in bytes; 0 if there was no limit
	Peak  int64  // memory.peak in bytes; 0 before Linux 5.19
	Kills uint64 // processes killed
	// Outside is true if not the container's own limit was broken but that of
	// a cgroup above it, or the machine had no memory left.
	Outside bool
}

// String says it in words.
func (o *OOM) String() string {
	s := "killed for memory: limit " + strconv.FormatInt(o.Limit, 10) + " bytes, peak " + strconv.FormatInt(o.Peak, 10) + " bytes"
	if o.Outside {
		s = "killed because memory ran out outside of the container; its own limit of " +
			strconv.FormatInt(o.Limit, 10) + " bytes was kept, peak " + strconv.FormatInt(o.Peak, 10) + " bytes"
	}
	return s
}

// String says how the container ended, in words.
func (e *Exit) String() string {
	switch {
	case e.OOM != nil:
		return e.OOM.String()
	case e.Status.Signaled():
		return "ended by signal " + strconv.Itoa(int(e.Status.Signal())) + " (" + e.Status.Signal().String() + ")"
	}
	return "exited with status " + strconv.Itoa(e.Status.ExitStatus())
}

// Wait returns how the container ended, after every process in it is gone. Any
// number of callers may wait, also after Destroy. If ctx ends first, its cause
// is the error; ErrClosed means that the Isolator was closed. With
// ErrIncomplete the Exit has the status, and what else could be learnt; with any
// other error nothing is known.
func (c *Container) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-c.done:
		return c.exit, c.exitErr
	default:
	}
	select {
	case <-c.done:
		return c.exit, c.exitErr
	case <-ctx.Done():
		return Exit{}, context.Cause(ctx)
	}
}

// watch waits for process 1. The kernel lets it go only after all other
// processes of its PID namespace, so nothing that is read afterwards can change.
func (c *Container) watch() {
	defer close(c.done)
	status, rusage, err := c.proc.wait()
	if err != nil {
		c.exitErr = fmt.Errorf("isolator: wait for container %s: %w", c.id, err)
		if errors.Is(err, os.ErrClosed) {
			c.exitErr = ErrClosed
		}
		return
	}
	c.exit, err = c.autopsy(status, rusage)
	if err != nil {
		c.exitErr = fmt.Errorf("isolator: end of container %s: %w: %w", c.id, ErrIncomplete, err)
	}
}

// autopsy collects what the files say about a container that has ended.
func (c *Container) autopsy(status syscall.WaitStatus, rusage syscall.Rusage) (Exit, error) {
	e := Exit{Status: status}
	written, err1 := c.readStatus()
	if written != nil {
		e.Status = *written
	}
	if c.group == nil {
		e.Usage = usageOf(rusage)
		return e, err1
	}
	var err2, err3 error
	e.Usage, err2 = c.isolator.measure(c.id)
	if c.isolator.limits.memory {
		e.OOM, err3 = findOOM(c.group)
	}
	return e, errors.Join(err1, err2, err3)
}

// findOOM reads what happened in a group in which nothing lives any more. The
// counters begin at zero with the group.
func findOOM(g *group) (*OOM, error) {
	events, err := g.readFlat("memory.events")
	if err != nil || events["oom_kill"] == 0 {
		return nil, err
	}
	limit, err1 := g.readInt(memoryMax)
	peak, err2 := g.readOptionalInt(memoryPeak)
	return &OOM{
		Limit:   max(limit, 0),
		Peak:    peak,
		Kills:   events["oom_kill"],
		Outside: events["oom"] == 0,
	}, errors.Join(err1, err2)
}
