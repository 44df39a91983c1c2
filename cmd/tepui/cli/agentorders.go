// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"google.golang.org/protobuf/types/known/durationpb"
)

// pollInterval is how often a drain that is waited for is looked at.
const pollInterval = 500 * time.Millisecond

const agentArg = "\nAGENT is an id, the end of one such as S3, or a hostname."

func (a *app) drainAgent() *cobra.Command {
	var f operatorFlags
	var grace time.Duration
	var gone, wait bool
	cmd := &cobra.Command{
		Use:   "drain AGENT [flags]",
		Short: "Empty an agent: offer it no more, and kill its tasks with their grace",
		Long: "Drain takes an agent out of offers and kills what runs on it. It stays so, also after a restart, until\n" +
			"'tepui agent reactivate'." + agentArg,
		Example: "  tepui agent drain node7.example.com --max_grace_period 1mins --wait\n  tepui agent drain S7 --mark_gone",
		Args:    someArgs("AGENT"),
	}
	durationFlag(cmd.Flags(), &grace, "max_grace_period", 0, "shortens the grace period of tasks that have a longer one (default: that of each)")
	cmd.Flags().Lookup("max_grace_period").DefValue = ""
	cmd.Flags().BoolVar(&gone, "mark_gone", false, "declare the agent gone for good once it is empty")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the agent is empty")
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		id, err := m.agent(ctx, args[0])
		if err != nil {
			return err
		}
		drain := &operator.Call_DrainAgent{AgentId: &mesos.AgentID{Value: &id}, MarkGone: &gone}
		if cmd.Flags().Changed("max_grace_period") {
			drain.MaxGracePeriod = durationpb.New(grace)
		}
		if _, err := m.call(ctx, &operator.Call{Type: operator.Call_DRAIN_AGENT.Enum(), DrainAgent: drain}); err != nil {
			return err
		}
		if !wait {
			fmt.Fprintf(a.stdout, "agent %s is draining\n", id)
			return nil
		}
		return m.awaitDrained(ctx, id, gone)
	})
}

// awaitDrained waits until the agent is empty and, if so ordered, gone.
func (m *operators) awaitDrained(ctx context.Context, id string, gone bool) error {
	for {
		agents, err := m.agents(ctx)
		if err != nil {
			return err
		}
		state := "gone"
		for _, a := range agents.GetAgents() {
			if a.GetAgentInfo().GetId().GetValue() == id {
				state = agentState(a)
			}
		}
		switch {
		case state == "gone" && gone:
			fmt.Fprintf(m.flags.app.stdout, "agent %s is drained and gone\n", id)
			return nil
		case state == "gone":
			return fmt.Errorf("agent %s: it is no longer registered: it drains when it comes back", id)
		case state == "drained" && !gone:
			fmt.Fprintf(m.flags.app.stdout, "agent %s is drained\n", id)
			return nil
		case state != "draining" && state != "drained":
			return fmt.Errorf("agent %s: it is %s: somebody else has ended the drain", id, state)
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			fmt.Fprintf(m.flags.app.stderr, "%v: agent %s goes on draining\n", context.Cause(ctx), id)
			return &exitError{exitSignal + signalNumber(ctx)}
		}
	}
}

// agentOrder is a command that orders something about one agent.
func (a *app) agentOrder(use, short, long, done string, order func(*mesos.AgentID) *operator.Call) *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use: use + " AGENT [flags]", Short: short, Long: long + agentArg,
		Example: "  tepui agent " + use + " node7.example.com",
		Args:    someArgs("AGENT"),
	}
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		id, err := m.agent(ctx, args[0])
		if err != nil {
			return err
		}
		if _, err := m.call(ctx, order(&mesos.AgentID{Value: &id})); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "agent %s is %s\n", id, done)
		return nil
	})
}

func (a *app) deactivateAgent() *cobra.Command {
	return a.agentOrder("deactivate", "Offer an agent no more; what runs on it goes on",
		"Deactivate takes an agent out of offers. It stays so, also after a restart, until 'tepui agent reactivate'.", "deactivated",
		func(id *mesos.AgentID) *operator.Call {
			return &operator.Call{Type: operator.Call_DEACTIVATE_AGENT.Enum(), DeactivateAgent: &operator.Call_DeactivateAgent{AgentId: id}}
		})
}

func (a *app) reactivateAgent() *cobra.Command {
	return a.agentOrder("reactivate", "Offer an agent again that was deactivated or is drained",
		"Reactivate lets an agent be offered again that was deactivated or is drained.", "active",
		func(id *mesos.AgentID) *operator.Call {
			return &operator.Call{Type: operator.Call_REACTIVATE_AGENT.Enum(), ReactivateAgent: &operator.Call_ReactivateAgent{AgentId: id}}
		})
}

func (a *app) goneAgent() *cobra.Command {
	return a.agentOrder("gone", "Declare an agent gone for good",
		"Gone declares that an agent will not come back: frameworks are told that its tasks are gone. Its process ends,\n"+
			"now or when it comes back. That cannot be undone; another agent on the same host is let in.", "gone",
		func(id *mesos.AgentID) *operator.Call {
			return &operator.Call{Type: operator.Call_MARK_AGENT_GONE.Enum(), MarkAgentGone: &operator.Call_MarkAgentGone{AgentId: id}}
		})
}
