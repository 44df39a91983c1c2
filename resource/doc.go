// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package resource is the algebra of cluster resources: adding, subtracting
// and comparing cpus, memory, ports, reserved disks.
//
// A Resources is a value, like a number: it never changes, its zero value is
// nothing, it is shared freely, and it is always in its one canonical form:
// items sorted by identity, each identity once, none empty. So equal amounts
// have equal texts and equal messages.
//
// # Identity
//
// Two amounts add up if they agree in name, kind of value, reservation stack,
// disk, revocable, shared and provider. Where a task sees a volume is not part of
// it: each task says that for itself. Cpus that are reserved for a role are
// never taken for cpus that are not. To which role something is allocated is
// not part of it: that is a fact about an offer, not about the resource.
//
// # Values
//
// Scalars are whole thousandths (Milli), so 0.1 + 0.2 is 0.3. Ranges hold
// uint64 numbers, sorted, with touching ranges joined. Sets hold sorted names.
// A volume, and a disk that can only be used alone (mount, block), cannot be
// split: its size is part of its identity, and what adds up are copies. Copies
// of a shared volume are one volume that several tasks use.
//
// # Laws
//
// For all a, b and c, where + is Add and - is Subtract:
//
//	a + b = b + a
//	(a + b) + c = a + (b + c)
//	a + b - b = a, unless a and b have a port or a name of a set in common
//	a - b fails exactly if a does not contain b, and no result is negative
//	Parse(a.String()) = a, FromProto(a.Proto()) = a
//
// # Conversions
//
// A Conversion is what RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and
// SHRINK_VOLUME do. It keeps the quantity of every resource; a RESERVE and its
// UNRESERVE, and a CREATE and its DESTROY, undo each other.
//
// The package is pure: it imports the messages of api/v1, protobuf and pure
// standard packages, starts nothing, waits for nothing, keeps no state.
package resource
