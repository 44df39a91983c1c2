// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"time"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// framework is what the master knows of one framework.
//
//	            SUBSCRIBE                 closed
//	(unknown) ------------> connected <------------> disconnected
//	    |                       |      SUBSCRIBE          |
//	    | an agent brings it,   | TEARDOWN,               | failover_timeout
//	    v or a record           | failover_timeout 0      |
//	recovered --SUBSCRIBE--> connected                    |
//	    |                       v                         |
//	    +------------------>  ending <--------------------+
//	     nobody subscribes      |
//	                            v its last task and executor are gone
//	                        (completed)
type framework struct {
	id      FrameworkID
	info    *mesos.FrameworkInfo // replaced, never changed: messages share it
	protoID *mesos.FrameworkID
	conn    ConnID // 0: not connected
	roles   []string
	caps    Capabilities
	ending  bool // removed; its tasks and executors are being shut down

	suppressed  []string                    // as it subscribed; sorted
	constraints *scheduler.OfferConstraints // replaced, never changed
	recovered   bool                        // it has not subscribed at this master

	registered   time.Time // first subscription at this master; zero while recovered
	reregistered time.Time // the latest after that
	disconnected time.Time // zero while it is connected
	unregistered time.Time // when it was removed
	remembered   *registry.Framework

	offers    map[OfferID]*offer
	tasks     map[TaskID]*task
	executors map[*executor]struct{}
	// operations are found by uuid, and those of its own ids by these too.
	operations, named map[string]*operation

	shadows int        // tasks that are on agents and not in tasks
	backlog []question // reconciliation that is still to be answered
	implied bool       // an implicit reconciliation is being answered
	anew    bool       // and another is to follow

	inverse     map[OfferID]*inverseOffer // that stand
	unreachable awayTasks
	history     taskHistory

	heartbeat *timer
	failover  *timer
	answer    *timer
}

// Capabilities are those of FrameworkInfo that this master minds.
type Capabilities struct {
	MultiRole             bool
	PartitionAware        bool
	ReservationRefinement bool
	RevocableResources    bool
	TaskKillingState      bool
	GPUResources          bool
	SharedResources       bool
	RegionAware           bool
}

func capabilitiesOf(info *mesos.FrameworkInfo) Capabilities {
	var caps Capabilities
	for _, c := range info.GetCapabilities() {
		switch c.GetType() {
		case mesos.FrameworkInfo_Capability_MULTI_ROLE:
			caps.MultiRole = true
		case mesos.FrameworkInfo_Capability_PARTITION_AWARE:
			caps.PartitionAware = true
		case mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT:
			caps.ReservationRefinement = true
		case mesos.FrameworkInfo_Capability_REVOCABLE_RESOURCES:
			caps.RevocableResources = true
		case mesos.FrameworkInfo_Capability_TASK_KILLING_STATE:
			caps.TaskKillingState = true
		case mesos.FrameworkInfo_Capability_GPU_RESOURCES:
			caps.GPUResources = true
		case mesos.FrameworkInfo_Capability_SHARED_RESOURCES:
			caps.SharedResources = true
		case mesos.FrameworkInfo_Capability_REGION_AWARE:
			caps.RegionAware = true
		}
	}
	return caps
}

// rolesOf returns the framework's roles, sorted. A framework without MULTI_ROLE
// has exactly one, "*" by default.
func rolesOf(info *mesos.FrameworkInfo) []string {
	if !capabilitiesOf(info).MultiRole {
		return []string{oldRole(info)}
	}
	roles := slices.Clone(info.GetRoles())
	slices.Sort(roles)
	return roles
}

// oldRole returns the field role, which frameworks without MULTI_ROLE use.
func oldRole(info *mesos.FrameworkInfo) string {
	//lint:ignore SA1019 such frameworks are still to be served
	return info.GetRole()
}

// addFramework makes a framework known, neither connected nor eligible for
// offers.
func (c *Core) addFramework(id FrameworkID, p profile) *framework {
	f := &framework{
		id:        id,
		protoID:   &mesos.FrameworkID{Value: new(string(id))},
		offers:    make(map[OfferID]*offer),
		tasks:     make(map[TaskID]*task),
		executors: make(map[*executor]struct{}),
		inverse:   make(map[OfferID]*inverseOffer),

		operations: make(map[string]*operation),
		named:      make(map[string]*operation),
	}
	f.setProfile(p)
	c.frameworks[id] = f
	c.alloc.AddFramework(id)
	return f
}

// setInfo makes info, completed with the id, what is known of the framework.
func (f *framework) setInfo(info *mesos.FrameworkInfo) {
	info.Id = f.protoID
	f.info = info
	f.caps = capabilitiesOf(info)
	f.roles = rolesOf(info)
}

// profile is what a framework says of itself and of what it wants.
type profile struct {
	info        *mesos.FrameworkInfo
	suppressed  []string
	constraints *scheduler.OfferConstraints
}

// validate tells what is wrong with a profile, if anything is.
func (p profile) validate() *Error {
	if err := validateFramework(p.info, p.suppressed); err != nil {
		return err
	}
	return validateConstraints(p.constraints, rolesOf(p.info))
}

// setProfile makes p what is known of the framework.
func (f *framework) setProfile(p profile) {
	f.setInfo(p.info)
	f.suppressed = slices.Clone(p.suppressed)
	slices.Sort(f.suppressed)
	f.suppressed = slices.Compact(f.suppressed)
	f.constraints = p.constraints
}

// subscription returns what the allocator is to know of the framework.
func (f *framework) subscription() Subscription {
	return Subscription{
		Roles: f.roles, Suppressed: f.suppressed, Capabilities: f.caps,
		Filters: f.info.GetOfferFilters(), Constraints: f.constraints,
	}
}

// failoverTimeout returns how long a disconnected framework is waited for.
func (f *framework) failoverTimeout() time.Duration {
	return time.Duration(f.info.GetFailoverTimeout() * float64(time.Second))
}

// lostState returns what a task is reported as that is gone for a reason which
// frameworks with PARTITION_AWARE see in precise and others as TASK_LOST.
func (f *framework) lostState(precise mesos.TaskState) mesos.TaskState {
	if f.caps.PartitionAware {
		return precise
	}
	return mesos.TaskState_TASK_LOST
}

// empty tells whether nothing of the framework is on any agent.
func (f *framework) empty() bool {
	return len(f.tasks) == 0 && len(f.executors) == 0 && len(f.operations) == 0 && f.shadows == 0
}

func (f *framework) hasRole(role string) bool {
	_, ok := slices.BinarySearch(f.roles, role)
	return ok
}
