// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package api holds what goes over the wire, in folders below it:
//
//   - v1 is the Mesos v1 data model, with v1/scheduler and v1/executor, the
//     calls and events of schedulers and executors;
//   - link is what Mesos left to itself: the gRPC services, and what a master
//     and its agents say to each other.
//
// The .proto files are the source; `make generate` writes the .pb.go files,
// and the same input gives the same bytes. Names and numbers of v1 are those of
// Mesos 1.11 and never change: v1/testdata/wire.txt lists them, and a test
// compares.
//
// Nothing below api imports anything of ours from outside it.
package api
