// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// Input is something that happened outside: one of Call, SchedulerClosed,
// AgentMessage, AgentClosed, OperatorCall, ExplainCall and Tick.
type Input interface{ input() }

// Call is a scheduler's call. The first on a connection must be SUBSCRIBE.
type Call struct {
	Conn ConnID
	Call *scheduler.Call
}

// SchedulerClosed tells that a scheduler's connection is gone. A connection
// that the core itself closed may be reported or not.
type SchedulerClosed struct {
	Conn ConnID
	// Cut tells that it was the shell that ended it, because the scheduler did
	// not read.
	Cut bool
}

// AgentMessage is a message of an agent. The first on a connection must be
// register.
type AgentMessage struct {
	Conn    ConnID
	Address string // IP of the agent as the master sees it, for the offers' URL
	Message *link.FromAgent
}

// AgentClosed tells that an agent's connection is gone, as SchedulerClosed does.
type AgentClosed struct{ Conn ConnID }

// RequestID names what is answered by one Reply. The shell gives it.
type RequestID uint64

// OperatorCall is an operator's call. It is answered by a Reply, which may come
// only after agents have answered.
type OperatorCall struct {
	Request   RequestID
	Principal string // who asks; empty if nobody was asked to say so
	Call      *master.Call
}

// ExplainCall asks why a framework gets what it gets. It is answered by a Reply.
type ExplainCall struct {
	Request RequestID
	Query   *link.ExplainRequest
}

// Tick lets everything happen whose time has come.
type Tick struct{}

func (Call) input()            {}
func (SchedulerClosed) input() {}
func (AgentMessage) input()    {}
func (AgentClosed) input()     {}
func (OperatorCall) input()    {}
func (ExplainCall) input()     {}
func (Tick) input()            {}
