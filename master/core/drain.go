// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// beginDrain has an agent emptied: it is offered no more, and told to end what it
// runs. One that is not there is told when it comes back. To drain an agent that
// drains already changes how.
func (c *Core) beginDrain(a *agent, config *mesos.DrainConfig) {
	a.drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINING.Enum(), Config: config}
	a.drainStarted = c.now
	c.rememberAgent(a)
	c.note(Note{Level: Info, Event: "agent draining", Agent: a.id})
	if a.state == AgentUnreachable || a.state == AgentRecovered {
		return
	}
	c.activate(a)
	c.sendDrain(a)
	c.lessOn(a)
}

func (c *Core) sendDrain(a *agent) {
	c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_Drain{Drain: &link.Drain{Config: a.drain.GetConfig()}}})
}

// resumeDrain goes on with the draining of an agent that has registered: what the
// master wants counts. Only of an agent that it did not know it learns from the
// agent that it drains.
func (c *Core) resumeDrain(a *agent, reported *mesos.DrainInfo, stranger bool) {
	if a.drain == nil && reported != nil && stranger {
		a.drain, a.drainStarted = reported, c.now
		c.rememberAgent(a)
	}
	if a.drain.GetState() == mesos.DrainState_DRAINING {
		c.sendDrain(a)
		c.lessOn(a)
	}
}

// lessOn looks, after this step, whether an agent from which something is gone has
// drained.
func (c *Core) lessOn(a *agent) {
	if a.drain.GetState() == mesos.DrainState_DRAINING {
		c.emptied = append(c.emptied, a)
	}
}

// settleDrains ends the draining of agents on which nothing is left. Those that
// are not connected may have more than the books say.
func (c *Core) settleDrains() {
	for len(c.emptied) > 0 {
		a := c.emptied[0]
		c.emptied = c.emptied[1:]
		if a.conn == 0 || !a.empty() || a.drain.GetState() != mesos.DrainState_DRAINING {
			continue
		}
		a.drain = &mesos.DrainInfo{State: mesos.DrainState_DRAINED.Enum(), Config: a.drain.Config}
		c.note(Note{Level: Info, Event: "agent drained", Agent: a.id})
		if a.drain.GetConfig().GetMarkGone() {
			c.markGone(a)
			continue
		}
		c.rememberAgent(a)
		c.activate(a)
	}
	c.emptied = nil
}

// empty tells whether nothing is on the agent: no task, not even one whose end is
// still to be acknowledged, no executor and no operation.
func (a *agent) empty() bool { return len(a.tasks)+len(a.executors)+len(a.operations) == 0 }
