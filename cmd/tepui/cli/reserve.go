// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

func (a *app) reserve() *cobra.Command {
	return a.reservation(
		"reserve", "Reserve resources of an agent for a role",
		"Reserve keeps resources of an agent for the frameworks of a role and of those below it. They must not be in\n"+
			"use; where they are offered the offer is taken back. RESOURCES are as in cpus:4;mem:8192.",
		func(agent *mesos.AgentID, role string, want, _ resource.Resources) (*operator.Call, error) {
			list := want.Proto()
			for _, r := range list {
				r.Reservations = []*mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role}}
			}
			return &operator.Call{
				Type:             operator.Call_RESERVE_RESOURCES.Enum(),
				ReserveResources: &operator.Call_ReserveResources{AgentId: agent, Resources: list},
			}, nil
		})
}

func (a *app) unreserve() *cobra.Command {
	return a.reservation(
		"unreserve", "Give resources of an agent that are reserved for a role back to all",
		"Unreserve ends reservations of a role that 'tepui reserve' or a framework made. The resources must not be in\n"+
			"use. RESOURCES are as in cpus:4;mem:8192.",
		func(agent *mesos.AgentID, role string, want, total resource.Resources) (*operator.Call, error) {
			reserved := total.Reserved(role)
			found, ok := reserved.Find(want, role)
			if !ok {
				return nil, fmt.Errorf("%s: not all of it is reserved for role %q on agent %s: that is %s", want, role, agent.GetValue(), reserved)
			}
			return &operator.Call{
				Type:               operator.Call_UNRESERVE_RESOURCES.Enum(),
				UnreserveResources: &operator.Call_UnreserveResources{AgentId: agent, Resources: found.Proto()},
			}, nil
		})
}

// reservation is a command about resources of an agent and a role. order gets what
// is named, and all that the agent has.
func (a *app) reservation(use, short, long string, order func(agent *mesos.AgentID, role string, want, total resource.Resources) (*operator.Call, error)) *cobra.Command {
	var f operatorFlags
	var role string
	cmd := &cobra.Command{
		Use: use + " AGENT RESOURCES [flags]", Short: short, Long: long + agentArg,
		Example: "  tepui " + use + " node7.example.com 'cpus:4;mem:8192' --role web",
		Args:    someArgs("AGENT", "RESOURCES"),
	}
	cmd.Flags().StringVar(&role, "role", "", "the role, which must be given")
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		want, err := resource.Parse(args[1])
		switch {
		case err != nil:
			return usageError{fmt.Errorf("RESOURCES %q: %w", args[1], err)}
		case want.IsEmpty() || !want.IsPlain():
			return usageError{fmt.Errorf("RESOURCES %q: must be amounts without roles, such as cpus:4;mem:8192", args[1])}
		case role == "" || role == "*":
			return usageError{fmt.Errorf("--role %q: must be the role, other than *", role)}
		}
		id, err := m.agent(ctx, args[0])
		if err != nil {
			return err
		}
		total, err := m.totalOf(ctx, id)
		if err != nil {
			return err
		}
		call, err := order(&mesos.AgentID{Value: &id}, role, want, total)
		if err != nil {
			return err
		}
		if _, err := m.call(ctx, call); err != nil {
			return err
		}
		if total, err = m.totalOf(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "agent %s has %s\n", id, total)
		return nil
	})
}

// totalOf returns all that an agent has.
func (m *operators) totalOf(ctx context.Context, id string) (resource.Resources, error) {
	agents, err := m.agents(ctx)
	if err != nil {
		return resource.Resources{}, err
	}
	for _, a := range agents.GetAgents() {
		if a.GetAgentInfo().GetId().GetValue() == id {
			return resource.FromProto(a.GetTotalResources())
		}
	}
	return resource.Resources{}, fmt.Errorf("agent %s: not registered: 'tepui agents' shows those that are", id)
}
