// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// registeredOperation is one that an agent lists: not finished, or with an end
// that is not acknowledged.
type registeredOperation struct {
	framework FrameworkID // empty for an operator's
	operation *mesos.Operation
	resource.Conversion
	held resource.Resources
}

// parseTotal reads what the agent has, as operations have changed it, and what it
// can do.
func (r *registration) parseTotal(m *link.Register) *Error {
	r.resourceVersion = m.GetResourceVersion()
	for _, capability := range m.GetCapabilities() {
		r.capabilities = append(r.capabilities, capability.GetType())
	}
	if len(m.GetTotal()) == 0 {
		return nil
	}
	total, err := resource.FromProto(m.GetTotal())
	if err != nil {
		return failf(Invalid, "register.total: %v", err)
	}
	r.total = total
	return nil
}

// parseOperations checks the operations, which may hold what is free.
func (c *Core) parseOperations(r *registration, list []*mesos.Operation, free resource.Resources) *Error {
	seen := make(map[string]bool, len(list))
	for i, m := range list {
		field := fmt.Sprintf("register.operations[%d]", i)
		uuid := m.GetUuid().GetValue()
		if err := mesos.ValidateUUID(field+".uuid", uuid); err != nil {
			return failf(Invalid, "%v", err)
		}
		if seen[string(uuid)] {
			return failf(Invalid, "%s.uuid: must be there once", field)
		}
		seen[string(uuid)] = true
		o := registeredOperation{framework: FrameworkID(m.GetFrameworkId().GetValue()), operation: m}
		conv, err := resource.NewConversion(m.GetInfo())
		over := terminalOperation(m.GetLatestStatus().GetState())
		if err != nil && !over { // one that is over may be so because the agent could not read it either
			return failf(Invalid, "%s.info.%v", field, err)
		}
		o.Conversion = conv
		if !over && !speculative(m.GetInfo().GetType()) {
			left, err := free.Subtract(conv.Consumed)
			if err != nil {
				return failf(Invalid, "%s consumes %s: must be part of the agent's, with all before: %v", field, conv.Consumed, err)
			}
			o.held, free = free.Without(left), left
		}
		r.operations = append(r.operations, o)
	}
	return nil
}

// adoptOperations enters the operations that a registered agent lists into the
// books.
func (c *Core) adoptOperations(a *agent, r *registration) {
	before := make(map[string]*operation, len(r.beforeOperations))
	for _, o := range r.beforeOperations {
		before[o.uuid] = o
	}
	var concerned []*framework
	for _, m := range r.operations {
		o := &operation{
			uuid: string(m.operation.GetUuid().GetValue()), id: m.operation.GetInfo().GetId(), agent: a,
			info: m.operation.GetInfo(), Conversion: m.Conversion, held: m.held, latest: m.operation.GetLatestStatus(),
		}
		if f := c.frameworks[m.framework]; f != nil || r.frameworks[m.framework] != nil {
			o.framework = c.adoptFramework(r, m.framework)
			o.role = roleOf(resourcesOf(o.info), o.framework)
		}
		if old := before[o.uuid]; old != nil {
			o.role = old.role
		}
		if f := o.framework; f != nil && (f.ending && o.held.IsEmpty() || o.id != nil && f.named[o.id.GetValue()] != nil) {
			o.id = nil // nobody is to hear of it, or of one of this id on another agent
		}
		if o.framework != nil {
			concerned = append(concerned, o.framework)
		}
		if o.id == nil && o.held.IsEmpty() {
			continue // it is acknowledged when the agent tells of it
		}
		c.addOperation(o)
		if o.framework != nil && !o.held.IsEmpty() {
			c.alloc.Charge(o.piece())
		}
	}
	for _, f := range concerned { // only now: a later one may be of the same
		c.forgetIfEmpty(f)
	}
	c.retotal(a)
}

// settleOperations tells frameworks of operations that the agent no longer has:
// it was not asked for them, or it has lost them.
func (c *Core) settleOperations(a *agent, r *registration) {
	for _, o := range r.beforeOperations {
		if a.operations[o.uuid] == nil && !o.terminal() && o.framework != nil && !o.framework.ending {
			c.tellOperation(o.framework, o.id, a.protoID, mesos.OperationState_OPERATION_DROPPED, "the agent came back without this operation")
		}
		if o.framework != nil {
			c.forgetIfEmpty(o.framework)
		}
	}
}
