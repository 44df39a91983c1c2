// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Vm-guest is PID 1 and the runner of the test VM; see package guest.
package main

import (
	"fmt"
	"os"

	"github.com/tepui/tepui/integration/vm/guest"
)

func main() {
	if err := guest.Main(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
