// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package session is what the scheduler driver and the executor driver share:
// one conversation with a master or an agent over a gRPC stream, the bounded
// queue of calls that goes up it, and the waits between conversations.
//
// It knows nothing of callbacks, states or what the calls mean, and imports
// neither driver. A Stream owns two goroutines, one that receives and one that
// sends; Close waits for both.
package session
