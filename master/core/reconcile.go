// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

const (
	// answersAtOnce is how many reconciliation answers are sent in one go, with
	// answerPause between two: a framework of 500,000 tasks is answered in
	// some 10 s, and neither the queue to it nor the other traffic has to
	// wait for that.
	answersAtOnce = 500
	answerPause   = 10 * time.Millisecond
	// maxBacklog bounds the answers that a framework can be owed.
	maxBacklog = 1 << 20
)

// question is what a framework wants to know of one task.
type question struct {
	task  TaskID
	agent AgentID // where the framework believes it to be; may be empty
	// implied questions come from an implicit reconciliation: if the task has
	// meanwhile gone, its end was told and there is nothing to answer.
	implied bool
}

// reconcile handles RECONCILE: with an empty list, the status of every task of
// the framework, otherwise of those it names.
func (c *Core) reconcile(f *framework, call *scheduler.Call_Reconcile) {
	questions := make([]question, 0, len(call.GetTasks()))
	for _, t := range call.GetTasks() {
		questions = append(questions, question{
			task:  TaskID(t.GetTaskId().GetValue()),
			agent: AgentID(t.GetAgentId().GetValue()),
		})
	}
	if len(questions) == 0 {
		// What an earlier one has not answered yet is asked again here.
		f.backlog = slices.DeleteFunc(f.backlog, func(q question) bool { return q.implied })
		for _, t := range sortedTasks(f.tasks) {
			questions = append(questions, question{task: t.id, implied: true})
		}
	}
	if len(f.backlog)+len(questions) > maxBacklog {
		c.refuseCall(f, fmt.Sprintf("reconcile.tasks: %d answers are still owed, ask again when they have come", len(f.backlog)))
		return
	}
	f.backlog = append(f.backlog, questions...)
	if f.answer == nil {
		c.answerSome(f)
	}
}

// answerSome answers the next questions, and comes back for the rest.
func (c *Core) answerSome(f *framework) {
	n := min(answersAtOnce, len(f.backlog))
	for _, q := range f.backlog[:n] {
		c.answer(f, q)
	}
	f.backlog = f.backlog[n:]
	if len(f.backlog) == 0 {
		f.backlog, f.answer = nil, nil
		return
	}
	f.answer = c.timers.set(c.now.Add(answerPause), func() { c.answerSome(f) })
}

// mayStillCome tells whether the task may be on an agent of an earlier master
// that has not registered yet: nothing can be said of it, the framework is to ask
// again.
func (c *Core) mayStillCome(f *framework, q question) bool {
	if !c.now.Before(c.started.Add(c.cfg.AgentReregisterTimeout)) {
		return false
	}
	if q.agent == "" {
		return !c.ids.gave(string(f.id))
	}
	return c.agents[q.agent] == nil && !c.ids.gave(string(q.agent))
}

// answer tells the framework what the master knows of a task. Agents that are
// registered, connected or not, would have told of a task that they have.
func (c *Core) answer(f *framework, q question) {
	s := taskStatus{task: q.task, reason: mesos.TaskStatus_REASON_RECONCILIATION}
	t, a := f.tasks[q.task], c.agents[q.agent]
	switch {
	case t != nil:
		s.agent, s.executor = t.agent.protoID, t.executor
		s.state, s.message = t.state, "the latest state of the task"
		if q.implied && t.uuid != nil {
			s.state = t.status
		}
	case q.implied:
		return
	case c.removed.has(q.agent):
		s.agent = &mesos.AgentID{Value: new(string(q.agent))}
		s.state, s.message = f.lostState(mesos.TaskState_TASK_GONE), "the agent was removed"
	case c.mayStillCome(f, q):
		return
	case a != nil:
		s.agent = a.protoID
		s.state, s.message = f.lostState(mesos.TaskState_TASK_GONE), "the agent is registered and does not have this task"
	default:
		if q.agent != "" {
			s.agent = &mesos.AgentID{Value: new(string(q.agent))}
		}
		s.state, s.message = f.lostState(mesos.TaskState_TASK_UNKNOWN), "the master knows neither this task nor its agent"
	}
	c.tell(f, s)
}
