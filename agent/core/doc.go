// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package core decides what an agent does. It is a deterministic state
// machine: inputs go into Step, what is to be done comes out of Ready.
//
// It keeps the ledger of the host's resources, the life of each executor, and
// one ordered stream of status updates per task. The shell around it (package
// agent) talks to the master and to executors, and carries out the actions on
// containers; it decides nothing.
//
// Invariants, which Check verifies:
//   - what executors and tasks hold never exceeds the agent's total, and every
//     number about it is read from the Ledger;
//   - a task that is not terminal has an executor that has not ended; when an
//     executor ends, all its tasks end in the same Step;
//   - a task gets exactly one terminal update, and is forgotten only when its
//     framework has acknowledged it (or is gone itself);
//   - at most one status update per task, one change of limits per container
//     is under way at a time;
//   - tasks of a group wait together, and go to their executor together;
//   - the master knows the name of the agent's total; an operation of which it
//     waits for the end is told until that is acknowledged;
//   - a drained agent has nothing, and one that drains has no idle executor;
//   - nothing of an executor, connection, task or framework is left when it is
//     over.
//
// The core must not import net, os, sync, context, log or math/rand, nor read
// the clock: time, ids and the nonce from which it makes further ids are given
// to it. A test enforces that. It is not safe for concurrent use: one
// goroutine owns it.
package core
