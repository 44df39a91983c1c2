// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"math"
	"strconv"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
)

// accept handles ACCEPT: its operations run in order on the resources of its
// offers, each task is answered for itself, and what is left is declined.
func (c *Core) accept(f *framework, call *scheduler.Call_Accept) {
	offers, problem, gone := c.gather(f, call.GetOfferIds())
	if problem != "" {
		for _, o := range offers {
			c.takeBack(o)
		}
		c.refuseTasks(f, call, problem, gone)
		return
	}
	l := &launch{core: c, framework: f, agent: offers[0].agent, role: offers[0].role}
	for _, o := range offers {
		c.dropOffer(o)
		l.pool = l.pool.Add(o.resources)
	}
	for i, op := range call.GetOperations() {
		l.run(fmt.Sprintf("accept.operations[%d]", i), op)
	}
	l.note()
	c.giveBack(l, call.GetFilters())
	if c.cfg.OptimisticOffers {
		c.rescindBeyond(l.agent, nil, l.agent.total.Without(l.agent.used))
	}
}

// gather returns the offers that a call names, each once, and why they cannot
// be accepted together, if they cannot; gone tells that this is because one no
// longer stands.
func (c *Core) gather(f *framework, list []*mesos.OfferID) (offers []*offer, problem string, gone bool) {
	if len(list) == 0 {
		return nil, "accept.offer_ids: must name an offer", false
	}
	seen := make(map[OfferID]bool, len(list))
	for _, m := range list {
		id := OfferID(m.GetValue())
		o := f.offers[id]
		switch {
		case seen[id]:
			problem = fmt.Sprintf("accept.offer_ids %q: each offer must be there once", brief(string(id)))
			continue
		case o == nil:
			gone = true
			problem = fmt.Sprintf("accept.offer_ids %q: resources no longer offered: this offer no longer stands, it was accepted, declined or rescinded, or never made to this framework", brief(string(id)))
			continue
		}
		seen[id] = true
		offers = append(offers, o)
		if first := offers[0]; o.agent != first.agent {
			problem = fmt.Sprintf("accept.offer_ids %q: all offers must be of one agent, %q is of %s and this of %s",
				id, first.id, first.agent.id, o.agent.id)
		} else if o.role != first.role {
			problem = fmt.Sprintf("accept.offer_ids %q: all offers must be in one role, %q is in %q and this in %q",
				id, first.id, first.role, o.role)
		}
	}
	return offers, problem, gone
}

// refuseTasks answers each task of a call whose offers cannot be accepted, and
// a call that has tasks and no offer at all. Where an offer is gone because its
// agent is, the task is told so.
func (c *Core) refuseTasks(f *framework, call *scheduler.Call_Accept, problem string, gone bool) {
	c.note(Note{Level: Info, Event: "accept refused", Framework: f.id, Detail: problem})
	for _, op := range call.GetOperations() {
		for _, t := range tasksOf(op) {
			s := taskStatus{
				task: TaskID(t.GetTaskId().GetValue()), agent: t.GetAgentId(),
				state: f.lostState(mesos.TaskState_TASK_DROPPED), reason: mesos.TaskStatus_REASON_INVALID_OFFERS,
				message: problem,
			}
			if a := c.findAgent(AgentID(t.GetAgentId().GetValue())); gone && a != nil && a.state != AgentConnected {
				s.reason, s.message = mesos.TaskStatus_REASON_AGENT_REMOVED, problem+"; its agent is "+a.state.String()
				if a.state == AgentDisconnected {
					s.reason = mesos.TaskStatus_REASON_AGENT_DISCONNECTED
				}
			}
			c.tell(f, s)
		}
		if id := op.GetId(); id != nil && len(tasksOf(op)) == 0 {
			c.tellOperation(f, id, nil, mesos.OperationState_OPERATION_ERROR, problem)
		}
	}
}

// giveBack gives back what the operations left: under the call's filter, but for
// what they made, which the framework has not been offered yet.
func (c *Core) giveBack(l *launch, filters *mesos.Filters) {
	rest := Piece{Agent: l.agent.id, Framework: l.framework.id, Role: l.role}
	if rest.Resources = l.pool.Common(l.made); !rest.Resources.IsEmpty() {
		c.alloc.Release(rest)
	}
	if rest.Resources = l.pool.Without(l.made); !rest.Resources.IsEmpty() {
		c.alloc.Refuse(c.now, rest, refuseFor(filters))
	}
}

// decline handles DECLINE. An offer that no longer stands is ignored.
func (c *Core) decline(f *framework, call *scheduler.Call_Decline) {
	for _, m := range call.GetOfferIds() {
		if o := f.offers[OfferID(m.GetValue())]; o != nil {
			c.dropOffer(o)
			c.alloc.Refuse(c.now, o.piece(), refuseFor(call.GetFilters()))
		}
	}
}

// refuseFor returns for how long a call's filter refuses; the allocator has the
// rules for what is out of bounds.
func refuseFor(filters *mesos.Filters) time.Duration {
	s := filters.GetRefuseSeconds()
	switch {
	case !(s >= 0): // NaN as well
		return -1
	case s > float64(math.MaxInt64)/float64(time.Second)-1:
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}

// tasksOf returns the tasks of an operation, of whatever type.
func tasksOf(op *mesos.Offer_Operation) []*mesos.TaskInfo {
	if op.GetType() == mesos.Offer_Operation_LAUNCH_GROUP {
		return op.GetLaunchGroup().GetTaskGroup().GetTasks()
	}
	return op.GetLaunch().GetTaskInfos()
}

// launch is the carrying out of one ACCEPT.
type launch struct {
	core      *Core
	framework *framework
	agent     *agent
	role      string
	pool      resource.Resources // what is left of the offers
	made      resource.Resources // of the pool, by speculative operations

	launched   int    // tasks
	operations int    // that were asked for
	refused    int    // tasks and operations
	why        string // the first was refused
}

// note tells in one note for each what was launched and what was refused.
func (l *launch) note() {
	n := Note{Level: Debug, Event: "tasks launched", Framework: l.framework.id, Agent: l.agent.id, Detail: strconv.Itoa(l.launched)}
	if l.launched > 0 {
		l.core.note(n)
	}
	if l.refused > 0 {
		n.Level, n.Event, n.Detail = Warn, "tasks or operations refused", fmt.Sprintf("%d, the first: %s", l.refused, l.why)
		l.core.note(n)
	}
}

// count counts a task or an operation that is refused.
func (l *launch) count(why string) {
	if l.refused == 0 {
		l.why = why
	}
	l.refused++
}
