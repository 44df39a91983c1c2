// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"os"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// Containers starts containers. Calls may come from several goroutines at
// once, for different ids.
type Containers interface {
	// Start returns when the spec's command has been exec'ed in the new
	// container; on an error, or when ctx ends first, nothing of it is left, but
	// for what a *LeftoverError has.
	Start(ctx context.Context, id string, spec *specs.Spec, limits core.Limits, stdio Stdio) (Container, error)
}

// LeftoverError is Start's error when not all that it had made could be removed.
type LeftoverError struct {
	Err       error     // why the start failed, and the removal
	Container Container // whose Destroy removes the rest
}

// Error is that of the start.
func (e *LeftoverError) Error() string { return e.Err.Error() }

// Unwrap returns why the start failed.
func (e *LeftoverError) Unwrap() error { return e.Err }

// Container is a container that was started. Its methods may be called from
// several goroutines at once, also after it has ended.
type Container interface {
	Pid() int       // of PID 1, as the host sees it
	Cgroup() string // directory; empty without one
	// Update returns when the kernel has the new limits.
	Update(ctx context.Context, limits core.Limits) error
	// Signal goes to the process group of the command.
	Signal(sig syscall.Signal) error
	// Wait returns when PID 1, and so every process of the container, has
	// ended. The usage is as it was at the end, nil if it is not known. An
	// error says what is not known; if that is the status, Exit.Unknown does.
	Wait(ctx context.Context) (core.Exit, *Usage, error)
	// Usage reads the container's counters.
	Usage() (*Usage, error)
	// Destroy kills what still runs and takes the container away. It may be
	// repeated after an error, also that ctx has ended first.
	Destroy(ctx context.Context) error
}

// Stdio are the open files of a command; nil means /dev/null. They stay the
// caller's to close.
type Stdio struct{ Stdin, Stdout, Stderr *os.File }

// Usage is what a container has used, as its cgroup's files say.
type Usage struct {
	Statistics *mesos.ResourceStatistics
	MemoryPeak uint64 // bytes; 0 if the kernel does not tell
}
