// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import "fmt"

// State is where a command is in its life.
//
//	Pending    -- started    --> Running
//	Pending    -- stop       --> Ended
//	Pending    -- exited     --> Ended
//	Running    -- stop       --> Stopping
//	Running    -- exited     --> Ended
//	Stopping   -- grace over --> Destroying
//	Stopping   -- exited     --> Ended
//	Destroying -- exited     --> Ended
//
// stop is Kill, Shutdown, or the end of the task's max_completion_time. What a
// state has no arrow for is ignored there: a late or repeated event changes
// nothing. A test holds this diagram against the table below.
type State uint8

// The states, in the order in which they are passed through.
const (
	Pending    State = iota // nothing runs yet
	Running                 // the command has been exec'ed
	Stopping                // SIGTERM was sent, its grace period runs
	Destroying              // the container is being killed
	Ended                   // the terminal update is out
)

// String is the state's name, as in the diagram.
func (s State) String() string {
	switch s {
	case Pending:
		return "Pending"
	case Running:
		return "Running"
	case Stopping:
		return "Stopping"
	case Destroying:
		return "Destroying"
	case Ended:
		return "Ended"
	default:
		return fmt.Sprintf("State(%d)", uint8(s))
	}
}

// event is what moves a command from one state to another.
type event uint8

const (
	started event = iota
	stop
	graceOver
	exited
)

func (e event) String() string {
	return [...]string{"started", "stop", "grace over", "exited"}[e]
}

// next is the table of transitions. What is not in it is ignored.
var next = map[State]map[event]State{
	Pending:    {started: Running, stop: Ended, exited: Ended},
	Running:    {stop: Stopping, exited: Ended},
	Stopping:   {graceOver: Destroying, exited: Ended},
	Destroying: {exited: Ended},
	Ended:      {},
}
