// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// fakeContainers are containers in which nothing runs: a test ends them.
type fakeContainers struct {
	started chan *fakeContainer // each one, as it starts
	fail    func(id string) error
	hang    bool // none starts until it is given up
	quick   bool // each ends with 0 as soon as it has started
	// stubborn is how often a Destroy fails before it works.
	stubborn int
	half     bool // a start fails, and leaves a container behind
}

func newFakes() *fakeContainers {
	return &fakeContainers{started: make(chan *fakeContainer, 10000), fail: func(string) error { return nil }}
}

func (f *fakeContainers) Start(ctx context.Context, id string, spec *specs.Spec, limits core.Limits, stdio agent.Stdio) (agent.Container, error) {
	if err := f.fail(id); err != nil {
		return nil, err
	}
	if f.hang {
		<-ctx.Done()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if stdio.Stdout == nil || stdio.Stderr == nil {
		return nil, fmt.Errorf("no output files: %+v", stdio)
	}
	c := &fakeContainer{id: id, spec: spec, limits: limits, ended: make(chan struct{}), signals: make(chan syscall.Signal, 16), stubborn: f.stubborn}
	if f.half {
		f.started <- c
		return nil, &agent.LeftoverError{Err: fmt.Errorf("cgroup.procs: device or resource busy"), Container: c}
	}
	if f.quick {
		c.end(core.Exit{})
		return c, nil
	}
	f.started <- c
	return c, nil
}

type fakeContainer struct {
	id      string
	spec    *specs.Spec
	signals chan syscall.Signal
	ended   chan struct{}
	// incomplete is Wait's error when the status is known.
	incomplete error

	mu        sync.Mutex
	limits    core.Limits
	exit      *core.Exit
	destroyed bool
	stubborn  int
	stuck     int // how often a Destroy hangs before it works
}

func (c *fakeContainer) Pid() int       { return 4242 }
func (c *fakeContainer) Cgroup() string { return "/sys/fs/cgroup/test/" + c.id }

func (c *fakeContainer) Update(_ context.Context, limits core.Limits) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = limits
	return nil
}

func (c *fakeContainer) Signal(sig syscall.Signal) error {
	c.signals <- sig
	return nil
}

func (c *fakeContainer) Wait(ctx context.Context) (core.Exit, *agent.Usage, error) {
	select {
	case <-c.ended:
		return *c.exit, fakeUsage(), c.incomplete
	case <-ctx.Done():
		return core.Exit{Unknown: ctx.Err().Error()}, nil, ctx.Err()
	}
}

func (c *fakeContainer) Usage() (*agent.Usage, error) { return fakeUsage(), nil }

func fakeUsage() *agent.Usage {
	return &agent.Usage{
		Statistics: &mesos.ResourceStatistics{Timestamp: new(1.0), CpusUserTimeSecs: new(2.5)},
		MemoryPeak: 12345,
	}
}

func (c *fakeContainer) Destroy(ctx context.Context) error {
	c.mu.Lock()
	if c.stuck > 0 {
		c.stuck--
		c.mu.Unlock()
		<-ctx.Done()
		return ctx.Err()
	}
	if c.stubborn > 0 {
		c.stubborn--
		c.mu.Unlock()
		return fmt.Errorf("cgroup.kill: still populated")
	}
	c.destroyed = true
	c.mu.Unlock()
	c.end(core.Exit{Status: syscall.WaitStatus(syscall.SIGKILL)})
	return nil
}

// end ends what runs in the container, if it has not ended.
func (c *fakeContainer) end(x core.Exit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.exit == nil {
		c.exit = &x
		close(c.ended)
	}
}

func (c *fakeContainer) isDestroyed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.destroyed
}

func (c *fakeContainer) limitsNow() core.Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limits
}
