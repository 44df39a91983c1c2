// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"syscall"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

// Ready is what has accumulated since the last Ready. The shell handles the
// fields in this order, and each of them from first to last. (When the agent
// remembers its state across a restart, what is to be durable before the rest
// leaves the process comes first.)
type Ready struct {
	Send  []Message // to the master and to executors
	Do    []Action  // on containers
	Notes []Note    // to be logged and counted
}

// Message is something to be sent, or the end of a connection. The set is
// closed. The messages inside are shared with the core and are read-only.
type Message interface{ message() }

// ToMaster goes over the link. Without a link it does not come out of Ready.
type ToMaster struct{ Message *link.FromAgent }

// ToExecutor is an event for an executor.
type ToExecutor struct {
	Conn  ConnID
	Event *executor.Event
}

// Hangup ends an executor's connection after what was sent before.
type Hangup struct {
	Conn   ConnID
	Code   Code
	Reason string
}

// Unlink ends the connection to the master; the shell opens another.
type Unlink struct{ Reason string }

func (ToMaster) message()   {}
func (ToExecutor) message() {}
func (Hangup) message()     {}
func (Unlink) message()     {}

// Action is something to be done with a container or with volumes. The set is
// closed. Actions on one container are carried out in order, those on several at
// the same time. Those on volumes are carried out in order, and before any mount
// of an action that comes after them.
type Action interface{ action() }

// Launch makes the sandbox of a new container and fetches its URIs. It is
// answered by Fetched or FetchFailed.
type Launch struct {
	Container ContainerID
	Agent     string
	Framework FrameworkID
	Executor  ExecutorID         // the task's id for a command task
	User      string             // who the command runs as
	Command   *mesos.CommandInfo // what to fetch and to run
	// Custom tells that the command is an executor, which will connect to the
	// agent; otherwise it is a task.
	Custom        bool
	Checkpoint    bool          // as its framework wants it
	ShutdownGrace time.Duration // what the executor is told of its grace period
}

// Start starts what was launched, under these limits and with these mounts. It is
// answered by Started or StartFailed; after Started, Exited comes without being
// asked for.
type Start struct {
	Container ContainerID
	Limits    Limits
	Mounts    []Mount
}

// Update changes the limits of a started container, and what of the host's volumes
// it sees: first what goes, then what comes. It is answered by LimitsUpdated,
// unless Destroy comes first.
type Update struct {
	Container        ContainerID
	Limits           Limits
	Mounts, Unmounts []Mount
}

// Signal goes to the process group of the container's command. It has no
// answer: what it brings about, if anything, is the container's end.
type Signal struct {
	Container ContainerID
	Sig       syscall.Signal
}

// Destroy ends the container, whatever it is doing, even fetching. It is
// answered by Destroyed, however often it must be tried.
type Destroy struct{ Container ContainerID }

// Forget says that the core has no more to do with the container. It is the
// last action on it, and has no answer. Last tells what it was.
type Forget struct {
	Container ContainerID
	Last      Container
}

// MakeVolumes makes the directories of new persistent volumes, which must not be
// there yet. It is answered by VolumesChanged.
type MakeVolumes struct {
	Operation string // what is to be named in the answer
	Volumes   []resource.VolumeID
}

// RemoveVolumes destroys persistent volumes with all that is in them. It is
// answered by VolumesChanged.
type RemoveVolumes struct {
	Operation string // what is to be named in the answer
	Volumes   []resource.VolumeID
}

func (MakeVolumes) action()   {}
func (RemoveVolumes) action() {}

func (Launch) action()  {}
func (Start) action()   {}
func (Update) action()  {}
func (Signal) action()  {}
func (Destroy) action() {}
func (Forget) action()  {}
