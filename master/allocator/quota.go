// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"maps"
	"math"
	"slices"

	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// bound is what a top-level role has and may have, with all roles below it.
//
// What it consumes is what is reserved for it, in use or not, and what it has,
// granted or in use, of the unreserved. The revocable does not count.
type bound struct {
	name    string
	roles   int // 1 if there is such a role, otherwise 0
	clients set // of the role and those below

	quota      core.Quota
	guarantees quantities
	limits     []resource.Milli // by kind; noLimit where there is none
	reserved   quantities       // for it, on all agents
	taken      quantities       // unreserved

	unmet   quantities // what is missing to the guarantees
	isUnmet bool
	starved bool // what the limits leave is below the operator's minimum
	held    bool // a client was granted less, or nothing, because of the limits
	grew    bool // the limits or the guarantees leave more than before
}

const noLimit = resource.Milli(math.MaxInt64)

// bound returns the one of a top-level role, a new one if there is none.
func (f *Fair) bound(name string) *bound {
	b := f.bounds[name]
	if b == nil {
		b = &bound{name: name}
		f.bounds[name] = b
	}
	return b
}

// forgetBound drops one that is of no more use.
func (f *Fair) forgetBound(b *bound) {
	if b.roles == 0 && b.reserved.isZero() && b.taken.isZero() && len(b.quota.Guarantees)+len(b.quota.Limits) == 0 {
		delete(f.bounds, b.name)
	}
}

// SetQuota implements core.Allocator.
func (f *Fair) SetQuota(name string, q core.Quota) {
	b := f.bound(name)
	f.guaranteed += min(1, len(q.Guarantees)) - min(1, len(b.quota.Guarantees))
	b.quota = q
	b.guarantees, b.limits = nil, nil
	for _, name := range slices.Sorted(maps.Keys(q.Guarantees)) {
		*b.guarantees.at(f.kinds.number(name)) = q.Guarantees[name]
	}
	for _, name := range slices.Sorted(maps.Keys(q.Limits)) {
		kind := f.kinds.number(name)
		for len(b.limits) <= kind {
			b.limits = append(b.limits, noLimit)
		}
		b.limits[kind] = q.Limits[name]
	}
	f.rebound(b, true)
	if f.guaranteed == 0 { // until something is again, nobody counts
		f.spare = nil
	}
	for _, a := range f.order {
		if f.guaranteed == 0 {
			a.spare = nil
		}
		f.respare(a)
	}
	f.slackGrew = true
	f.renewed.addAll(b.clients.within(f.eligible))
	f.forgetBound(b)
}

// consumed is what the role has of a kind.
func (b *bound) consumed(kind int) resource.Milli { return b.reserved.get(kind) + b.taken.get(kind) }

// left is what the limit leaves of a kind.
func (b *bound) left(kind int) resource.Milli {
	if kind >= len(b.limits) || b.limits[kind] == noLimit {
		return noLimit
	}
	return max(0, b.limits[kind]-b.consumed(kind))
}

// rebound brings up to date what is missing and what is left, after what the role
// consumes has changed; less tells that it was to less.
func (f *Fair) rebound(b *bound, less bool) {
	was := b.isUnmet
	b.isUnmet = false
	for kind := range max(len(b.guarantees), len(b.unmet)) {
		missing := max(0, b.guarantees.get(kind)-b.consumed(kind))
		required := f.required.at(kind)
		was := *required
		*required += missing - b.unmet.get(kind)
		f.slackGrew = f.slackGrew || was > 0 && *required == 0
		*b.unmet.at(kind) = missing
		b.isUnmet = b.isUnmet || missing > 0
	}
	switch {
	case b.isUnmet && !was:
		f.unmet++
	case was && !b.isUnmet:
		f.unmet--
	}
	b.starved = b.limits != nil && f.starved(b.left)
	if less && !b.grew && (b.limits != nil || b.guarantees != nil) {
		b.grew = true
		f.grown = append(f.grown, b)
	}
}

// starved tells whether what is left of each kind is below each minimum of the
// operator, so that nothing unreserved is worth offering.
func (f *Fair) starved(left func(kind int) resource.Milli) bool {
	for _, set := range f.minimum {
		enough := true
		for _, a := range set {
			enough = enough && left(a.kind) >= a.least
		}
		if enough {
			return false
		}
	}
	return len(f.minimum) > 0
}

