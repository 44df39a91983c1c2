// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package master is what operators and the master say to each other: a Call up,
// a Response down, as proto2 messages of the Mesos v1 API. It imports api/v1 and
// protobuf.
package master
