// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "fmt"

// ExecutorState is where an executor is in its life.
//
//	fetching    -- fetched      --> starting
//	fetching    -- fetch failed --> terminated
//	fetching    -- stop         --> terminating
//	starting    -- started      --> registering
//	starting    -- start failed --> terminated
//	starting    -- stop         --> terminating
//	registering -- subscribed   --> running
//	registering -- stop         --> terminating
//	registering -- exited       --> terminating
//	running     -- stop         --> terminating
//	running     -- exited       --> terminating
//	terminating -- fetched      --> terminating
//	terminating -- fetch failed --> terminating
//	terminating -- started      --> terminating
//	terminating -- start failed --> terminating
//	terminating -- stop         --> terminating
//	terminating -- exited       --> terminating
//	terminating -- destroyed    --> terminated
//
// The executor of a command task subscribes as it starts. An executor that is
// terminating may still run, for its grace period; once it has exited it only
// waits for the rest of its container to be destroyed. A terminated executor
// is forgotten. A test holds this diagram against the table below.
type ExecutorState uint8

// The states, in the order in which they are passed through.
const (
	Fetching ExecutorState = iota
	Starting
	Registering
	Running
	Terminating
	Terminated
)

// String is the state's name in lower case.
func (s ExecutorState) String() string {
	names := [...]string{"fetching", "starting", "registering", "running", "terminating", "terminated"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("ExecutorState(%d)", uint8(s))
}

// event is what moves an executor from one state to another.
type event uint8

const (
	fetched event = iota
	fetchFailed
	started
	startFailed
	subscribed
	stop // it is to end: a shutdown, a timeout, nothing left to do
	exited
	destroyed
)

func (e event) String() string {
	return [...]string{
		"fetched", "fetch failed", "started", "start failed",
		"subscribed", "stop", "exited", "destroyed",
	}[e]
}

// transitions is the table of what may follow.
var transitions = map[ExecutorState]map[event]ExecutorState{
	Fetching:    {fetched: Starting, fetchFailed: Terminated, stop: Terminating},
	Starting:    {started: Registering, startFailed: Terminated, stop: Terminating},
	Registering: {subscribed: Running, stop: Terminating, exited: Terminating},
	Running:     {stop: Terminating, exited: Terminating},
	Terminating: {
		fetched: Terminating, fetchFailed: Terminating,
		started: Terminating, startFailed: Terminating,
		stop: Terminating, exited: Terminating, destroyed: Terminated,
	},
	Terminated: {},
}

// TransitionError is Step's error for an event that a state does not have.
type TransitionError struct {
	Container ContainerID
	From      ExecutorState
	Event     string
}

// Error names the container, its state and the event.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("core: container %s is %v: %q cannot happen now", e.Container, e.From, e.Event)
}
