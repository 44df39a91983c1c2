// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"container/list"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// agent is what the master knows of one agent. AgentState tells how it may stand.
type agent struct {
	id      AgentID
	protoID *mesos.AgentID
	seq     uint64 // order of registration
	state   AgentState
	since   time.Time        // in this state
	info    *mesos.AgentInfo // replaced, never changed: messages and records share it
	version string
	url     *mesos.URL // where its API is, for offers
	place   place
	conn    ConnID // 0: not connected

	registered   time.Time // with this master first
	reregistered time.Time // and last, if more than once

	total   resource.Resources
	used    resource.Resources // by tasks, executors and frameworks' operations
	offered resource.Resources
	recount bool // offered is what it was before an offer ended; see offeredNow

	offers    map[OfferID]*offer
	tasks     map[taskKey]*task
	executors map[executorKey]*executor

	lost    *timer // runs while it is disconnected
	ping    *timer // runs while it is connected or disconnected
	asked   bool   // the last ping is not answered
	missed  int    // pings in a row that were not answered
	overdue string // why it is to be unreachable when its turn comes; empty: it is not
	queued  bool   // it is in Core.overdue

	away    map[taskKey]*task // those that were on it when it became unreachable
	element *list.Element     // of its list in departed; nil while it is not there

	deactivated    bool             // by an operator
	drain          *mesos.DrainInfo // replaced, never changed; nil: not drained
	drainStarted   time.Time
	unavailability *mesos.Unavailability // of its machine; nil: none is planned
	inverse        map[FrameworkID]*inverseOffer

	claimed         resource.Resources // the total as the agent tells it; see retotal
	resourceVersion []byte             // names claimed; see link.Run
	operations      map[string]*operation
	capabilities    []mesos.AgentInfo_Capability_Type

	checked books // by CheckChanged
}

// taskKey names a task on an agent.
type taskKey struct {
	framework FrameworkID
	task      TaskID
}

// executorKey names an executor on an agent.
type executorKey struct {
	framework FrameworkID
	executor  ExecutorID
}

// executor is one that a framework brought; a command task has none here.
type executor struct {
	id        ExecutorID
	framework *framework
	agent     *agent
	info      *mesos.ExecutorInfo
	role      string
	resources resource.Resources
}

func (e *executor) key() executorKey { return executorKey{e.framework.id, e.id} }

func (e *executor) piece() Piece {
	return Piece{Agent: e.agent.id, Framework: e.framework.id, Role: e.role, Resources: e.resources}
}

// stepAgentMessage applies a message of an agent. All but the first are of an
// agent that is registered on that connection.
func (c *Core) stepAgentMessage(in AgentMessage) error {
	a := c.links[in.Conn]
	if reg := in.Message.GetRegister(); reg != nil {
		return c.register(in.Conn, a, in.Address, reg)
	}
	if a == nil {
		return failf(Unexpected, "the first message of an agent's connection must be register")
	}
	if err := mesos.ValidateRequired(in.Message); err != nil {
		return failf(Invalid, "message of agent %s: %v", a.id, err)
	}
	switch m := in.Message.GetMessage().(type) {
	case *link.FromAgent_Update:
		c.statusUpdate(a, m.Update)
	case *link.FromAgent_ExecutorExited:
		c.executorExited(a, m.ExecutorExited)
	case *link.FromAgent_ExecutorMessage:
		c.messageUp(a, m.ExecutorMessage)
	case *link.FromAgent_Pong:
		c.pong(a)
	case *link.FromAgent_OperationUpdate:
		c.operationUpdate(a, m.OperationUpdate)
	case *link.FromAgent_UpdateResources:
		if err := c.updateResources(a, m.UpdateResources); err != nil {
			return err
		}
	case *link.FromAgent_Unregister:
		c.removeAgent(a, agentUnregisters, "it ended, and said so")
	default:
		return failf(Unsupported, "a message of agent %s has no field that this master version knows", a.id)
	}
	return nil
}

// executorExited frees what a custom executor had and tells its framework. The
// tasks that died with it are reported by the agent one by one, except those of
// a framework that is gone.
func (c *Core) executorExited(a *agent, m *link.ExecutorExited) {
	key := exitedKey(m)
	e := a.executors[key]
	if e == nil {
		c.note(Note{Level: Debug, Event: "unknown executor exited", Framework: key.framework, Agent: a.id, Executor: key.executor})
		return
	}
	c.dropExecutor(e)
	c.note(Note{Level: Info, Event: "executor exited", Framework: key.framework, Agent: a.id, Executor: key.executor})
	f := e.framework
	if !f.ending {
		c.toFramework(f, failureEvent(a.protoID, m.GetExecutorId(), m.Status))
		return
	}
	for _, t := range sortedTasks(a.tasks) {
		if t.framework == f && t.executor == e.id {
			c.dropTask(t)
			c.completeTask(t, t.last)
		}
	}
	c.forgetIfEmpty(f)
}

func exitedKey(m *link.ExecutorExited) executorKey {
	return executorKey{FrameworkID(m.GetFrameworkId().GetValue()), ExecutorID(m.GetExecutorId().GetValue())}
}

// addExecutor enters an executor into the books of its agent and framework.
func (c *Core) addExecutor(e *executor) {
	e.agent.executors[e.key()] = e
	e.framework.executors[e] = struct{}{}
	e.agent.used = e.agent.used.Add(e.resources)
}

// dropExecutor takes an executor out of the books and frees what it had.
func (c *Core) dropExecutor(e *executor) {
	c.lessOn(e.agent)
	delete(e.agent.executors, e.key())
	delete(e.framework.executors, e)
	e.agent.used = c.less(e.agent.used, e.resources)
	c.alloc.Discharge(e.piece())
	if e.agent.overdrawn() {
		c.retotal(e.agent)
	}
}

// sortedExecutors returns executors in the order of their framework's and their
// own ids.
func sortedExecutors(m map[executorKey]*executor) []*executor {
	return slices.SortedFunc(maps.Values(m), func(a, b *executor) int {
		return cmp.Or(cmp.Compare(a.framework.id, b.framework.id), cmp.Compare(a.id, b.id))
	})
}

// less returns from without part. That part is not in from is a fault of the
// core, which Check tells from then on.
func (c *Core) less(from, part resource.Resources) resource.Resources {
	left, err := from.Subtract(part)
	if err != nil {
		c.fault(err)
		return from
	}
	return left
}

// fault keeps a fault of the core in its own sums or states.
func (c *Core) fault(err error) { c.broken = errors.Join(c.broken, err) }
