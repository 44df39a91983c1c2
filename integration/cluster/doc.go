// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster starts the real programs, one master and some agents, as
// processes of the host that a scenario runs on, and ends them with it.
//
// The programs are those of the folder that TEPUI_BIN names, else of bin at
// the top of the tree.
package cluster
