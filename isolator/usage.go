// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"syscall"
	"time"

	"github.com/containerd/cgroups/v3/cgroup2"
	"github.com/containerd/cgroups/v3/cgroup2/stats"
)

const (
	memoryPeak = "memory.peak" // since Linux 5.19
	pids       = "pids"        // enabled for accounting where it is offered
)

// Usage is what a container has used and uses, as its cgroup says. Of a
// controller that is not enabled the numbers are 0.
//
// Without cgroups it is zero as long as the container lives, and afterwards
// has the CPU times of what process 1 reaped and, as Memory.Peak, the largest
// resident set of one process among them.
type Usage struct {
	CPU       CPUUsage
	Memory    MemoryUsage
	Processes uint64 // processes and threads (pids.current)
}

// CPUUsage is cpu.stat.
type CPUUsage struct {
	Total, User, System time.Duration

	Periods       uint64        // in which the container had something to run; with Options.CFS
	Throttled     uint64        // periods in which it used up its quota
	ThrottledTime time.Duration // summed over all its processors
}

// MemoryUsage is in bytes.
type MemoryUsage struct {
	Current, Peak int64
	Limit         int64  // memory.max; 0 = no limit
	Anon          int64  // memory of processes
	File          int64  // page cache, tmpfs and shared memory
	Kernel        int64  // stacks and slab
	OOM           uint64 // how often the limit was met with nothing to reclaim
	OOMKills      uint64 // processes killed for memory
}

// Usage reads what the container uses. After its end it is what it had used then.
func (c *Container) Usage() (Usage, error) {
	select {
	case <-c.done:
		return c.exit.Usage, c.exitErr
	default:
	}
	if c.group == nil {
		return Usage{}, nil
	}
	u, err := c.isolator.measure(c.id)
	if err != nil {
		return u, fmt.Errorf("isolator: usage of container %s: %w", c.id, err)
	}
	return u, nil
}

// measure reads the cgroup of container id.
func (i *Isolator) measure(id string) (Usage, error) {
	m, err := cgroup2.Load("/"+id, cgroup2.WithMountpoint(i.tree.path))
	if err != nil {
		return Usage{}, err
	}
	got, err := m.StatFiltered(cgroup2.StatCPU | cgroup2.StatMemory | cgroup2.StatMemoryEvents | cgroup2.StatPids)
	if err != nil {
		return Usage{}, err
	}
	return usageFrom(got), nil
}

func usageFrom(m *stats.Metrics) Usage {
	u := Usage{
		CPU: CPUUsage{
			Total:         microseconds(m.GetCPU().GetUsageUsec()),
			User:          microseconds(m.GetCPU().GetUserUsec()),
			System:        microseconds(m.GetCPU().GetSystemUsec()),
			Periods:       m.GetCPU().GetNrPeriods(),
			Throttled:     m.GetCPU().GetNrThrottled(),
			ThrottledTime: microseconds(m.GetCPU().GetThrottledUsec()),
		},
		Memory: MemoryUsage{
			Current:  bytes(m.GetMemory().GetUsage()),
			Peak:     bytes(m.GetMemory().GetMaxUsage()),
			Limit:    bytes(m.GetMemory().GetUsageLimit()),
			Anon:     bytes(m.GetMemory().GetAnon()),
			File:     bytes(m.GetMemory().GetFile()),
			Kernel:   bytes(m.GetMemory().GetKernelStack() + m.GetMemory().GetSlab()),
			OOM:      m.GetMemoryEvents().GetOom(),
			OOMKills: m.GetMemoryEvents().GetOomKill(),
		},
		Processes: m.GetPids().GetCurrent(),
	}
	return u
}

func microseconds(n uint64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/uint64(time.Microsecond))) * time.Microsecond
}

// bytes converts a count of bytes; the library's word for "max" becomes 0.
func bytes(n uint64) int64 {
	if n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}

// usageOf is what is known of a container without cgroups after its end.
func usageOf(r syscall.Rusage) Usage {
	user, system := time.Duration(r.Utime.Nano()), time.Duration(r.Stime.Nano())
	return Usage{
		CPU:    CPUUsage{Total: user + system, User: user, System: system},
		Memory: MemoryUsage{Peak: r.Maxrss << 10},
	}
}

// readOptionalInt reads a number from a file that older kernels do not have; it is 0 then.
func (g *group) readOptionalInt(file string) (int64, error) {
	n, err := g.readInt(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return n, err
}
