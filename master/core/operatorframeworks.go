// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

// operatorTeardown handles an operator's TEARDOWN: as the framework's own, with a
// word to it about the end of its connection.
func (c *Core) operatorTeardown(call *master.Call_Teardown) *Error {
	id := FrameworkID(call.GetFrameworkId().GetValue())
	f := c.frameworks[id]
	switch {
	case f == nil || f.ending:
		return failf(NotFound, "teardown.framework_id %q: no such framework", brief(string(id)))
	case f.conn != 0:
		c.detach(f, "framework torn down by an operator")
	}
	c.endFramework(f, "torn down by an operator")
	return nil
}

func (c *Core) getFrameworks() *master.Response {
	return &master.Response{Type: master.Response_GET_FRAMEWORKS.Enum(), GetFrameworks: c.frameworksAnswer()}
}

func (c *Core) frameworksAnswer() *master.Response_GetFrameworks {
	answer := &master.Response_GetFrameworks{}
	for _, f := range sortedFrameworks(c.frameworks) {
		if f.ending {
			continue // among the completed
		}
		answer.Frameworks = append(answer.Frameworks, f.message())
		if f.recovered {
			//lint:ignore SA1019 tools from before 1.2 look here
			answer.RecoveredFrameworks = append(answer.RecoveredFrameworks, f.info)
		}
	}
	for _, f := range c.history {
		answer.CompletedFrameworks = append(answer.CompletedFrameworks, f.message())
	}
	return answer
}

// message returns the framework as operators see it.
func (f *framework) message() *master.Response_GetFrameworks_Framework {
	m := &master.Response_GetFrameworks_Framework{
		FrameworkInfo: f.info, OfferConstraints: f.constraints,
		Active: new(f.conn != 0), Connected: new(f.conn != 0), Recovered: new(f.recovered),
	}
	if !f.registered.IsZero() {
		m.RegisteredTime = timeInfo(f.registered)
	}
	if !f.reregistered.IsZero() {
		m.ReregisteredTime = timeInfo(f.reregistered)
	}
	if !f.unregistered.IsZero() {
		m.UnregisteredTime = timeInfo(f.unregistered)
	}
	var offered resource.Resources
	for _, o := range sortedOffers(f.offers) {
		offered = offered.Add(o.resources)
		m.Offers = append(m.Offers, o.message())
	}
	for _, io := range slices.SortedFunc(maps.Values(f.inverse), func(a, b *inverseOffer) int { return cmp.Compare(a.seq, b.seq) }) {
		m.InverseOffers = append(m.InverseOffers, io.message())
	}
	m.AllocatedResources, m.OfferedResources = f.allocated().Proto(), offered.Proto()
	return m
}

// allocated returns what the framework's tasks, executors and operations have.
func (f *framework) allocated() resource.Resources {
	var sum resource.Resources
	for _, t := range f.tasks { // a sum has no order
		sum = sum.Add(t.resources)
	}
	for e := range f.executors {
		sum = sum.Add(e.resources)
	}
	for _, o := range f.operations {
		sum = sum.Add(o.held)
	}
	return sum
}

func (c *Core) getExecutors() *master.Response {
	return &master.Response{Type: master.Response_GET_EXECUTORS.Enum(), GetExecutors: c.executorsAnswer()}
}

func (c *Core) executorsAnswer() *master.Response_GetExecutors {
	answer := &master.Response_GetExecutors{}
	for _, a := range sortedAgents(c.agents) {
		for _, e := range sortedExecutors(a.executors) {
			answer.Executors = append(answer.Executors, &master.Response_GetExecutors_Executor{ExecutorInfo: e.info, AgentId: a.protoID})
		}
	}
	return answer
}