// full tells whether the role's limits leave it nothing that is worth offering.
func (f *Fair) full(b *bound) bool { return b.starved && f.ownMinimums == 0 }

// slack is what is free of a kind on all agents beyond what is to be held back
// for unmet guarantees; below 0 where that is not there.
func (f *Fair) slack(kind int) resource.Milli {
	if f.required.get(kind) == 0 {
		return noLimit
	}
	return f.spare.get(kind) - f.required.get(kind)
}

// tight tells whether guarantees leave nothing to others that is worth offering.
func (f *Fair) tight() bool { return f.unmet > 0 && f.ownMinimums == 0 && f.starved(f.slack) }

// respare brings up to date what the agent has free and unreserved, and what all
// agents have of that. In optimistic mode each grant counts, also of one piece to
// several, so that it may be below 0: whoever comes first, guarantees can be met.
func (f *Fair) respare(a *agent) {
	if f.guaranteed == 0 {
		return
	}
	f.scratch = append(f.scratch[:0], make([]resource.Milli, len(f.kinds.names))...)
	if a.active {
		for r := range a.free.Amounts() {
			if r.Role == "" && !r.Revocable {
				*f.scratch.at(f.kinds.number(r.Name)) += r.Value
			}
		}
		for kind, v := range a.promised {
			if kind < len(f.scratch) {
				f.scratch[kind] -= v
			}
		}
	}
	for kind := range max(len(f.scratch), len(a.spare)) {
		v := f.scratch.get(kind)
		was := a.spare.at(kind)
		f.slackGrew = f.slackGrew || v > *was
		*f.spare.at(kind) += v - *was
		*was = v
	}
}

// cutting is what was in the way of all of a piece: the names of resources, empty
// for none.
type cutting struct {
	limit    string // of which the limit of the role leaves less
	headroom string // of which guarantees of others leave less
}

// cut returns as much of a piece as the quota of a role leaves it, and the
// headroom of the guarantees of others. In stage 1 it is no more than what is
// missing to its own guarantees, of what is guaranteed.
func (f *Fair) cut(b *bound, piece resource.Resources, first bool) (resource.Resources, cutting) {
	var why cutting
	if b.limits == nil && f.unmet == 0 {
		return piece, why
	}
	return piece.Cut(func(name string, have resource.Milli) resource.Milli {
		kind := f.kinds.number(name)
		most := have
		if left := b.left(kind); left < most {
			most, why.limit = left, name
		}
		if slack := f.slack(kind); slack < most {
			if slack = b.unmet.get(kind) + max(0, slack); slack < most {
				most, why.headroom = slack, name
			}
		}
		if first && b.guarantees.get(kind) > 0 {
			most = min(most, b.unmet.get(kind))
		}
		if name == resource.GPUs {
			most -= most % 1000 // a device is not divided
		}
		return most
	}), why
}

// helps tells whether a piece brings the role nearer to its guarantees.
func (f *Fair) helps(b *bound, piece resource.Resources) bool {
	for a := range piece.Amounts() {
		if a.Role == "" && !a.Revocable && b.unmet.get(f.kinds.number(a.Name)) > 0 {
			return true
		}
	}
	return false
}

// regrow renews those whom quota kept from something, where it leaves more now. What
// it leaves may be too little to be offered for itself, but not beside something
// reserved.
func (f *Fair) regrow() {
	for _, b := range f.grown {
		if b.grew && (b.held || b.guarantees != nil) && (f.mixed > 0 || !f.full(b)) {
			b.held = false
			f.renewed.addAll(b.clients.within(f.eligible))
		}
		b.grew = false
	}
	f.grown = f.grown[:0]
	if !f.slackGrew {
		return
	}
	f.slackGrew = false
	tight := f.tight()
	if f.passedOver && !tight {
		f.passedOver = false
		f.renewed.addAll(f.eligible)
	}
	if f.mixed > 0 || !tight {
		f.renewed.addAll(f.squeezed.within(f.eligible))
		clear(f.squeezed)
	}
}
