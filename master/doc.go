// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package master serves a cluster: it is the shell around the decision core of
// package core, and gives it a clock, a network and a log.
//
// One goroutine, the loop, owns the core. Connections hand it inputs through a
// bounded queue; it drains a batch of them, steps each, takes one Ready, and
// puts what is to be sent into the bounded queue of each connection, from which
// that connection's own goroutine sends. So neither a slow peer nor a slow
// network makes the loop wait: a peer that does not read is cut off, and finds
// out what it missed when it comes back.
//
// # Invariants
//
//   - only the loop touches the core, the registry and the table of connections;
//   - nothing that the core has decided leaves before what is to be remembered of it
//     is durable;
//   - what the core sends on a connection leaves in that order, and inputs of a
//     connection reach the core in the order in which they came;
//   - every goroutine ends before Serve returns;
//   - every queue, message and wait has a bound, named in limits.go.
//
// # Imports
//
// master/core, master/allocator, api and resource; nothing of agent, isolator
// or fetcher. The registry is handed in: package registry has one.
package master
