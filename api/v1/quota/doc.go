// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package quota has the messages of Mesos v1 for what roles are promised and
// limited to. It imports api/v1 and protobuf.
package quota
