// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"maps"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

// roleView is what is known of one role.
type roleView struct {
	frameworks []*mesos.FrameworkID
	resources  resource.Resources
}

func (c *Core) getRoles() *master.Response {
	roles := make(map[string]*roleView)
	of := func(role string) *roleView {
		if roles[role] == nil {
			roles[role] = &roleView{}
		}
		return roles[role]
	}
	add := func(role string, r resource.Resources) {
		v := of(role)
		v.resources = v.resources.Add(r)
	}
	for role := range c.weights {
		of(role)
	}
	for role := range c.quotas {
		of(role)
	}
	for _, f := range sortedFrameworks(c.frameworks) {
		for _, role := range f.roles {
			if !f.ending {
				v := of(role)
				v.frameworks = append(v.frameworks, f.protoID)
			}
		}
	}
	for _, a := range c.agents { // a sum has no order
		for _, t := range a.tasks {
			add(t.role, t.resources)
		}
		for _, e := range a.executors {
			add(e.role, e.resources)
		}
		for _, o := range a.operations {
			if o.framework != nil {
				add(o.role, o.held)
			}
		}
		for _, o := range a.offers {
			add(o.role, o.resources)
		}
	}
	return c.rolesAnswer(roles)
}

func (c *Core) rolesAnswer(roles map[string]*roleView) *master.Response {
	answer := &master.Response_GetRoles{}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		answer.Roles = append(answer.Roles, &mesos.Role{
			Name: new(role), Weight: new(c.weight(role)),
			Frameworks: roles[role].frameworks, Resources: roles[role].resources.Proto(),
		})
	}
	return &master.Response{Type: master.Response_GET_ROLES.Enum(), GetRoles: answer}
}
