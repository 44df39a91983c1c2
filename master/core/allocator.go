// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
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

// Subscription is what a framework wants, and what it understands.
type Subscription struct {
	Roles        []string // sorted
	Suppressed   []string // those of Roles for which it wants no offers now
	Capabilities Capabilities
	// Filters are its own minimum for an offer, by role (FrameworkInfo.offer_filters).
	Filters map[string]*mesos.OfferFilters
	// Constraints tell which agents are worth offering, by role. Validated by
	// scheduler.ValidateConstraints.
	Constraints *scheduler.OfferConstraints
}

// Quota is what a role is promised, and what it may have at most, by the name of
// a scalar resource. It is of top-level roles and counts all roles below them.
type Quota struct {
	Guarantees map[string]resource.Milli
	Limits     map[string]resource.Milli // a name that is missing has no limit
}

// Allocator divides agents among frameworks. It is pure like the core, which
// owns it, tells it of every change, and asks it for grants.
//
// A piece is free, granted or in use. Allocate makes free pieces granted ones;
// Release and Refuse make them free again, in one or several parts, and Commit
// makes parts of them used ones, until Discharge. An allocator may grant the
// same free piece to several frameworks, to each once: when a piece comes into use
// or is converted, the core releases of the others' grants on that agent what does
// not fit any more. All that one framework is granted there, in whatever roles and
// offers, must fit into what is free (Agent tells), so that it can accept all of it.
// Ids that were not added before are ignored.
type Allocator interface {
	// AddAgent adds an agent that may be offered. The info is not changed.
	AddAgent(id AgentID, info *mesos.AgentInfo, total resource.Resources)
	// UpdateAgent changes what the agent is and has; total must contain what is
	// granted and in use.
	UpdateAgent(id AgentID, info *mesos.AgentInfo, total resource.Resources)
	// ActivateAgent tells whether the agent may be offered now, and if not, why.
	ActivateAgent(id AgentID, active bool, why string)
	// RemoveAgent forgets an agent of which nothing is granted or in use.
	RemoveAgent(id AgentID)

	// AddFramework adds a framework that is not offered anything yet.
	AddFramework(id FrameworkID)
	// Subscribe makes the framework eligible in its roles, in place of what it
	// subscribed to before. Filters of refusals stay for roles that it keeps.
	Subscribe(id FrameworkID, s Subscription)
	// Deactivate ends a framework's eligibility and forgets its filters.
	Deactivate(id FrameworkID)
	// RemoveFramework forgets a framework that has nothing.
	RemoveFramework(id FrameworkID)
	// Suppress stops offers in the roles.
	Suppress(id FrameworkID, roles []string)
	// Revive undoes Suppress for the roles and forgets their filters.
	Revive(id FrameworkID, roles []string)

	// SetWeight sets the weight of a role, which is 1 otherwise.
	SetWeight(role string, weight float64)
	// SetQuota sets the quota of a top-level role; the zero Quota is none.
	SetQuota(role string, q Quota)

	// Allocate grants what is free to whom it is due, in the order in which
	// it is to be offered.
	Allocate(now time.Time) []Piece
	// Deadline is when Allocate may have something to grant without any other
	// call before.
	Deadline() (time.Time, bool)
	// Release gives back a granted piece, or a part of one.
	Release(p Piece)
	// Refuse is Release, and the framework does not want this piece, or a part
	// of it, again in this role for a while. The allocator bounds refuse. There
	// is no hurry to grant it to another.
	Refuse(now time.Time, p Piece, refuse time.Duration)
	// Commit tells that a granted piece, or a part of one, is in use from now on.
	Commit(p Piece)
	// Convert tells that a granted piece has become another, as has the agent's
	// total: by a reservation, for example.
	Convert(p Piece, to resource.Resources)
	// Charge tells of a free piece that is in use without having been granted.
	Charge(p Piece)
	// Discharge gives back a piece that is in use, or a part of one.
	Discharge(p Piece)

	// Agent returns how much of an agent is in use, how much is granted (to each
	// framework it counts once), and how much is free.
	Agent(id AgentID) (used, granted, free resource.Resources)
	// Explain tells what the framework gets in a role, and why.
	Explain(now time.Time, q ExplainQuery) (Explanation, bool)
	// Check tells the first invariant that does not hold.
	Check() error
}

// ExplainQuery asks about a framework in one role.
type ExplainQuery struct {
	Framework FrameworkID
	Role      string
	// Agent limits the answer to one agent; empty is all.
	Agent AgentID
	// Limit bounds Explanation.Agents; 0 is no limit. Verdicts counts all agents
	// anyway.
	Limit int
}

// Explanation tells what a framework gets in a role, and why. Its parts come from
// the decisions of the allocator themselves.
type Explanation struct {
	Framework FrameworkID
	Role      string
	// Silent tells why the framework gets no offer in this role whatever the agents
	// have: it is suppressed, not connected, or over the limit of its role. Empty
	// otherwise.
	Silent string
	// Share is the framework's dominant share within its role, RoleShare the one of
	// the role within the cluster, both divided by their weights; 0 to 1 for weight 1.
	Share, RoleShare float64
	Dominant         string // the resource of Share, empty for a share of 0
	Weight           float64
	Quota            Quota                     // of the top-level role
	Consumed         map[string]resource.Milli // of Quota.Limits: in use, granted, and reserved
	Granted, Used    resource.Resources
	Verdicts         map[Verdict]int // how many agents have each
	Agents           []AgentExplanation
}

// AgentExplanation tells what was decided about one agent.
type AgentExplanation struct {
	Agent    AgentID
	Hostname string
	Verdict  Verdict
	// Text says it in words, with numbers: "filtered until 12:00:05 (4.2s left)",
	// "share 0.42 against 0.11 of F in role r".
	Text string
	// Until is the end of a filter; zero for none.
	Until time.Time
	Free  resource.Resources // of the agent now
}

// Verdict is why a framework got an agent's resources, or did not.
type Verdict uint8

// Verdicts. What stands first in this list is looked at first.
const (
	VerdictUnknown    Verdict = iota
	VerdictInactive           // the agent may not be offered: disconnected, deactivated, draining, in maintenance
	VerdictSilent             // the framework gets nothing in this role at all: see Explanation.Silent
	VerdictRegion             // the agent is in another region and the framework is not REGION_AWARE
	VerdictGPU                // the agent has GPUs, which are kept for frameworks with GPU_RESOURCES
	VerdictConstraint         // an offer constraint of the framework
	VerdictTaken              // nothing is free
	VerdictReserved           // what is free is reserved for another role
	VerdictCapability         // what is free needs a capability: revocable, shared, refined reservations
	VerdictLimit              // the quota limit of the role would be exceeded
	VerdictHeadroom           // it is held back for the quota guarantee of another role
	VerdictMinimum            // below the minimum of the operator or of the framework
	VerdictFiltered           // the framework refused it, and the filter stands
	VerdictDue                // it went to another whose share is lower
	VerdictGranted            // the framework has been granted it
	VerdictWaiting            // it will be looked at in the next pass
)

// String returns the verdict as people and programs see it.
func (v Verdict) String() string {
	names := [...]string{
		"unknown", "inactive", "silent", "region", "gpu", "constraint", "taken", "reserved", "capability",
		"quota limit", "quota headroom", "below minimum", "filtered", "share", "granted", "waiting",
	}
	if int(v) < len(names) {
		return names[v]
	}
	return "unknown"
}
