// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package allocator divides agents among frameworks.
//
// Fair, the one there is, gives what is free to the role with the lowest
// dominant share, and within the role to the framework with the lowest: the
// share of a role or framework is the largest of its shares of the cluster's
// cpus, memory and other scalar resources, counting what it is offered and what
// it uses. All that an agent has free goes to the first framework that may have
// it.
//
// # Invariants
//
//   - what is taken of an agent is part of its total, and free is the rest;
//   - the share of a role is the sum of its frameworks', and nothing is below 0;
//   - a framework is granted nothing that it refused and whose filter stands,
//     nor a part of it, and nothing that is reserved for another role;
//   - the same calls in the same order give the same grants.
//
// A pass costs what changed since the last: the agents of which something came
// back or a filter expired, all of them only when a framework newly wants
// something. What was refused waits for the next pass of the interval: handing it
// on at once would have a few frameworks that want nothing keep everybody busy.
//
// # Imports
//
// Like master/core, whose Allocator it implements: only api, resource,
// master/core and the standard library's pure packages.
package allocator
