// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"github.com/tepui/tepui/resource"
)

// Container is what the core knows of one container, as a copy.
type Container struct {
	ID        ContainerID
	Agent     string
	Framework FrameworkID
	Executor  ExecutorID
	Tasks     []TaskID // that ran or run in it, in order; of very many only the last
	State     ExecutorState
	Custom    bool
	// Resources are what the ledger grants: executor and live tasks; of an
	// executor that has ended, what it was granted until then.
	Resources resource.Resources
}

// Containers tells of all containers there are, the first launched first.
func (c *Core) Containers() []Container {
	var all []Container
	for _, e := range c.executions() {
		all = append(all, c.describe(e))
	}
	return all
}

// Container tells of one container, and whether it is there.
func (c *Core) Container(id ContainerID) (Container, bool) {
	e, ok := c.containers[id]
	if !ok {
		return Container{}, false
	}
	return c.describe(e), true
}

func (c *Core) describe(e *execution) Container {
	held := e.held
	if !e.over {
		held = c.ledger.Held(e.id())
	}
	return Container{
		ID:        e.id(),
		Agent:     e.launch.Agent,
		Framework: e.framework.id,
		Executor:  e.launch.Executor,
		Tasks:     slices.Clone(e.history[max(0, len(e.history)-maxHistory):]),
		State:     e.state,
		Custom:    e.launch.Custom,
		Resources: held,
	}
}
