// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"syscall"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/executor"
)

// Input is something that happened. The set is closed. A message in an input
// belongs to the core from then on.
type Input interface{ input() }

// LinkUp says that a connection to the master is open and nothing was sent on
// it. The core answers with Register.
type LinkUp struct{}

// LinkDown says that the connection to the master is gone.
type LinkDown struct{}

// FromMaster is a message of the master, in the order of the link.
type FromMaster struct{ Message *link.FromMaster }

// ExecutorCall is a call on an executor's connection. The shell has checked
// that it obeys executor.Validate and that the caller holds the token of
// Container.
type ExecutorCall struct {
	Conn      ConnID
	Container ContainerID
	Call      *executor.Call
}

// ConnClosed says that an executor's connection is gone.
type ConnClosed struct{ Conn ConnID }

// Fetched says that the sandbox is made and the URIs are in it: Launch is done.
type Fetched struct{ Container ContainerID }

// FetchFailed says that Launch failed and nothing but the sandbox is left.
// Message names the cause, for the framework to read.
type FetchFailed struct {
	Container ContainerID
	Message   string
}

// Started says that Start is done: the command runs.
type Started struct {
	Container ContainerID
	Pid       uint32 // of PID 1 of the container, as the host sees it
}

// StartFailed says that Start failed and nothing but the sandbox is left.
// Message names the cause, for the framework to read.
type StartFailed struct {
	Container ContainerID
	Message   string
}

// Exited says that PID 1 of a container has ended, and with it every process
// in the container.
type Exited struct {
	Container ContainerID
	Exit      Exit
}

// LimitsUpdated answers Update. Problem is empty when the kernel has the new
// limits.
type LimitsUpdated struct {
	Container ContainerID
	Problem   string
}

// VolumesChanged answers MakeVolumes and RemoveVolumes: all of it is done, or none
// if there is a Problem.
type VolumesChanged struct {
	Operation string
	Problem   string // for people to read
}

// Preempt says that a container is to end at once, because what it uses is needed
// otherwise.
type Preempt struct{ Container ContainerID }

// Destroyed answers Destroy: nothing of the container is left but its sandbox.
// If the container had started, its Exited came before.
type Destroyed struct{ Container ContainerID }

// Tick says that the time of Deadline has come.
type Tick struct{}

// Stop ends the agent: every executor is shut down, and no task is accepted
// any more. Stopped tells when all is over. Whatever grace an executor or a
// command would have, it is destroyed after Grace. A further Stop can only
// shorten that.
type Stop struct{ Grace time.Duration }

func (LinkUp) input()         {}
func (LinkDown) input()       {}
func (FromMaster) input()     {}
func (ExecutorCall) input()   {}
func (ConnClosed) input()     {}
func (Fetched) input()        {}
func (FetchFailed) input()    {}
func (Started) input()        {}
func (StartFailed) input()    {}
func (Exited) input()         {}
func (LimitsUpdated) input()  {}
func (VolumesChanged) input() {}
func (Preempt) input()        {}
func (Destroyed) input()      {}
func (Tick) input()           {}
func (Stop) input()           {}

// Exit is how a container ended.
type Exit struct {
	Status  syscall.WaitStatus // of the command, if it is known
	Unknown string             // why the status is not known; empty when it is
	OOM     *OOM               // set when the kernel killed it for its memory
}

// Code is the status as link.ExecutorExited carries it: wait(2), or -1.
func (e Exit) Code() int32 {
	if e.Unknown != "" {
		return -1
	}
	return int32(e.Status)
}

// OOM tells of a container that the kernel killed for memory. Sizes are in
// bytes.
type OOM struct {
	Limit int64
	Peak  int64  // 0 if the kernel does not tell
	Kills uint64 // processes that the kernel killed
	// Outside tells that it was not the container's own limit: the host, or a
	// group of containers, had no memory left.
	Outside bool
}
