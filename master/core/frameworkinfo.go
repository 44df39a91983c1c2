// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// maxFailoverTimeout is the longest failover_timeout, in seconds, that fits a
// time.Duration.
const maxFailoverTimeout = float64(math.MaxInt64 / int64(time.Second))

// maxInfo is the largest size in bytes of what a framework says of itself or of a
// task: agents are sent both in one message, and send back all of them.
const maxInfo = 1 << 20

// maxRoles is how many roles a framework may have.
const maxRoles = 1000

// maxQuantities is how many minimums of its own a framework may have in a role:
// each offer is held against all of them.
const maxQuantities = 100

// validateFramework checks what a framework says of itself.
func validateFramework(info *mesos.FrameworkInfo, suppressed []string) *Error {
	if info.GetId().GetValue() != "" {
		if err := mesos.ValidateID("framework_info.id", info.GetId().GetValue()); err != nil {
			return failf(Invalid, "%v", err)
		}
	}
	if n := proto.Size(info); n > maxInfo {
		return failf(Invalid, "framework_info of %d bytes: must have %d at most", n, maxInfo)
	}
	if t := info.GetFailoverTimeout(); !(t >= 0 && t <= maxFailoverTimeout) {
		return failf(Invalid, "framework_info.failover_timeout %v: must be from 0 to %.0f seconds", t, maxFailoverTimeout)
	}
	if err := validateFrameworkRoles(info); err != nil {
		return err
	}
	roles := rolesOf(info)
	for _, role := range suppressed {
		if _, ok := slices.BinarySearch(roles, role); !ok {
			return failf(Invalid, "suppressed_roles %.64q: must be one of the framework's roles", role)
		}
	}
	return validateFilters(info.GetOfferFilters(), roles)
}

// validateFilters checks the framework's own minimum for offers.
func validateFilters(filters map[string]*mesos.OfferFilters, roles []string) *Error {
	for _, role := range slices.Sorted(maps.Keys(filters)) {
		if _, ok := slices.BinarySearch(roles, role); !ok {
			return failf(Invalid, "framework_info.offer_filters[%.64q]: must be one of the framework's roles", role)
		}
		field := fmt.Sprintf("framework_info.offer_filters[%q].min_allocatable_resources.quantities", role)
		list := filters[role].GetMinAllocatableResources().GetQuantities()
		if len(list) > maxQuantities {
			return failf(Invalid, "%s: %d of them: must be %d at most", field, len(list), maxQuantities)
		}
		for i, q := range list {
			if len(q.GetQuantities()) == 0 {
				return failf(Invalid, "%s[%d]: must have an amount, or the list be empty to let every offer pass", field, i)
			}
			for _, name := range slices.Sorted(maps.Keys(q.GetQuantities())) {
				if _, err := resource.MilliFromFloat(q.GetQuantities()[name].GetValue()); err != nil {
					return failf(Invalid, "%s[%d].quantities[%.64q]: %v", field, i, name, err)
				}
			}
		}
	}
	return nil
}

// validateConstraints checks which agents the framework wants to be offered.
func validateConstraints(constraints *scheduler.OfferConstraints, roles []string) *Error {
	if n := proto.Size(constraints); n > maxInfo {
		return failf(Invalid, "offer_constraints of %d bytes: must have %d at most", n, maxInfo)
	}
	for _, role := range slices.Sorted(maps.Keys(constraints.GetRoleConstraints())) {
		if _, ok := slices.BinarySearch(roles, role); !ok {
			return failf(Invalid, "offer_constraints.role_constraints[%.64q]: must be one of the framework's roles", role)
		}
	}
	if err := scheduler.ValidateConstraints(constraints); err != nil {
		return failf(Invalid, "%v", err)
	}
	return nil
}

func validateFrameworkRoles(info *mesos.FrameworkInfo) *Error {
	if !capabilitiesOf(info).MultiRole {
		if len(info.GetRoles()) > 0 {
			return failf(Invalid, "framework_info.roles %.64q: must be empty without the capability MULTI_ROLE", info.GetRoles()[0])
		}
		if err := mesos.ValidateRole("framework_info.role", oldRole(info)); err != nil {
			return failf(Invalid, "%v", err)
		}
		return nil
	}
	//lint:ignore SA1019 it must be recognised to be refused
	if info.Role != nil {
		return failf(Invalid, "framework_info.role %q: must be unset with the capability MULTI_ROLE, use roles", brief(oldRole(info)))
	}
	if n := len(info.GetRoles()); n > maxRoles {
		return failf(Invalid, "framework_info.roles: %d of them: must be %d at most", n, maxRoles)
	}
	roles := rolesOf(info)
	for i, role := range roles {
		if err := mesos.ValidateRole("framework_info.roles", role); err != nil {
			return failf(Invalid, "%v", err)
		}
		if i > 0 && role == roles[i-1] {
			return failf(Invalid, "framework_info.roles %q: each role must be there once", role)
		}
	}
	return nil
}
