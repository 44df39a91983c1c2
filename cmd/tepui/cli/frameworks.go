// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
)

func (a *app) frameworks() *cobra.Command {
	var f operatorFlags
	var completed bool
	cmd := &cobra.Command{
		Use:   "frameworks [flags]",
		Short: "List the frameworks of a master",
		Long: "Frameworks lists the frameworks that the master knows, with what they use and are offered.\n" +
			"'tepui explain offers' tells why one is offered no more.",
		Example: "  tepui frameworks\n  tepui frameworks --completed",
		Args:    noArgs,
	}
	cmd.Flags().BoolVar(&completed, "completed", false, "list also those that have ended, as far as the master remembers them")
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, _ []string) error {
		answer, err := m.get(ctx, operator.Call_GET_FRAMEWORKS)
		if err != nil {
			return err
		}
		list := answer.GetGetFrameworks()
		if !completed {
			list.CompletedFrameworks = nil
		}
		return f.print(list, func(w io.Writer) error { return writeFrameworks(w, list) })
	})
}

func writeFrameworks(w io.Writer, list *operator.Response_GetFrameworks) error {
	t := newTable(w, "ID", "NAME", "ROLES", "STATE", "USED", "OFFERED")
	for _, f := range list.GetFrameworks() {
		writeFramework(t, f, frameworkState(f))
	}
	for _, f := range list.GetCompletedFrameworks() {
		writeFramework(t, f, "completed")
	}
	return t.flush()
}

func writeFramework(t *table, f *operator.Response_GetFrameworks_Framework, state string) {
	info := f.GetFrameworkInfo()
	t.row(
		info.GetId().GetValue(), info.GetName(), strings.Join(rolesOf(info), ","), state,
		resourcesText(f.GetAllocatedResources()), resourcesText(f.GetOfferedResources()),
	)
}

// rolesOf returns the roles of a framework, in either of the two ways to have them.
func rolesOf(info *mesos.FrameworkInfo) []string {
	for _, c := range info.GetCapabilities() {
		if c.GetType() == mesos.FrameworkInfo_Capability_MULTI_ROLE {
			return info.GetRoles()
		}
	}
	//lint:ignore SA1019 it is what frameworks without MULTI_ROLE have
	return []string{info.GetRole()}
}

// frameworkState is one word for how a framework stands.
func frameworkState(f *operator.Response_GetFrameworks_Framework) string {
	switch {
	case f.GetRecovered():
		return "awaited"
	case !f.GetConnected():
		return "disconnected"
	case !f.GetActive():
		return "inactive"
	}
	return "active"
}

func (a *app) framework() *cobra.Command {
	return a.group("framework", "Do something to a framework", "Framework orders something about one framework.", a.teardown())
}

func (a *app) teardown() *cobra.Command {
	var f operatorFlags
	cmd := &cobra.Command{
		Use:   "teardown FRAMEWORK [flags]",
		Short: "End a framework, with all that it runs",
		Long: "Teardown ends a framework: its tasks are killed, its executors shut down, and its id is never let in\n" +
			"again. FRAMEWORK is an id, the end of one, or a name.",
		Example: "  tepui framework teardown marathon",
		Args:    someArgs("FRAMEWORK"),
	}
	return a.operated(cmd, &f, false, func(ctx context.Context, m *operators, args []string) error {
		found, err := m.framework(ctx, args[0])
		if err != nil {
			return err
		}
		if _, err := m.call(ctx, &operator.Call{
			Type:     operator.Call_TEARDOWN.Enum(),
			Teardown: &operator.Call_Teardown{FrameworkId: &mesos.FrameworkID{Value: &found.id}},
		}); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "framework %s is torn down\n", found.id)
		return nil
	})
}
