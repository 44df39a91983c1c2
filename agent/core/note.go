// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "fmt"

// Note is a fact to be logged and counted. A core never logs.
type Note struct {
	Kind      NoteKind
	Framework FrameworkID
	Executor  ExecutorID
	Task      TaskID
	Container ContainerID
	From, To  string // of a transition; To alone is a task's new state
	Text      string // what a person should know besides
}

// NoteKind tells what a Note is about.
type NoteKind uint8

// The kinds of notes.
const (
	NoteRegistered       NoteKind = iota // the master knows the agent
	NoteLeaving                          // the master will not have the agent
	NoteGone                             // the agent was declared gone, and is about to end
	NoteStopping                         // the agent was told to stop
	NoteExecutor                         // an executor changed its state
	NoteTask                             // a task changed its state
	NoteUpdateResent                     // an update was not acknowledged in time
	NoteUpdateDuplicate                  // an update came twice and was dropped
	NoteUpdateDropped                    // an update was refused
	NoteAckIgnored                       // an acknowledgement fits no update in flight
	NoteMessageIgnored                   // a message has nobody to go to
	NoteLimitsFailed                     // the kernel did not take new limits
	NoteFrameworkRemoved                 // the last of a framework is gone
	NoteOperation                        // an operation on resources has ended
	NoteDraining                         // the agent is being emptied
	NoteDrained                          // nothing is left on it
	NoteMasterSilent                     // the master has not pinged in time
)

// String is a constant lower-case phrase, fit for a log.
func (k NoteKind) String() string {
	switch k {
	case NoteRegistered:
		return "registered with master"
	case NoteLeaving:
		return "told to leave by master"
	case NoteGone:
		return "declared gone by an operator"
	case NoteStopping:
		return "stopping"
	case NoteExecutor:
		return "executor changed state"
	case NoteTask:
		return "task changed state"
	case NoteUpdateResent:
		return "status update sent again"
	case NoteUpdateDuplicate:
		return "duplicate status update dropped"
	case NoteUpdateDropped:
		return "status update dropped"
	case NoteAckIgnored:
		return "acknowledgement ignored"
	case NoteMessageIgnored:
		return "message ignored"
	case NoteLimitsFailed:
		return "changing limits failed"
	case NoteFrameworkRemoved:
		return "framework gone"
	case NoteOperation:
		return "operation ended"
	case NoteDraining:
		return "draining"
	case NoteDrained:
		return "drained"
	case NoteMasterSilent:
		return "master not heard"
	default:
		return fmt.Sprintf("note %d", uint8(k))
	}
}
