// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/master/core"
)

// masterFlags are those of the master alone.
type masterFlags struct {
	allocationInterval     time.Duration
	agentPingTimeout       time.Duration
	maxAgentPingTimeouts   int
	agentReregisterTimeout time.Duration
	agentRemovalRateLimit  rateValue
	offerTimeout           time.Duration
	weights                weightsValue
	allocation             allocationFlags
	domain                 domainValue
}

func (f *masterFlags) add(set *pflag.FlagSet) {
	durationFlag(set, &f.allocationInterval, "allocation_interval", time.Second, "shortest time for which what a framework declined is not offered to it again")
	positiveFlag(set, &f.agentPingTimeout, "agent_ping_timeout", core.DefaultAgentPingTimeout, "how long an agent may take to answer a ping, and the time between two")
	set.IntVar(&f.maxAgentPingTimeouts, "max_agent_ping_timeouts", core.DefaultMaxAgentPingTimeouts, "how many pings in a row an agent may leave unanswered before it is unreachable")
	positiveFlag(set, &f.agentReregisterTimeout, "agent_reregister_timeout", 10*time.Minute, "how long a lost agent may stay away before it is unreachable")
	set.Var(&f.agentRemovalRateLimit, "agent_removal_rate_limit", "most agents that become unreachable in a time, as in 1/10mins (default: no limit)")
	durationFlag(set, &f.offerTimeout, "offer_timeout", 0, "time after which an unused offer is rescinded; 0 = never")
	f.allocation.add(set)
	set.Var(&f.domain, "domain", "where the master is, as REGION/ZONE: agents of another region are for frameworks that are REGION_AWARE (default: nowhere, all are near)")
	set.Var(&f.weights, "weights", "weights of roles, as in web=2,batch=0.5, for a master that remembers none; 'tepui weights' changes them")
}

// check finds wrong usage before anything is touched.
func (f *masterFlags) check() error {
	if f.maxAgentPingTimeouts < 1 {
		return usageError{fmt.Errorf("--max_agent_ping_timeouts %d: must be at least 1", f.maxAgentPingTimeouts)}
	}
	return f.allocation.check()
}

func (f *masterFlags) config(hostname string, at netip.AddrPort, log *slog.Logger) master.Config {
	config := master.Config{
		Hostname:               hostname,
		Advertise:              at,
		AllocationInterval:     f.allocationInterval,
		AgentPingTimeout:       f.agentPingTimeout,
		MaxAgentPingTimeouts:   f.maxAgentPingTimeouts,
		AgentReregisterTimeout: f.agentReregisterTimeout,
		AgentRemovalRate:       f.agentRemovalRateLimit.Rate,
		Weights:                f.weights,
		OfferTimeout:           f.offerTimeout,
		Log:                    log,
		Version:                version(),
		Domain:                 f.domain.DomainInfo,
	}
	f.allocation.complete(&config)
	return config
}

func (a *app) master() *cobra.Command {
	var where listenFlags
	var flags masterFlags
	var logs logFlags
	var remember registryFlags
	cmd := &cobra.Command{
		Use:   "master [flags]",
		Short: "Offer the resources of agents to frameworks",
		Long: "Master knows the agents and what is free on them, offers it to frameworks, and passes on\n" +
			"what they want to run. It serves agents, frameworks and operators on one port, without\n" +
			"authentication: let only those reach it who may run programs on the agents.\n" +
			"A master that is started again with the same --work_dir goes on where the last one ended.",
		Example: "  tepui master --ip 10.0.0.1\n  TEPUI_IP=10.0.0.1 tepui master --agent_reregister_timeout 5mins",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := logs.logger(a.stderr)
			if err != nil {
				return err
			}
			if err := flags.check(); err != nil {
				return err
			}
			l, at, err := where.listen(cmd.Context())
			if err != nil {
				return err
			}
			config := flags.config(where.hostname, at, log)
			registry, err := remember.open()
			if err != nil {
				return errors.Join(err, l.Close())
			}
			config.Registry = registry
			return errors.Join(serveMaster(cmd.Context(), l, config), registry.Close())
		},
	}
	where.add(cmd.Flags(), 5050)
	remember.add(cmd.Flags())
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
