// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/spf13/cobra"
	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/isolator"
	"golang.org/x/sync/errgroup"
)

// maxLocalAgents is more than one would want to look at.
const maxLocalAgents = 100

type localFlags struct {
	where  listenFlags
	master masterFlags
	agent  agentFlags
	logs   logFlags
	agents int
}

func (a *app) local() *cobra.Command {
	f := &localFlags{agent: agentFlags{app: a}}
	cmd := &cobra.Command{
		Use:   "local [flags]",
		Short: "Run a master and agents in one process, for a try",
		Long: "Local is a whole cluster on this host: a master and an agent in one process. With --agents there\n" +
			"are more agents, each with directories of its own below those given, on the ports after the\n" +
			"master's. Each of them offers what --resources says, or the whole host: say it for more than one.\n" +
			"The cluster ends with the process, and nothing of it is remembered.",
		Example: "  tepui local\n  tepui local --agents 3 --resources 'cpus:1;mem:512' --cgroups_enable_cfs",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := f.logs.logger(a.stderr)
			if err != nil {
				return err
			}
			if err := f.check(); err != nil {
				return err
			}
			f.agent.domain = f.master.domain
			return f.serve(cmd.Context(), log)
		},
	}
	cmd.Flags().IntVar(&f.agents, "agents", 1, "number of agents")
	f.where.add(cmd.Flags(), 5050)
	f.master.add(cmd.Flags())
	f.agent.add(cmd.Flags())
	f.logs.add(cmd.Flags())
	return a.command(cmd)
}

// check finds wrong usage before anything is touched.
func (f *localFlags) check() error {
	if f.agents < 1 || f.agents > maxLocalAgents {
		return usageError{fmt.Errorf("--agents %d: must be from 1 to %d", f.agents, maxLocalAgents)}
	}
	if f.where.port != 0 && int(f.where.port)+f.agents > math.MaxUint16 {
		return usageError{fmt.Errorf("--port %d: must be at most %d, since each of the --agents %d takes one of the ports after it", f.where.port, math.MaxUint16-f.agents, f.agents)}
	}
	return f.master.check()
}

// serve runs the cluster until ctx or the master ends: the agents end first, so that the master
// still hears from them.
func (f *localFlags) serve(ctx context.Context, log *slog.Logger) (err error) {
	if err := f.agent.prepare(); err != nil {
		return err
	}
	release, err := f.agent.lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	listener, at, err := f.where.listen(ctx)
	if err != nil {
		return err
	}
	iso, err := f.agent.isolate(ctx, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, iso.Close()) }()

	ctx, stopAgents := context.WithCancel(ctx)
	defer stopAgents()
	agents, ctx := errgroup.WithContext(ctx)
	masterCtx, stopMaster := context.WithCancel(context.WithoutCancel(ctx))
	defer stopMaster()
	config := f.master.config(f.where.hostname, at, log.With("of", "master"))
	var master errgroup.Group
	master.Go(func() error {
		defer stopAgents() // nothing is left for them to do
		return serveMaster(masterCtx, listener, config)
	})
	for n := 1; n <= f.agents; n++ {
		agents.Go(func() error { return f.serveAgent(ctx, n, at.String(), iso, log) })
	}
	err = agents.Wait()
	stopMaster()
	return errors.Join(err, master.Wait())
}

// serveAgent runs the n-th agent, on the n-th port after the master's, until ctx ends.
// One that is declared gone is no reason to end the others, nor the master.
func (f *localFlags) serveAgent(ctx context.Context, n int, master string, iso *isolator.Isolator, log *slog.Logger) error {
	where := f.where
	if where.port != 0 {
		where.port += uint16(n)
	}
	name := fmt.Sprintf("agent-%d", n)
	if f.agents == 1 {
		name = ""
	} else {
		where.hostname += fmt.Sprintf("-%d", n)
	}
	l, at, err := where.listen(ctx)
	if err != nil {
		return err
	}
	config, err := f.agent.config(master, where.hostname, name, at, iso, log.With("of", fmt.Sprintf("agent-%d", n)))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	err = serveAgent(ctx, l, config)
	if _, gone := errors.AsType[*agent.GoneError](err); gone {
		config.Log.Error("agent ended, the cluster goes on without it", "error", err)
		<-ctx.Done()
		return nil
	}
	return err
}
