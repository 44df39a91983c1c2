// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench prints the figures of docs/performance.md, each beside a floor
// or a peer that was measured in the same run.
//
//	bench start [-rounds N]                    container start beside clone+exec, crun and runc; wants root and cgroup v2
//	bench tasks [-rounds N] [-isolation LIST]  latency and tasks per second on one agent; wants root
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("bench: which one? 'bench start' or 'bench tasks'")
	}
	flags := flag.NewFlagSet("bench "+args[0], flag.ContinueOnError)
	rounds := flags.Int("rounds", 30, "how often each thing is measured")
	isolation := flags.String("isolation", "none", "what the agent of 'bench tasks' isolates: none, or a list such as cpu,memory")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "start":
		samples, err := starts(*rounds)
		if err != nil {
			return err
		}
		return table(os.Stdout, samples)
	case "tasks":
		return tasks(os.Stdout, *isolation, *rounds)
	case executorCommand:
		return runFinisher()
	default:
		return fmt.Errorf("bench: no benchmark %q: there are start and tasks", args[0])
	}
}
