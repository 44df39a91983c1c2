// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

// maxFailoverTimeout is the longest failover_timeout, in seconds, that fits a
// time.Duration.
const maxFailoverTimeout = float64(math.MaxInt64 / int64(time.Second))

// validateFramework checks what a framework says of itself.
func validateFramework(info *mesos.FrameworkInfo, suppressed []string) *Error {
	if info.GetId().GetValue() != "" {
		if err := mesos.ValidateID("framework_info.id", info.GetId().GetValue()); err != nil {
			return failf(Invalid, "%v", err)
		}
	}
	if t := info.GetFailoverTimeout(); !(t >= 0 && t <= maxFailoverTimeout) {
		return failf(Invalid, "framework_info.failover_timeout %v: must be from 0 to %.0f seconds", t, maxFailoverTimeout)
	}
	if err := validateFrameworkRoles(info); err != nil {
		return err
	}
	roles := rolesOf(info)
	for _, role := range suppressed {
		if !slices.Contains(roles, role) {
			return failf(Invalid, "suppressed_roles %q: must be one of the framework's roles %q", role, roles)
		}
	}
	return nil
}

func validateFrameworkRoles(info *mesos.FrameworkInfo) *Error {
	if !capabilitiesOf(info).multiRole {
		if len(info.GetRoles()) > 0 {
			return failf(Invalid, "framework_info.roles %q: must be empty without the capability MULTI_ROLE", info.GetRoles())
		}
		if err := mesos.ValidateRole("framework_info.role", oldRole(info)); err != nil {
			return failf(Invalid, "%v", err)
		}
		return nil
	}
	//lint:ignore SA1019 it must be recognised to be refused
	if info.Role != nil {
		return failf(Invalid, "framework_info.role %q: must be unset with the capability MULTI_ROLE, use roles", oldRole(info))
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
