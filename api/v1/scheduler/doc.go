// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package scheduler is what a scheduler and the master say to each other: Calls
// up, and a stream of Events down, as proto2 messages of the Mesos v1 API.
//
// Validate has the rules for the shape of a call, which are the same at every
// door. The package imports api/v1 and protobuf.
package scheduler
