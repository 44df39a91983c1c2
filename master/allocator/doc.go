// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package allocator divides agents among frameworks.
//
// Fair, the one there is, gives what is free to the role with the lowest
// dominant share, and within the role to the framework with the lowest: the
// share of a role or framework is the largest of its shares of the cluster's
// cpus, memory and other scalar resources, counting what it is offered and what
// it uses, by its weight. Roles form a tree, and the frameworks of a role stand
// beside the roles below it (order.go). All that an agent has free goes to the
// first framework that may have it. Instead of the lowest share a lot can decide,
// among roles, frameworks, or both; and in optimistic mode everybody is granted
// what is free who may have it.
//
// # What a framework may have
//
// look.go asks, in this order: does the agent suit the framework (region, GPUs,
// constraints); is anything free; is it reserved for others; does the framework
// understand it; how much of it do the limit of its role and the guarantees of
// others leave; is that enough; has it refused that. Allocate acts on the answer,
// Explain tells it.
//
// # What a pass costs
//
// What changed since the last, not what exists. A client, which is a framework in
// one role, is looked at
//
//   - on an agent of which something came back: everybody is;
//   - on all agents, when it subscribed, revived, or quota leaves it more;
//   - on the agent whose filter expired.
//
// Otherwise nothing can have become grantable. Each agent has a set of those who
// are known to be denied what it has free, one bit for each; it stands until there
// is more free, for who may not have much may not have less either. So an agent
// that everybody has refused costs a look at a few words. Orders are kept sorted,
// and are sorted anew only when the cluster's total or a weight has changed. What
// was refused waits for the next pass of the interval: handing it on at once would
// have a few frameworks that want nothing keep everybody busy.
//
// # Invariants
//
//   - what is in use, granted and free of an agent is its total; in optimistic mode
//     what is granted to one framework is free, and granted to it once;
//   - the account of a role is the sum of its frameworks' and of the roles below
//     it, and nothing is below 0;
//   - a framework is granted nothing that it refused and whose filter stands,
//     nor a part of it, and nothing that is reserved for another role;
//   - what a top-level role consumes is within its limits, as far as grants go;
//   - after a pass nothing is left that somebody may have, but for what was refused
//     within the interval;
//   - the same calls in the same order give the same grants.
//
// # Imports
//
// Like master/core, whose Allocator it implements: only api, resource,
// master/core and the standard library's pure packages.
package allocator
