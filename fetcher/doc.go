// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package fetcher turns URIs into files in a sandbox.
//
// [Fetch] does it in the calling process; [Spawn] does it in a child that has
// the credentials of the task's user, no environment and a time limit, and is
// what a daemon that runs as root must use, because a fetch reads local paths
// and parses archives with the rights of whoever runs it. [Main] is that
// child.
//
// What holds for every fetch:
//
//   - A URI is fetched wholly or not at all: bytes land in a private directory
//     inside the sandbox and are renamed into place when everything has been
//     checked. A failure leaves what earlier URIs of the request brought, and
//     nothing of the one that failed.
//   - Every path is opened relative to an [os.Root] on the sandbox, so no name,
//     link or archive entry can reach outside of it.
//   - Everything is bounded: see [Limits].
//   - A URI reaches its server exactly as it was written.
//   - Every failure is an [*Error], whose text tells a person which URI failed,
//     in which step, why, and what to do, and never shows a credential.
//
// The package stands alone: it knows URIs and paths, and must not import the
// packages of masters, agents, tasks or containers.
package fetcher
