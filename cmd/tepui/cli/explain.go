// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// maxLimit is the most that a master lists for a role.
const maxLimit = 1000

func (a *app) explain() *cobra.Command {
	return a.group("explain", "Tell why the master decided as it did",
		"Explain tells why the master decided as it did, from its decisions themselves.", a.explainOffers())
}

func (a *app) explainOffers() *cobra.Command {
	var f operatorFlags
	var role, agent string
	var limit uint32
	cmd := &cobra.Command{
		Use:   "offers FRAMEWORK [flags]",
		Short: "Tell why a framework gets the offers that it gets",
		Long: "Offers tells, for each role of a framework, what it has and is offered, its share, its quota, and for each\n" +
			"agent why it is offered to the framework or not. FRAMEWORK is an id, the end of one, or a name.",
		Example: "  tepui explain offers marathon\n  tepui explain offers marathon --role web --agent node7.example.com",
		Args:    someArgs("FRAMEWORK"),
	}
	cmd.Flags().StringVar(&role, "role", "", "only this one of the framework's roles")
	cmd.Flags().StringVar(&agent, "agent", "", "only this agent: an id, the end of one, or a hostname")
	cmd.Flags().Uint32Var(&limit, "limit", 20, "most agents to list for each role; all are counted")
	return a.operated(cmd, &f, true, func(ctx context.Context, m *operators, args []string) error {
		if limit < 1 || limit > maxLimit {
			return usageError{fmt.Errorf("--limit %d: must be from 1 to %d", limit, maxLimit)}
		}
		of, err := m.framework(ctx, args[0])
		if err != nil {
			return err
		}
		query, err := m.explainRequest(ctx, of.id, role, agent, limit)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		answer, err := m.client.Explain(ctx, query)
		if err != nil {
			return m.explain(err)
		}
		return f.print(answer, func(w io.Writer) error {
			return writeExplanation(w, of, answer)
		})
	})
}

func (m *operators) explainRequest(ctx context.Context, framework, role, agent string, limit uint32) (*link.ExplainRequest, error) {
	query := &link.ExplainRequest{FrameworkId: &mesos.FrameworkID{Value: &framework}, Limit: &limit}
	if role != "" {
		query.Role = &role
	}
	if agent != "" {
		id, err := m.agent(ctx, agent)
		if err != nil {
			return nil, err
		}
		query.AgentId = &mesos.AgentID{Value: &id}
	}
	return query, nil
}

// writeExplanation writes one block for each role.
func writeExplanation(w io.Writer, of named, answer *link.ExplainResponse) error {
	fmt.Fprintf(w, "framework %s (%s)\n", plain(of.name), of.id)
	if len(answer.GetRoles()) == 0 {
		fmt.Fprintln(w, "\nIt has no role, and so gets no offers: it must subscribe to one.")
	}
	for _, r := range answer.GetRoles() {
		fmt.Fprintf(w, "\nrole %s\n", plain(r.GetRole()))
		if r.GetSilent() != "" {
			fmt.Fprintf(w, "  no offers: %s\n", plain(r.GetSilent()))
		}
		for _, line := range roleLines(r) {
			fmt.Fprintf(w, "  %-8s  %s\n", line[0], line[1])
		}
		if err := writeVerdicts(w, r); err != nil {
			return err
		}
	}
	return nil
}

// roleLines returns names and values of what is to be told of a role.
func roleLines(r *link.RoleExplanation) (lines [][2]string) {
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, [2]string{name, value})
		}
	}
	of := ""
	if r.GetDominantResource() != "" {
		of = " of " + r.GetDominantResource()
	}
	add("share", fmt.Sprintf("%s%s within the role; the role %s, at weight %s",
		number(r.GetShare()), of, number(r.GetRoleShare()), number(r.GetWeight())))
	add("used", resourcesText(r.GetUsed()))
	add("offered", resourcesText(r.GetOffered()))
	add("promised", scalarsText(r.GetQuota().GetGuarantees()))
	if limits := r.GetQuota().GetLimits(); len(limits) > 0 {
		add("limit", fmt.Sprintf("%s, of which %s are taken", scalarsText(limits), cmp.Or(scalarsText(r.GetConsumed()), "none")))
	}
	return lines
}

// number writes a share to three digits, without zeros that say nothing.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

func scalarsText(amounts map[string]*mesos.Value_Scalar) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		amount, err := resource.MilliFromFloat(amounts[name].GetValue())
		if err != nil {
			continue // of a newer master
		}
		parts = append(parts, name+":"+amount.String())
	}
	return strings.Join(parts, ";")
}

// writeVerdicts writes the agents: how many have which verdict, and then each.
func writeVerdicts(w io.Writer, r *link.RoleExplanation) error {
	var counts []string
	total := uint32(0)
	for _, v := range r.GetVerdicts() {
		counts = append(counts, fmt.Sprintf("%d %s", v.GetAgents(), v.GetVerdict()))
		total += v.GetAgents()
	}
	if total == 0 {
		fmt.Fprintln(w, "  agents    there is none")
		return nil
	}
	fmt.Fprintf(w, "  agents    %s\n\n", strings.Join(counts, ", "))
	t := newTable(w, "  AGENT", "HOST", "FREE", "VERDICT", "WHY")
	for _, a := range r.GetAgents() {
		t.row("  "+a.GetAgentId().GetValue(), a.GetHostname(), resourcesText(a.GetFree()), a.GetVerdict(), a.GetText())
	}
	if err := t.flush(); err != nil {
		return err
	}
	if more := int(total) - len(r.GetAgents()); more > 0 {
		fmt.Fprintf(w, "  and %d more: --limit %d shows them, --agent any one\n", more, min(total, maxLimit))
	}
	return nil
}
