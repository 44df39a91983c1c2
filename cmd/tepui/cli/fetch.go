// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/cobra"
	"github.com/tepui/tepui/fetcher"
)

// fetch is what an agent runs, as the user of a task, to fetch its URIs.
func (a *app) fetch() *cobra.Command {
	return &cobra.Command{
		Use:    "fetch",
		Short:  "Fetch URIs into a sandbox, as told on standard input",
		Hidden: true,
		Args:   noArgs,
		RunE: func(*cobra.Command, []string) error {
			if status := fetcher.Main(a.stdin, a.stdout); status != 0 {
				return &exitError{status}
			}
			return nil
		},
	}
}
