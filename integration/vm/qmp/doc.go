// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package qmp is a small client of the QEMU Machine Protocol: JSON commands
// over a unix socket, answered one at a time, with events in between, which
// it skips. Source: docs/interop/qmp-spec of QEMU. It imports nothing of ours.
package qmp
