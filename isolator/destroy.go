// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	cgroupKill   = "cgroup.kill"
	cgroupEvents = "cgroup.events"

	// The last step of a process out of its cgroup has no end that one could
	// wait for, so it is asked for, first often, then seldom.
	firstPoll = 200 * time.Microsecond
	lastPoll  = 50 * time.Millisecond
)

// Destroy kills every process of the container and removes what was made for it:
// cgroups, exit status, descriptors. It returns when nothing is left. It may be called at
// any time and again: after an error it carries on where it had to stop. If
// ctx ends first the error says what is still there.
func (c *Container) Destroy(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return fmt.Errorf("isolator: destroy container %s: %w", c.id, err)
	}
	defer unlock()
	if c.destroyed {
		return nil
	}
	for _, step := range []func(context.Context) error{c.kill, c.awaitEnd, c.removeCgroup, c.removeStatus} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("isolator: destroy container %s: %w", c.id, err)
		}
	}
	c.destroyed = true
	c.isolator.unregister(c.id)
	if err := c.letGo(); err != nil {
		return fmt.Errorf("isolator: destroy container %s: %w", c.id, err)
	}
	return nil
}

// kill ends all processes at once: those of the cgroup, forks in flight
// included, and those of the PID namespace, by the end of its process 1. Either
// may miss some: a container's root may have moved processes to another cgroup.
func (c *Container) kill(context.Context) error {
	if c.group != nil {
		if err := c.group.write(cgroupKill, "1"); err != nil && !gone(err) && c.proc == nil {
			return err
		}
	}
	if c.proc == nil {
		return nil
	}
	if err := c.proc.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process 1: %w", err)
	}
	return nil
}

// awaitEnd waits for the end of process 1 and with it of its namespace.
func (c *Container) awaitEnd(ctx context.Context) error {
	if c.proc == nil {
		return nil
	}
	select {
	case <-c.done:
		if errors.Is(c.exitErr, ErrClosed) {
			return ErrClosed
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("killed, but %s: %w", c.alive(), context.Cause(ctx))
	}
}

// removeCgroup removes the leaf and the group. If something else is there,
// made by a container that could write to the cgroup file system, it goes too.
func (c *Container) removeCgroup(ctx context.Context) error {
	if c.group == nil {
		return nil
	}
	for wait := firstPoll; ; wait = min(2*wait, lastPoll) {
		err := c.tryRemove()
		if err == nil || gone(err) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove cgroup %s: %w: %s: %w", c.group.path, err, c.alive(), context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// tryRemove removes the container's groups from the bottom up, unless there
// are still processes in one of them.
func (c *Container) tryRemove() error {
	events, err := c.group.readFlat(cgroupEvents)
	if err != nil {
		return err
	}
	if events["populated"] != 0 {
		return errors.New("it still has processes")
	}
	if err := c.group.remove(leafName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, c.group.removeBelow())
	}
	if err := c.parent.remove(c.id); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, c.group.removeBelow())
	}
	return nil
}

// removeBelow removes all groups below g, from the bottom up.
func (g *group) removeBelow() error {
	names, err := g.children()
	errs := []error{err}
	for _, name := range names {
		child, err := g.child(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, child.removeBelow(), child.close(), g.remove(name))
	}
	return errors.Join(errs...)
}

func (c *Container) removeStatus(context.Context) error {
	if !c.folder {
		return nil // somebody else's, if there is one
	}
	return c.isolator.runtime.RemoveAll(c.id)
}

// alive says which processes are left.
func (c *Container) alive() string {
	if c.leaf == nil {
		return "process 1 has not ended"
	}
	procs, err := c.leaf.read(cgroupProcs)
	if err != nil || procs == "" {
		return "a process has not quite ended"
	}
	return "processes " + strings.Join(strings.Fields(procs), ", ") + " are still there"
}

// gone tells whether an error means that the cgroup is not there any more.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV)
}
