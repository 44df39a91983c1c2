// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of tepui: one file per command, each with its
// flags and the wiring of what it starts. What a command does is in the
// packages that it wires; they know nothing of flags, environment or signals.
package cli
