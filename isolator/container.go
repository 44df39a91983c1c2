// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cleanupTime bounds how long a failed start may take to remove what it made.
const cleanupTime = 10 * time.Second

// Container is a started container. It outlives the process that started it.
// Its methods may be called concurrently.
type Container struct {
	isolator *Isolator
	id       string

	// gate is held by whoever changes the container: Update, Destroy.
	gate      chan struct{}
	limits    Limits // as last applied
	destroyed bool

	folder bool   // the folder in the runtime directory is ours
	parent *group // what group is in: the tree, or that of an earlier process; nil without cgroups
	group  *group // nil without cgroups
	leaf   *group // nil without cgroups
	proc   *process

	done    chan struct{} // closed after exit and exitErr have been set
	exit    Exit
	exitErr error
}

// ID returns the name that the container was started with.
func (c *Container) ID() string { return c.id }

// Pid returns the process id of the container's process 1 on the host.
func (c *Container) Pid() int { return c.proc.pid }

// Cgroup returns the directory of the cgroup with the container's limits, or
// "" without cgroups.
func (c *Container) Cgroup() string {
	if c.group == nil {
		return ""
	}
	return c.group.path
}

// start makes the container. It returns a *StartError without its ID, and
// leaves what it has made to abandon.
func (c *Container) start(ctx context.Context, p *plan, stdio Stdio) error {
	status, err := c.makeStatus()
	if err != nil {
		return &StartError{Step: StepStatus, Err: err}
	}
	defer status.Close()
	signals, err := c.makeSignals()
	if err != nil {
		return &StartError{Step: StepStatus, Err: err}
	}
	defer signals.Close()
	if err := c.makeCgroup(); err != nil {
		return err
	}
	proc, control, err := c.isolator.launch(p, c.leaf, stdio, status, signals)
	if err != nil {
		return &StartError{Step: StepClone, Err: err}
	}
	defer control.Close()
	c.proc = proc
	c.isolator.waiting.Go(c.watch)
	return handshake(ctx, control, &p.init)
}

// makeCgroup makes the group with the limits, and in it the leaf for the processes.
func (c *Container) makeCgroup() (err error) {
	if c.isolator.tree == nil {
		return nil
	}
	c.parent = c.isolator.tree.group
	if c.group, err = c.parent.make(c.id); err != nil {
		return &StartError{Step: StepCgroup, Err: existing(err)}
	}
	if err := c.noteCgroup(); err != nil {
		return &StartError{Step: StepStatus, Err: err}
	}
	if err := c.isolator.limits.first(c.group, c.limits); err != nil {
		return &StartError{Step: StepLimits, Err: err}
	}
	if c.leaf, err = c.group.make(leafName); err != nil {
		return &StartError{Step: StepCgroup, Err: err}
	}
	return nil
}

// abandon removes what a failed start has made, whatever has become of ctx.
func (c *Container) abandon(ctx context.Context, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	cleanup := c.Destroy(ctx)
	var e *StartError
	if !errors.As(failed, &e) {
		e = &StartError{Step: StepInit, Err: failed}
	}
	if e.ID, e.Cleanup = c.id, cleanup; cleanup != nil {
		e.Left = c
	}
	if errors.Is(e.Err, errSilent) && cleanup == nil {
		e.Err = fmt.Errorf("%w: %v", errSilent, &c.exit)
	}
	return e
}

// Update changes the limits: it writes them and reads them back. A shrink of the
// memory below what is in use first reclaims; a *LimitError for memory.max means
// that it was refused and the old one holds, while the CPU's limits are the new
// ones. Without cgroups it does nothing.
func (c *Container) Update(ctx context.Context, limits Limits) error {
	if err := limits.check(); err != nil {
		return fmt.Errorf("isolator: update container %s: %w", c.id, err)
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return fmt.Errorf("isolator: update container %s: %w", c.id, err)
	}
	defer unlock()
	if c.destroyed {
		return fmt.Errorf("isolator: update container %s: %w", c.id, ErrEnded)
	}
	if c.group == nil {
		return nil
	}
	if err := c.isolator.limits.change(c.group, limits); err != nil {
		return fmt.Errorf("isolator: update container %s: %w", c.id, err)
	}
	c.limits = limits
	return nil
}

// lock takes the gate, or gives up when ctx ends.
func (c *Container) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case c.gate <- struct{}{}:
		return func() { <-c.gate }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// letGo stops waiting for the container, which lives on.
func (c *Container) letGo() error {
	var errs []error
	if c.proc != nil {
		errs = append(errs, c.proc.close())
	}
	if c.leaf != nil {
		errs = append(errs, c.leaf.close())
	}
	if c.group != nil {
		errs = append(errs, c.group.close())
	}
	return errors.Join(errs...)
}
