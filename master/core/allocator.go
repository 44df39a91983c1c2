// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/tepui/tepui/resource"
)

// Piece is a part of one agent that one framework has in one role, offered or in
// use.
type Piece struct {
	Agent     AgentID
	Framework FrameworkID
	Role      string
	Resources resource.Resources
}

// Allocator divides agents among frameworks. It is pure like the core, which
// owns it, tells it of every change, and asks it for grants.
//
// The allocator is told of resources in pieces: a granted piece is the
// framework's until all of it came back through Release or Refuse, in one or
// several parts. Ids that were not added before are ignored.
type Allocator interface {
	// AddAgent adds an agent that may be offered.
	AddAgent(id AgentID, total resource.Resources)
	// UpdateAgent changes what the agent has; it must contain what is taken.
	UpdateAgent(id AgentID, total resource.Resources)
	// ActivateAgent tells whether the agent may be offered now.
	ActivateAgent(id AgentID, active bool)
	// RemoveAgent forgets an agent of which nothing is taken.
	RemoveAgent(id AgentID)

	// AddFramework adds a framework that is not offered anything yet.
	AddFramework(id FrameworkID)
	// Subscribe makes the framework eligible in these roles, except in the
	// suppressed ones, in place of what it subscribed to before.
	Subscribe(id FrameworkID, roles, suppressed []string)
	// SetRefinement tells whether the framework understands reservations that
	// refine others. One that does not, as all at first, is granted none.
	SetRefinement(id FrameworkID, understands bool)
	// Deactivate ends a framework's eligibility and forgets its filters.
	Deactivate(id FrameworkID)
	// RemoveFramework forgets a framework that has nothing.
	RemoveFramework(id FrameworkID)
	// Suppress stops offers in the roles.
	Suppress(id FrameworkID, roles []string)
	// Revive undoes Suppress for the roles and forgets their filters.
	Revive(id FrameworkID, roles []string)

	// Charge tells of a piece that is in use without having been granted.
	Charge(p Piece)
	// Release gives back a piece, or a part of one.
	Release(p Piece)
	// Refuse is Release, and the framework does not want this piece, or a part
	// of it, again in this role for a while. The allocator bounds refuse. There
	// is no hurry to grant it to another.
	Refuse(now time.Time, p Piece, refuse time.Duration)

	// Allocate grants what is free to whom it is due, in the order in which
	// it is to be offered.
	Allocate(now time.Time) []Piece
	// Deadline is when Allocate may have something to grant without any other
	// call before.
	Deadline() (time.Time, bool)

	// Agent returns how much of an agent is taken, and how much is free.
	Agent(id AgentID) (taken, free resource.Resources)
	// Check tells the first invariant that does not hold.
	Check() error
}
