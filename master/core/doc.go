// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package core is the master's decision core: a deterministic state machine
// that knows every framework, agent, offer, task and executor of a cluster, and
// decides what each of them is told.
//
// It decides and never waits: it has no goroutine, no lock, no clock, no socket
// and no source of randomness. Time comes in with every Step, ids are counters
// behind the id of the master that it is given. The same inputs at the same
// times give the same outputs, so that one core can run under the real shell of
// package master and thousands of times under a simulator.
//
// Whoever owns a Core calls Step for each input, then Ready once for a batch of
// them, carries out what Ready returned, and calls Step with a Tick no later
// than Deadline says.
//
// # Ownership of messages
//
// A message handed to Step belongs to the core, which may complete it (the
// framework id of an executor, the role of a resource) and keep parts of it. A
// message taken from Ready may share parts with the core and with other
// messages: it is to be read and sent, never changed.
//
// # What outlives a master
//
// Frameworks, ids of removed ones, agents, weights, quotas and maintenance are
// Records. A change is made at once and its Record is in the same Ready: whoever owns
// the core makes all of Ready.Persist durable before anything else of that Ready
// leaves. A master that dies before has told nobody. The next one is given the
// Records in Config.Remembered. Tasks, offers and operations are not among them:
// agents and frameworks bring them back.
//
// # Invariants
//
// Check tells the first of these that does not hold:
//
//   - offered + used + free = total, on each agent, and the allocator agrees; used
//     is what tasks, executors and operations hold, and offers that may overlap
//     fit into the rest for each framework;
//   - every offer belongs to one connected framework and one connected agent;
//   - every task and executor belongs to a framework and an agent that exist,
//     and is found from both;
//   - a task that has ended holds no resources;
//   - what is true of a framework is what is remembered of it, and one that is away
//     has a timer that ends it.
//
// # Imports
//
// Only api, resource, google.golang.org/protobuf/proto and the standard
// library's pure packages; a test lists what is forbidden, and why.
package core
