// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/master/core"
)

// text says a finding in words.
func (f *Fair) text(now time.Time, a *agent, c *client, found finding) string {
	switch found.verdict {
	case core.VerdictRegion:
		return fmt.Sprintf("the agent is in region %q, the master in %q, and the framework is not REGION_AWARE",
			a.info.GetDomain().GetFaultDomain().GetRegion().GetName(), f.region)
	case core.VerdictGPU:
		return fmt.Sprintf("the agent has %v GPUs, and the framework has no GPU_RESOURCES", a.gpus)
	case core.VerdictConstraint:
		return c.constraints.text(a.info)
	case core.VerdictTaken:
		return f.takenText(a)
	case core.VerdictReserved:
		return fmt.Sprintf("what is free, %s, is reserved for other roles", found.piece)
	case core.VerdictCapability:
		return fmt.Sprintf("what is free, %s, needs REVOCABLE_RESOURCES, SHARED_RESOURCES or RESERVATION_REFINEMENT", found.piece)
	case core.VerdictLimit:
		return f.limitText(c.role.bound, found.cutting.limit)
	case core.VerdictHeadroom:
		kind := f.kinds.number(found.cutting.headroom)
		return fmt.Sprintf("of %v %s free in the cluster, %v are held back for guarantees of other roles",
			f.spare.get(kind), found.cutting.headroom, f.required.get(kind)-c.role.bound.unmet.get(kind))
	case core.VerdictMinimum:
		return fmt.Sprintf("what is free, %s, is below the minimum %s", found.piece, f.minimumText(c))
	case core.VerdictFiltered:
		return fmt.Sprintf("filtered until %s: the framework refused %s", moment(now, found.filter.expires), found.filter.refusal.resources)
	case core.VerdictWaiting:
		if a.waiting {
			return fmt.Sprintf("%s will be looked at in the pass at %s", found.piece, moment(now, f.nextPass))
		}
		return fmt.Sprintf("%s will be looked at in the next pass", found.piece)
	}
	return found.verdict.String()
}

// moment says when something will be, or would have been.
func moment(now, at time.Time) string {
	layout := time.TimeOnly
	if at.Sub(now) > 12*time.Hour {
		layout = time.DateTime
	}
	return fmt.Sprintf("%s (%v left)", at.UTC().Format(layout), max(0, at.Sub(now)).Round(time.Millisecond))
}

// ago says how long ago something was.
func ago(now, at time.Time) string {
	return max(0, now.Sub(at)).Round(time.Millisecond).String() + " ago"
}

func grantedText(now time.Time, a *agent, h *hold) string {
	if r := a.granted(h); r != nil {
		return fmt.Sprintf("%s was granted %s", h.resources, ago(now, r.at))
	}
	return fmt.Sprintf("%s is granted", h.resources)
}

func (f *Fair) takenText(a *agent) string {
	if f.cfg.Optimistic && !a.free.IsEmpty() {
		return fmt.Sprintf("all that is free, %s, is granted to the framework in other roles", a.free)
	}
	text := fmt.Sprintf("nothing is free: %s is in use", a.used)
	for i := range a.holds {
		if i == 2 {
			return fmt.Sprintf("%s, and %d more pieces are granted", text, len(a.holds)-i)
		}
		h := &a.holds[i]
		text += fmt.Sprintf(", %s granted to %s in role %s", h.resources, h.client.framework.id, h.client.role.path)
	}
	return text
}

// dueText tells to whom an agent went and not to the client, by the shares that
// decided: the other's as it was then.
func (f *Fair) dueText(now time.Time, c *client, r *record) string {
	mine, level, myName, name := c.parting(r)
	where := fmt.Sprintf("%s in role %s", r.framework, r.role)
	switch {
	case mine.parent.sorter == Random:
		return fmt.Sprintf("drawn by lot: it went to %s %s", where, ago(now, r.at))
	case level >= maxShares:
		return fmt.Sprintf("it went to %s %s", where, ago(now, r.at))
	case mine == c.node:
		return fmt.Sprintf("share %.3g against %.3g of %s, when it went there %s", f.share(mine), r.shares[level], where, ago(now, r.at))
	}
	return fmt.Sprintf("share %.3g of %s against %.3g of %s, when it went to %s %s",
		f.share(mine), myName, r.shares[level], name, where, ago(now, r.at))
}

// limitText tells what a role has of its limits; a kind limits that to one.
func (f *Fair) limitText(b *bound, kind string) string {
	text := "role " + b.name + " has"
	for _, name := range slices.Sorted(maps.Keys(b.quota.Limits)) {
		if kind == "" || kind == name {
			text += fmt.Sprintf(" %s %v of its limit %v,", name, b.consumed(f.kinds.number(name)), b.quota.Limits[name])
		}
	}
	return text[:len(text)-1]
}

// minimumText says the minimum that counts for the client as operators write it.
func (f *Fair) minimumText(c *client) string {
	floors, whose := f.minimum, ""
	if c.hasMinimum {
		floors, whose = c.minimum, ", the framework's own"
	}
	text := ""
	for i, set := range floors {
		if i > 0 {
			text += "|"
		}
		for j, a := range set {
			if j > 0 {
				text += ";"
			}
			text += fmt.Sprintf("%s:%v", a.name, a.least)
		}
	}
	return text + whose
}
