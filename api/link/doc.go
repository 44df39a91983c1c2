// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package link holds the gRPC services of masters and agents, and the messages
// that exist only there: the doors for schedulers and executors, which carry
// the Mesos v1 calls and events, and the link between a master and its agents.
//
// The comments in agent.proto and door.proto are the contract: who connects,
// in which order messages come, and what a lost connection means.
package link
