// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package maintenance has the messages of Mesos v1 for when which machines are to
// be out of use. It imports api/v1 and protobuf.
package maintenance
