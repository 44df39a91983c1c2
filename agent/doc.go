// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package agent is one host of the cluster: it registers with a master, starts
// executors and command tasks in containers, and reports what becomes of them.
//
// The package is the shell around agent/core, which decides. Here is what
// touches the world: the link to the master, the door for executors, the
// goroutines that make sandboxes, fetch, start and destroy. One goroutine, the
// loop, owns the core; everything else posts inputs to it and gets messages
// and actions from it through bounded queues. So that nothing outside can hold
// up the loop, it never waits for a peer or a container.
//
// Invariants:
//   - every goroutine has ended when Serve returns, and so has every container
//     that could be ended;
//   - messages to one peer keep their order; a peer that does not read is
//     disconnected, and catches up when it comes back;
//   - a path below the work directory is only ever opened through an os.Root;
//   - an executor speaks for the container whose token it holds, and no other.
//
// An agent that restarts has again the resources that it was started with: dynamic
// reservations, and which volumes there are, are lost until the agent checkpoints
// what it knows. The files of volumes stay where they are, below volumes/roles in
// the work directory; a new volume that would be in the same place is refused.
//
// It must not import anything of the master.
package agent
