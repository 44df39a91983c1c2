// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tepui/tepui/fetcher"
	"github.com/tepui/tepui/isolator/pid1"
)

// TestMain also makes the test binary all that the native tests start: process
// 1 of a container, the fetcher, and an executor.
func TestMain(m *testing.M) {
	switch {
	case os.Args[0] == pid1.Name:
		os.Exit(pid1.Main())
	case len(os.Args) == 2 && os.Args[1] == "fetch":
		os.Exit(fetcher.Main(os.Stdin, os.Stdout))
	case len(os.Args) == 2 && os.Args[1] == "executor":
		if err := nativeExecutor(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
