// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// finding is what a look at one agent for one client came to, and what it saw.
// Allocate acts on it, and Explain tells of it.
type finding struct {
	// verdict is VerdictWaiting if nothing is in the way of granting piece.
	verdict core.Verdict
	piece   resource.Resources
	filter  *filter // of VerdictFiltered
	cutting cutting // what made the piece smaller, if anything did
}

// look tells what of an agent the client may be granted now, and if nothing, why.
func (f *Fair) look(a *agent, c *client) finding {
	if v := f.unfit(a, c); v != core.VerdictUnknown {
		return finding{verdict: v}
	}
	piece, v := f.available(a, c)
	if v != core.VerdictUnknown {
		return finding{verdict: v, piece: piece}
	}
	return f.judge(a, c, piece, false)
}

// judge tells whether the client may be granted a piece that is available to it,
// or what of it.
func (f *Fair) judge(a *agent, c *client, piece resource.Resources, first bool) finding {
	part, cutting := f.cut(c.role.bound, piece, first)
	found := finding{verdict: core.VerdictWaiting, piece: part, cutting: cutting}
	switch enough := f.enough(c, part); {
	case !enough && cutting.limit != "" && f.enough(c, piece):
		found.verdict = core.VerdictLimit
	case !enough && cutting.headroom != "" && f.enough(c, piece):
		found.verdict = core.VerdictHeadroom
	case !enough:
		found.verdict = core.VerdictMinimum
	default:
		if found.filter = a.refused(c, part); found.filter != nil {
			found.verdict = core.VerdictFiltered
		}
	}
	return found
}

// unfit tells what about the agent keeps the client from anything on it, however
// much is free.
func (f *Fair) unfit(a *agent, c *client) core.Verdict {
	switch {
	case a.remote && !c.framework.caps.RegionAware:
		return core.VerdictRegion
	case f.cfg.FilterGPU && a.gpus > 0 && !c.framework.caps.GPUResources:
		return core.VerdictGPU
	case c.constraints != nil && !c.constraints.allow(a.info):
		return core.VerdictConstraint
	}
	return core.VerdictUnknown
}

// available returns what of the agent the client can use, or what it can not and
// why.
func (f *Fair) available(a *agent, c *client) (resource.Resources, core.Verdict) {
	free := a.free
	if f.cfg.Optimistic {
		free = a.without(free, c.framework)
	}
	if free.IsEmpty() {
		return free, core.VerdictTaken
	}
	if a.plain {
		return free, core.VerdictUnknown
	}
	mine := free.AvailableTo(c.role.path)
	if mine.IsEmpty() {
		return free, core.VerdictReserved
	}
	usable := c.framework.usable(mine)
	if usable.IsEmpty() {
		return mine, core.VerdictCapability
	}
	return usable, core.VerdictUnknown
}

// without returns resources of an agent without what the framework is granted of
// them; nothing if that is not part of them any more, because another has used it.
func (a *agent) without(r resource.Resources, fw *framework) resource.Resources {
	for _, c := range fw.clients {
		if i, ok := a.held(c); ok {
			var err error
			if r, err = r.Subtract(a.holds[i].resources); err != nil {
				return resource.Resources{}
			}
		}
	}
	return r
}
