// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"

	operator "github.com/tepui/tepui/api/v1/master"
)

// maxNamed is how many of those that are meant perhaps are named.
const maxNamed = 5

// named is one thing that an operator may mean.
type named struct{ id, name string }

// find returns what text means: an id, a name that only one has, or the end of an id
// that only one has, "S3" or "0007".
func find(what, text string, all []named) (named, error) {
	var byName, byEnd []named
	for _, n := range all {
		switch {
		case n.id == text:
			return n, nil
		case n.name == text:
			byName = append(byName, n)
		case strings.HasSuffix(n.id, "-"+text):
			byEnd = append(byEnd, n)
		}
	}
	found := byName
	if len(found) == 0 {
		found = byEnd
	}
	switch len(found) {
	case 0:
		return named{}, fmt.Errorf("%s %q: there is none with this id or name: 'tepui %ss' shows them", what, text, what)
	case 1:
		return found[0], nil
	}
	var ids []string
	for i, n := range found {
		if i == maxNamed {
			ids = append(ids, "…")
			break
		}
		ids = append(ids, n.id)
	}
	return named{}, fmt.Errorf("%s %q: %d are called so (%s): give the id", what, text, len(found), strings.Join(ids, ", "))
}

// framework returns the framework that text means.
func (m *operators) framework(ctx context.Context, text string) (named, error) {
	answer, err := m.get(ctx, operator.Call_GET_FRAMEWORKS)
	if err != nil {
		return named{}, err
	}
	var all []named
	for _, f := range answer.GetGetFrameworks().GetFrameworks() {
		info := f.GetFrameworkInfo()
		all = append(all, named{info.GetId().GetValue(), info.GetName()})
	}
	return find("framework", text, all)
}

// agent returns the id of the agent that text means. The master lists those that
// are registered and knows more: what looks like an id is one.
func (m *operators) agent(ctx context.Context, text string) (string, error) {
	agents, err := m.agents(ctx)
	if err != nil {
		return "", err
	}
	var all []named
	for _, a := range agents.GetAgents() {
		all = append(all, named{a.GetAgentInfo().GetId().GetValue(), a.GetAgentInfo().GetHostname()})
	}
	for _, info := range agents.GetRecoveredAgents() {
		all = append(all, named{info.GetId().GetValue(), info.GetHostname()})
	}
	found, err := find("agent", text, all)
	if err != nil && strings.Contains(text, "-S") {
		return text, nil
	}
	return found.id, err
}

func (m *operators) agents(ctx context.Context) (*operator.Response_GetAgents, error) {
	answer, err := m.get(ctx, operator.Call_GET_AGENTS)
	return answer.GetGetAgents(), err
}
