// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"iter"
	"math"
	"slices"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
)

// The names of the resources that every agent knows.
const (
	CPUs  = "cpus"  // scalar, cores
	Mem   = "mem"   // scalar, MB (1<<20 bytes)
	Disk  = "disk"  // scalar, MB (1<<20 bytes)
	GPUs  = "gpus"  // scalar, devices
	Ports = "ports" // ranges, TCP and UDP port numbers
)

// Scalar returns how much of a scalar resource there is, over all its
// reservations, disks and so on; 0 if there is none.
func (r Resources) Scalar(name string) Milli {
	var sum Milli
	for i := range r.items {
		if it := &r.items[i]; it.name == name && it.kind == mesos.Value_SCALAR {
			sum = sum.plus(it.total())
		}
	}
	return sum
}

// CPUs returns the cores, in thousandths.
func (r Resources) CPUs() Milli { return r.Scalar(CPUs) }

// Mem returns the memory, in thousandths of a MB.
func (r Resources) Mem() Milli { return r.Scalar(Mem) }

// Disk returns the disk space, in thousandths of a MB.
func (r Resources) Disk() Milli { return r.Scalar(Disk) }

// MemBytes returns the memory in bytes, rounded down.
func (r Resources) MemBytes() int64 {
	const mb = 1 << 20
	m := int64(r.Mem())
	if m/1000 > math.MaxInt64/mb-1 {
		return math.MaxInt64
	}
	return m/1000*mb + m%1000*mb/1000
}

// Scalars yields every scalar resource once, sorted by name, with its sum
// over all identities. It does not allocate.
func (r Resources) Scalars() iter.Seq2[string, Milli] {
	return func(yield func(string, Milli) bool) {
		for i := 0; i < len(r.items); {
			name, sum, scalar := r.items[i].name, Milli(0), false
			for ; i < len(r.items) && r.items[i].name == name; i++ {
				if r.items[i].kind == mesos.Value_SCALAR {
					sum, scalar = sum.plus(r.items[i].total()), true
				}
			}
			if scalar && !yield(name, sum) {
				return
			}
		}
	}
}

// Ports returns the port numbers of all identities, sorted and coalesced, in
// a slice of the caller's own.
func (r Resources) Ports() []Range {
	var out []Range
	for i := range r.items {
		if it := &r.items[i]; it.name == Ports && it.kind == mesos.Value_RANGES {
			out = unionRanges(out, it.ranges)
		}
	}
	return out
}

// Names returns the names of the resources there are, sorted, each once.
func (r Resources) Names() []string {
	var out []string
	for i := range r.items {
		if name := r.items[i].name; len(out) == 0 || out[len(out)-1] != name {
			out = append(out, name)
		}
	}
	return out
}

// Size tells about how many bytes r takes as messages, at least: what is set apart
// by long names, labels and principals takes much, however little there is of it.
func (r Resources) Size() int {
	n := 0
	for i := range r.items {
		it := &r.items[i]
		one := 16 + len(it.name) + len(it.traits.text()) + 20*len(it.ranges)
		if it.traits != nil {
			one += len(it.traits.disk.GetVolume().GetContainerPath()) // no part of the identity
		}
		for _, s := range it.set {
			one += 2 + len(s)
		}
		n += one * int(it.count)
	}
	return n
}

// Unreserved returns what is reserved for no role.
func (r Resources) Unreserved() Resources {
	return r.filter(func(it *item) bool { return it.traits.reservedFor() == "" })
}

// Reserved returns what is reserved for exactly this role.
func (r Resources) Reserved(role string) Resources {
	return r.filter(func(it *item) bool { return role != "" && it.traits.reservedFor() == role })
}

// Revocable returns what can be taken away at any time.
func (r Resources) Revocable() Resources {
	return r.filter(func(it *item) bool { return it.traits != nil && it.traits.revocable })
}

// NonRevocable returns all that is not revocable.
func (r Resources) NonRevocable() Resources {
	return r.filter(func(it *item) bool { return it.traits == nil || !it.traits.revocable })
}

// Unrefined returns all but what is reserved by a reservation that refines
// another: what the old form of reservations can tell of.
func (r Resources) Unrefined() Resources {
	return r.filter(func(it *item) bool { return it.traits == nil || len(it.traits.reservations) <= 1 })
}

// AvailableTo returns what a framework in this role may use: the unreserved,
// and what is reserved for the role or for a role above it ("eng" is above
// "eng/dev").
func (r Resources) AvailableTo(role string) Resources {
	return r.filter(func(it *item) bool {
		return coversRole(it.traits.reservedFor(), role)
	})
}

// coversRole tells whether a reservation for holder may be used in role; no
// holder means unreserved.
func coversRole(holder, role string) bool {
	return holder == "" || holder == role ||
		len(role) > len(holder) && strings.HasPrefix(role, holder) && role[len(holder)] == '/'
}

// filter returns the items that keep says yes to, without a copy if that is
// all of them.
func (r Resources) filter(keep func(*item) bool) Resources {
	all := true
	for i := range r.items {
		all = all && keep(&r.items[i])
	}
	if all {
		return r
	}
	var out []item
	for i := range r.items {
		if keep(&r.items[i]) {
			out = append(out, r.items[i])
		}
	}
	return Resources{out}
}

// Find picks from r the quantities that targets names: of each first what is
// reserved for the role, then for the roles above it, the nearest first, then
// the unreserved. Revocable resources, resources of a provider and disks with
// a source or a volume are picked only by a target that names them exactly,
// as is any target that is itself reserved. The result is contained in r;
// false if r has too little.
func (r Resources) Find(targets Resources, role string) (Resources, bool) {
	left, found := r, Resources{}
	for pass := range 2 { // exact targets first: they have no choice
		for i := range targets.items {
			want := &targets.items[i]
			if exact := want.traits != nil; exact != (pass == 0) {
				continue
			}
			got, ok := left.pick(want, role)
			if !ok {
				return Resources{}, false
			}
			left, _ = left.Subtract(got) // pick took it from left: it is contained
			found = found.Add(got)
		}
	}
	return found, true
}

// pick returns what Find takes for one target.
func (r Resources) pick(want *item, role string) (Resources, bool) {
	if want.traits != nil {
		got := Resources{[]item{*want}}
		return got, r.Contains(got)
	}
	var got Resources
	rest := *want
	for _, it := range r.candidates(want, role) {
		part := it.common(&rest)
		if part.isEmpty() {
			continue
		}
		got = got.Add(Resources{[]item{part}})
		if rest = rest.minus(&part); rest.isEmpty() {
			return got, true
		}
	}
	return Resources{}, false
}

// candidates returns the items that may serve a plain target, best first.
func (r Resources) candidates(want *item, role string) []*item {
	var out []*item
	for i := range r.items {
		it := &r.items[i]
		if it.name == want.name && it.kind == want.kind && it.traits.onlyReserved() &&
			coversRole(it.traits.reservedFor(), role) {
			out = append(out, it)
		}
	}
	slices.SortStableFunc(out, func(a, b *item) int {
		return len(b.traits.reservedFor()) - len(a.traits.reservedFor())
	})
	return out
}
