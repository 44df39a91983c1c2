// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/fetcher"
)

// How many containers may be in a stage that costs the host much, at the same
// time. The others wait, in order.
const (
	maxPreparing  = 8
	maxFetching   = 8
	maxStarting   = 8
	maxDestroying = 16
	// maxFetchingEach is for one framework: a fetch may take long.
	maxFetchingEach = 4
)

// The most that a stage may take, of a container that has its turn.
const (
	fetchTimeout   = time.Hour
	startTimeout   = time.Minute
	destroyTimeout = 30 * time.Second // then it is tried again
)

// within does one stage with a bound on its time, and says so if it was reached.
func within(ctx context.Context, limit time.Duration, stage string, do func(context.Context) error) error {
	timeout := fmt.Errorf("not %s within %v", stage, limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, timeout)
	defer cancel()
	err := do(ctx)
	if err != nil && context.Cause(ctx) == timeout {
		return fmt.Errorf("%w: %w", timeout, err)
	}
	return err
}

// tools is what all workers share.
type tools struct {
	containers Containers
	sandboxes  *sandboxes
	volumes    *volumes
	env        environment
	callers    *callers
	fetch      []string // the command that fetches
	home       string   // where relative URIs start
	switchUser bool

	preparing, starting, destroying *semaphore.Weighted
	fetching                        *shares

	workers sync.WaitGroup
}

func newTools(cfg *Config, boxes *sandboxes, env environment, calls *callers) *tools {
	return &tools{
		containers: cfg.Isolator,
		sandboxes:  boxes,
		env:        env,
		callers:    calls,
		fetch:      cfg.FetchCommand,
		home:       cfg.FrameworksHome,
		switchUser: cfg.SwitchUser,
		preparing:  semaphore.NewWeighted(maxPreparing),
		fetching:   newShares(maxFetching, maxFetchingEach),
		starting:   semaphore.NewWeighted(maxStarting),
		destroying: semaphore.NewWeighted(maxDestroying),
	}
}

// prepare makes the sandbox of a launch and fetches its URIs as its user.
func (t *tools) prepare(ctx context.Context, l *core.Launch) (*sandbox, error) {
	box, err := t.makeSandbox(ctx, l)
	if err != nil {
		return nil, err
	}
	if len(l.Command.GetUris()) == 0 {
		return box, nil
	}
	if err := t.fetchInto(ctx, box, l); err != nil {
		box.close()
		return nil, err
	}
	return box, nil
}

func (t *tools) makeSandbox(ctx context.Context, l *core.Launch) (*sandbox, error) {
	if err := t.preparing.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer t.preparing.Release(1)
	who, err := t.identify(l.User)
	if err != nil {
		return nil, err
	}
	return t.sandboxes.create(l, who)
}

func (t *tools) fetchInto(ctx context.Context, box *sandbox, l *core.Launch) error {
	release, err := t.fetching.acquire(ctx, l.Framework)
	if err != nil {
		return err
	}
	defer release()
	r := fetcher.Request{
		Sandbox:        box.path,
		FrameworksHome: t.home,
		UID:            int(box.owner.uid),
		GID:            int(box.owner.gid),
		Keep:           []string{stdoutName, stderrName},
	}
	for _, u := range l.Command.GetUris() {
		r.URIs = append(r.URIs, fetcher.URI{
			Value:      u.GetValue(),
			Executable: u.GetExecutable(),
			Extract:    u.GetExtract(),
			Cache:      u.GetCache(),
			OutputFile: u.GetOutputFile(),
		})
	}
	return within(ctx, fetchTimeout, "fetched", func(ctx context.Context) error {
		return fetcher.Spawn(ctx, t.fetch, r)
	})
}

// start starts the command of a launch in its sandbox.
func (t *tools) start(ctx context.Context, l *core.Launch, box *sandbox, limits core.Limits) (Container, error) {
	env, err := t.env.of(l, box.path)
	if err != nil {
		return nil, err
	}
	if err := t.starting.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer t.starting.Release(1)
	var c Container
	err = within(ctx, startTimeout, "started", func(ctx context.Context) (err error) {
		c, err = t.containers.Start(ctx, string(l.Container), newSpec(l, box, env), limits,
			Stdio{Stdout: box.stdout, Stderr: box.stderr})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("starting the container: %w", err)
	}
	return c, nil
}

func (t *tools) destroy(ctx context.Context, c Container) error {
	if err := t.destroying.Acquire(ctx, 1); err != nil {
		return err
	}
	defer t.destroying.Release(1)
	return within(ctx, destroyTimeout, "destroyed", c.Destroy)
}
