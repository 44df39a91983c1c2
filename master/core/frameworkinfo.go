// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
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
