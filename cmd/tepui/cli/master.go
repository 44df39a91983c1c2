// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/tepui/tepui/master"
)

// masterFlags are those of the master alone.
type masterFlags struct {
	allocationInterval     time.Duration
	agentReregisterTimeout time.Duration
	offerTimeout           time.Duration
}

func (f *masterFlags) add(set *pflag.FlagSet) {
	durationFlag(set, &f.allocationInterval, "allocation_interval", time.Second, "shortest time for which what a framework declined is not offered to it again")
	durationFlag(set, &f.agentReregisterTimeout, "agent_reregister_timeout", 10*time.Minute, "how long a lost agent may stay away before its tasks are lost")
	durationFlag(set, &f.offerTimeout, "offer_timeout", 0, "time after which an unused offer is rescinded; 0 = never")
}

func (f *masterFlags) config(hostname string, at netip.AddrPort, log *slog.Logger) master.Config {
	return master.Config{
		Hostname:               hostname,
		Advertise:              at,
		AllocationInterval:     f.allocationInterval,
		AgentReregisterTimeout: f.agentReregisterTimeout,
		OfferTimeout:           f.offerTimeout,
		Log:                    log,
		Version:                version(),
	}
}

func (a *app) master() *cobra.Command {
	var where listenFlags
	var flags masterFlags
	var logs logFlags
	var workDir string
	cmd := &cobra.Command{
		Use:   "master [flags]",
		Short: "Offer the resources of agents to frameworks",
		Long: "Master knows the agents and what is free on them, offers it to frameworks, and passes on\n" +
			"what they want to run. It serves agents and frameworks on one port, without authentication:\n" +
			"let only those reach it who may run programs on the agents.",
		Example: "  tepui master --ip 10.0.0.1\n  TEPUI_IP=10.0.0.1 tepui master --agent_reregister_timeout 5mins",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(a.stderr)
			if err != nil {
				return err
			}
			l, at, err := where.listen(cmd.Context())
			if err != nil {
				return err
			}
			return serveMaster(cmd.Context(), l, flags.config(where.hostname, at, log))
		},
	}
	where.add(cmd.Flags(), 5050)
	cmd.Flags().StringVar(&workDir, "work_dir", "/var/lib/tepui/master", "directory for what must outlive the master; nothing yet")
	flags.add(cmd.Flags())
	logs.add(cmd.Flags())
	return a.command(cmd)
}

// serveMaster runs a master until ctx ends.
func serveMaster(ctx context.Context, l net.Listener, config master.Config) error {
	m, err := master.New(config)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if err := m.Serve(ctx, l); err != nil {
		return err
	}
	config.Log.Info("master ended")
	return nil
}
