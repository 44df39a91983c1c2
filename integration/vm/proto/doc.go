// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package proto is what the host and the runner inside a test VM say to each
// other over one virtio-serial port: frames of a kind, a length and a payload.
//
// A session begins with [Hello], which the guest answers with [Ready]. Then
// [Run] starts one command at a time; while it runs the host may send [Signal],
// and the guest sends [Stdout], [Stderr] and, after the command ended,
// [Archive] (a tar of the files asked for) and one [Done].
//
// Every frame is at most [MaxPayload] long, so neither side can be made to
// hold more than that. The package imports nothing of ours.
package proto
