// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// Ready is what has accumulated since the Ready before. Its slices are the
// core's again at the next call of Ready.
//
// The order of the fields is a contract.
type Ready struct {
	// Persist must be durable, all of it or nothing, before anything below leaves
	// the process: a master that could not write it must end without a word.
	Persist []Record
	// Send is to be sent, in order for each connection.
	Send []Message
	// Replies answer who called.
	Replies []Reply
	// Notes are to be logged and counted: a core never logs.
	Notes []Note
}

// Message is for one connection: an event for a scheduler, a message for an
// agent, or the end of the connection. Exactly one of Event, Down and Close is
// set.
type Message struct {
	Conn  ConnID
	Event *scheduler.Event
	Down  *link.FromMaster
	// Close asks the shell to send what precedes and then end the connection,
	// which the core has already forgotten. The shell steps nothing of it any
	// more.
	Close Close
}

// Reply answers an OperatorCall or an ExplainCall. Err is set when the call has no
// effect; Response is nil for a call that is done and has nothing to tell.
type Reply struct {
	Request     RequestID
	Response    *master.Response
	Explanation *link.ExplainResponse
	Err         *Error
}

// Close is the way a connection ends.
type Close uint8

// The ways in which the core ends a connection.
const (
	CloseNot      Close = iota // the connection goes on
	CloseDone                  // the last message said why
	CloseReplaced              // the same peer, or one in its place, opened another connection
	CloseSilent                // the peer answered nothing for too long
)

// Level is how much an operator wants to know of a Note.
type Level uint8

// Levels of notes, in the meaning of log/slog.
const (
	Debug Level = iota // a transition
	Info               // a fact of life
	Warn               // degraded, but handled
)

// Note tells one thing that happened. Fields that do not apply are empty.
type Note struct {
	Level Level
	// Event says what happened, in a few constant words.
	Event     string
	Framework FrameworkID
	Agent     AgentID
	Task      TaskID
	Executor  ExecutorID
	Offer     OfferID
	// Detail is the part that varies: a state, a reason, an error.
	Detail string
}

// note keeps a note for the next Ready.
func (c *Core) note(n Note) { c.out.Notes = append(c.out.Notes, n) }

// toFramework sends an event to the framework's scheduler, if it is connected.
func (c *Core) toFramework(f *framework, e *scheduler.Event) bool {
	if f.conn == 0 {
		return false
	}
	c.out.Send = append(c.out.Send, Message{Conn: f.conn, Event: e})
	return true
}

// toAgent sends a message to the agent, if it is connected.
func (c *Core) toAgent(a *agent, m *link.FromMaster) bool {
	if a.conn == 0 {
		return false
	}
	c.out.Send = append(c.out.Send, Message{Conn: a.conn, Down: m})
	return true
}

// close ends a connection.
func (c *Core) close(conn ConnID, way Close) {
	c.out.Send = append(c.out.Send, Message{Conn: conn, Close: way})
	c.closed[conn] = struct{}{}
}

func (c *Core) isClosed(conn ConnID) bool {
	_, ok := c.closed[conn]
	return ok
}

// refuse answers a connection that is not, or no longer, a framework's with an
// ERROR event, and ends it.
func (c *Core) refuse(conn ConnID, text string) {
	c.out.Send = append(c.out.Send, Message{Conn: conn, Event: errorEvent(text)})
	c.close(conn, CloseDone)
}
