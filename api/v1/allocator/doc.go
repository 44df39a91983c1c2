// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package allocator has the messages of Mesos v1 for what operators see of an
// allocator. It imports api/v1 and protobuf.
package allocator
