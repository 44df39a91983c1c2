// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	"google.golang.org/protobuf/proto"
)

// tellAgents tells the agents on which there is something of a framework what it now
// says of itself, and that its scheduler is there: they send again at once what is
// not acknowledged, and judge by its new capabilities.
func (c *Core) tellAgents(f *framework) {
	agents := agentsOf(f)
	for _, o := range f.operations {
		agents = append(agents, o.agent)
	}
	slices.SortFunc(agents, func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
	m := f.updateMessage()
	for _, a := range slices.Compact(agents) {
		c.toAgent(a, m)
	}
}

// correct tells a registered agent of frameworks of which it knows something else
// than is true. Its user and checkpoint an agent does not change.
func (c *Core) correct(a *agent, r *registration) {
	for _, id := range slices.Sorted(maps.Keys(r.frameworks)) {
		if f := c.frameworks[id]; f != nil && !f.ending && !f.describedBy(r) {
			c.toAgent(a, f.updateMessage())
		}
	}
}

// describedBy tells whether an agent knows of the framework what it has to.
func (f *framework) describedBy(r *registration) bool {
	info := r.frameworks[f.id]
	if info == f.info || proto.Equal(info, f.info) {
		return true
	}
	info = proto.CloneOf(info)
	info.User, info.Checkpoint = f.info.User, f.info.Checkpoint
	return proto.Equal(info, f.info)
}

func (f *framework) updateMessage() *link.FromMaster {
	return &link.FromMaster{Message: &link.FromMaster_UpdateFramework{
		UpdateFramework: &link.UpdateFramework{Framework: f.info},
	}}
}
