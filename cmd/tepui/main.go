// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Command tepui is all of Tepui but the first process of a container: the
// master, the agent, both in one for a try, and a framework for one command.
//
// It is flags and wiring. Flags are written with underscores, like those of
// Mesos; each has an environment form, TEPUI_ and its name in capitals, which
// holds when the flag is not given.
//
// Exit status: 0 for success, 1 when something went wrong, 2 for wrong usage;
// that of "tepui run" is in its help.
package main

import (
	"os"

	"github.com/tepui/tepui/cmd/tepui/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}
