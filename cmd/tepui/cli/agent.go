// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"
	"github.com/tepui/tepui/agent"
)

func (a *app) agent() *cobra.Command {
	var where listenFlags
	var logs logFlags
	var master string
	flags := agentFlags{app: a}
	cmd := &cobra.Command{
		Use:   "agent [flags]",
		Short: "Run what frameworks launch on this host, in containers",
		Long: "Agent offers what this host has through its master, fetches executors, runs them in containers\n" +
			"of cgroup v2 and namespaces, and reports what becomes of tasks. It needs root.\n" +
			"When it ends it shuts its executors down. One that an operator declares gone ends too, with status 3:\n" +
			"started again it is another agent. Its commands are for operators: they ask a master.",
		Example: "  tepui agent --master 10.0.0.1:5050 --ip 10.0.0.2\n" +
			"  tepui agent --master 10.0.0.1:5050 --ip 10.0.0.2 --resources 'cpus:8;mem:16384' --attributes 'rack:r7'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			log, err := logs.logger(a.stderr)
			if err != nil {
				return err
			}
			if err := masterAddress(master); err != nil {
				return err
			}
			if err := flags.prepare(); err != nil {
				return err
			}
			release, err := flags.lock()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			ctx := cmd.Context()
			if err := where.towards(ctx, master, cmd.Flags().Changed("ip")); err != nil {
				return err
			}
			l, at, err := where.listen(ctx)
			if err != nil {
				return err
			}
			iso, err := flags.isolate(ctx, log)
			if err != nil {
				return errors.Join(err, l.Close())
			}
			config, err := flags.config(master, where.hostname, "", at, iso, log)
			if err == nil {
				err = serveAgent(ctx, l, config)
			} else {
				err = errors.Join(err, l.Close())
			}
			return errors.Join(err, iso.Close())
		},
	}
	cmd.Flags().StringVar(&master, "master", "", "address of the master, host:port")
	where.add(cmd.Flags(), 5051)
	cmd.Flags().Lookup("ip").Usage = "address to listen on and to be known by (default: the one towards the master)"
	cmd.Flags().Lookup("ip").DefValue = ""
	flags.add(cmd.Flags())
	cmd.Flags().Var(&flags.domain, "domain", "where the host is, as REGION/ZONE (default: nowhere)")
	logs.add(cmd.Flags())
	cmd.AddCommand(a.drainAgent(), a.deactivateAgent(), a.reactivateAgent(), a.goneAgent())
	return a.command(cmd)
}

// serveAgent runs an agent until ctx ends, or it is declared gone, and its executors have ended.
func serveAgent(ctx context.Context, l net.Listener, config agent.Config) error {
	g, err := agent.New(config)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	config.Log.Info("agent serves", "address", l.Addr().String(), "master", config.Master,
		"resources", config.Resources.String(), "version", config.Version)
	if err := g.Serve(ctx, l); err != nil {
		return err
	}
	config.Log.Info("agent ended")
	return nil
}
