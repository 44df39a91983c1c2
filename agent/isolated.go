// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/isolator"
)

// Isolated makes the containers of an isolator those of an agent.
func Isolated(i *isolator.Isolator) Containers { return isolated{i} }

type isolated struct{ isolator *isolator.Isolator }

func (i isolated) Start(ctx context.Context, id string, spec *specs.Spec, limits core.Limits, stdio Stdio) (Container, error) {
	c, err := i.isolator.Start(ctx, id, spec, isolator.Limits(limits), isolator.Stdio(stdio))
	if failed, ok := errors.AsType[*isolator.StartError](err); ok && failed.Left != nil {
		return nil, &LeftoverError{err, isolatedContainer{failed.Left}}
	}
	if err != nil {
		return nil, err
	}
	return isolatedContainer{c}, nil
}

type isolatedContainer struct{ *isolator.Container }

func (c isolatedContainer) Update(ctx context.Context, limits core.Limits) error {
	return c.Container.Update(ctx, isolator.Limits(limits))
}

func (c isolatedContainer) Wait(ctx context.Context) (core.Exit, *Usage, error) {
	exit, err := c.Container.Wait(ctx)
	return exitOf(exit, err), usage(&exit.Usage), err
}

// exitOf says how a container ended, of which the error says what is not known.
func exitOf(exit isolator.Exit, err error) core.Exit {
	out := core.Exit{Status: exit.Status}
	if err != nil && !errors.Is(err, isolator.ErrIncomplete) {
		out.Unknown = err.Error()
	}
	if o := exit.OOM; o != nil {
		out.OOM = &core.OOM{Limit: o.Limit, Peak: o.Peak, Kills: o.Kills, Outside: o.Outside}
	}
	return out
}

func (c isolatedContainer) Usage() (*Usage, error) {
	u, err := c.Container.Usage()
	if err != nil {
		return nil, err
	}
	return usage(&u), nil
}

// usage says in the terms of Mesos what a container has used.
func usage(u *isolator.Usage) *Usage {
	s := &mesos.ResourceStatistics{
		Timestamp:             new(float64(time.Now().UnixNano()) / 1e9),
		Threads:               new(uint32(u.Processes)), // pids.current counts threads
		CpusUserTimeSecs:      new(u.CPU.User.Seconds()),
		CpusSystemTimeSecs:    new(u.CPU.System.Seconds()),
		CpusNrPeriods:         new(uint32(u.CPU.Periods)),
		CpusNrThrottled:       new(uint32(u.CPU.Throttled)),
		CpusThrottledTimeSecs: new(u.CPU.ThrottledTime.Seconds()),
		MemTotalBytes:         bytes(u.Memory.Current),
		MemRssBytes:           bytes(u.Memory.Anon),
		MemAnonBytes:          bytes(u.Memory.Anon),
		MemFileBytes:          bytes(u.Memory.File),
		MemCacheBytes:         bytes(u.Memory.File),
		MemKmemUsageBytes:     bytes(u.Memory.Kernel),
	}
	if u.Memory.Limit > 0 {
		s.MemLimitBytes = bytes(u.Memory.Limit)
	}
	return &Usage{Statistics: s, MemoryPeak: uint64(max(0, u.Memory.Peak))}
}

func bytes(n int64) *uint64 { return new(uint64(max(0, n))) }
