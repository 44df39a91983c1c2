// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tepui/tepui/isolator/pid1"
)

// TestMain also makes the test binary what the tests start: process 1 of a
// container, unless TEPUI_INIT names the real one, and an agent that dies.
func TestMain(m *testing.M) {
	if os.Args[0] == pid1.Name {
		os.Exit(pid1.Main())
	}
	if dir := os.Getenv(mortalAgentEnv); dir != "" {
		mortalAgent(dir)
	}
	goleak.VerifyTestMain(m)
}
