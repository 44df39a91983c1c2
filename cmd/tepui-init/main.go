// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Command tepui-init is process 1 of every container. The agent starts it from
// a sealed copy in memory; there is no reason to start it by hand.
package main

import (
	"syscall"

	"github.com/tepui/tepui/isolator/pid1"
)

func main() {
	syscall.Exit(pid1.Main())
}
