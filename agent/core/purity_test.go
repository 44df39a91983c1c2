// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"github.com/tepui/tepui/internal/purity"
)

func TestPure(t *testing.T) {
	forbidden := purity.Core()
	// Wait statuses and signals are values: the core passes them on. What acts
	// is listed instead.
	delete(forbidden, "syscall")
	for _, name := range []string{"Kill", "Wait4", "Exec", "ForkExec", "StartProcess", "Open", "Read", "Write", "Getenv", "Getpid"} {
		forbidden["syscall."+name] = "a core does no I/O"
	}
	purity.Check(t, "github.com/tepui/tepui/agent/core", forbidden)
	purity.Check(t, "github.com/tepui/tepui/executor/command", forbidden)
}
