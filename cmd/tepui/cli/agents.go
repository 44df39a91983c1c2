// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/resource"
)

func (a *app) agents() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "agents [flags]",
		Short: "List the agents of a master, and what of them is used",
		Long: "Agents lists the agents that are registered, and those that the master remembers and that are not back.\n" +
			"Resources are used/offered/in all. 'tepui agent --help' shows what can be done to one.",
		Example: "  tepui agents\n  tepui agents --master 10.0.0.1:5050 -o json",
		Args:    noArgs,
	}
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, _ []string) error {
		agents, err := m.agents(ctx)
		if err != nil {
			return err
		}
		return f.print(agents, func(w io.Writer) error { return writeAgents(w, agents) })
	})
}

func writeAgents(w io.Writer, agents *operator.Response_GetAgents) error {
	t := newTable(w, "ID", "HOST", "STATE", "CPUS", "MEM", "DISK", "GPUS", "SINCE")
	for _, a := range agents.GetAgents() {
		used, offered, total := known(a.GetAllocatedResources()), known(a.GetOfferedResources()), known(a.GetTotalResources())
		t.row(
			a.GetAgentInfo().GetId().GetValue(), a.GetAgentInfo().GetHostname(), agentState(a),
			shareText("cpus", used, offered, total), shareText("mem", used, offered, total),
			shareText("disk", used, offered, total), shareText("gpus", used, offered, total),
			timeText(since(a)),
		)
	}
	for _, info := range agents.GetRecoveredAgents() {
		t.row(info.GetId().GetValue(), info.GetHostname(), "awaited", "", "", "", "", "")
	}
	return t.flush()
}

// known returns resources, or nothing for such as only a newer master knows.
func known(list []*mesos.Resource) resource.Resources {
	r, _ := resource.FromProto(list)
	return r
}

// agentState is one word for how an agent stands.
func agentState(a *operator.Response_GetAgents_Agent) string {
	switch {
	case a.GetDrainInfo().GetState() == mesos.DrainState_DRAINING:
		return "draining"
	case a.GetDrainInfo().GetState() == mesos.DrainState_DRAINED:
		return "drained"
	case a.GetDeactivated():
		return "deactivated"
	case !a.GetActive():
		return "disconnected"
	}
	return "active"
}

// since is when the agent registered last.
func since(a *operator.Response_GetAgents_Agent) *mesos.TimeInfo {
	if a.GetReregisteredTime() != nil {
		return a.GetReregisteredTime()
	}
	return a.GetRegisteredTime()
}
