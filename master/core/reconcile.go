// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
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
		if f.implied { // an earlier one is not answered yet: once it is, all is asked again
			f.anew = true
			return
		}
		questions = f.allQuestions()
	}
	if len(f.backlog)+len(questions) > maxBacklog {
		f.implied = f.implied && len(call.GetTasks()) > 0
		c.refuseCall(f, fmt.Sprintf("reconcile.tasks: %d answers are still owed, ask again when they have come", len(f.backlog)))
		return
	}
	f.backlog = append(f.backlog, questions...)
	if f.answer == nil {
		c.answerSome(f)
	}
}

// allQuestions asks for every task of the framework. It costs what there is: one
// implicit reconciliation is answered before the next begins.
func (f *framework) allQuestions() []question {
	f.implied = true
	questions := make([]question, 0, len(f.tasks))
	for _, t := range sortedTasks(f.tasks) {
		questions = append(questions, question{task: t.id, implied: true})
	}
	return questions
}

// answerSome answers the next questions, and comes back for the rest.
func (c *Core) answerSome(f *framework) {
	n := min(answersAtOnce, len(f.backlog))
	for _, q := range f.backlog[:n] {
		c.answer(f, q)
	}
	f.backlog = f.backlog[n:]
	if len(f.backlog) == 0 {
		f.backlog, f.answer, f.implied = nil, nil, false
		if !f.anew {
			return
		}
		f.backlog, f.anew = f.allQuestions(), false
	}
	f.answer = c.timers.set(c.now.Add(answerPause), func() { c.answerSome(f) })
}

// mayStillCome tells whether the task may be on an agent of an earlier master
// that has not registered yet: nothing can be said of it, the framework is to ask
// again.
func (c *Core) mayStillCome(f *framework, q question) bool {
	if a := c.agents[q.agent]; a != nil {
		return a.state == AgentRecovered
	}
	if q.agent == "" && c.recovered > 0 {
		return true
	}
	if !c.now.Before(c.started.Add(c.cfg.AgentReregisterTimeout)) {
		return false
	}
	if q.agent == "" {
		return !c.ids.gave(string(f.id))
	}
	return c.departed.byID[q.agent] == nil && !c.ids.gave(string(q.agent))
}

// answer tells the framework what the master knows of a task. The first that
// applies is told.
func (c *Core) answer(f *framework, q question) {
	t := f.tasks[q.task]
	switch {
	case t != nil:
		s := taskStatus{
			task: t.id, agent: t.agent.protoID, executor: t.executor, state: t.state,
			reason: mesos.TaskStatus_REASON_RECONCILIATION, message: "the latest state of the task",
		}
		if q.implied && t.uuid != nil {
			s.state = t.status
		}
		c.tell(f, s)
	case q.implied, c.mayStillCome(f, q):
	default:
		c.tell(f, c.answerUnknown(f, q))
	}
}

// answerUnknown tells what an agent says by being there, or not, of a task that
// nobody knows. Agents that are registered, connected or not, would have told of a
// task that they have.
func (c *Core) answerUnknown(f *framework, q question) taskStatus {
	if t := f.unreachable.get(q.task); t != nil && q.agent == "" {
		q.agent = t.agent.id
	}
	s := taskStatus{task: q.task, reason: mesos.TaskStatus_REASON_RECONCILIATION}
	if q.agent != "" {
		s.agent = &mesos.AgentID{Value: new(string(q.agent))}
	}
	state := AgentUnknown
	a := c.findAgent(q.agent)
	if a != nil {
		state = a.state
	}
	switch state {
	case AgentConnected, AgentDisconnected:
		s.state, s.message = mesos.TaskState_TASK_GONE, "the agent is registered and does not have this task"
	case AgentUnreachable:
		s.state, s.message = mesos.TaskState_TASK_UNREACHABLE, "the agent is unreachable"
		s.unreachable = timeInfo(a.since)
	case AgentGone:
		s.state, s.message = mesos.TaskState_TASK_GONE_BY_OPERATOR, "the agent is gone: an operator marked it so"
	case AgentRemoved:
		s.state, s.message = mesos.TaskState_TASK_GONE, "the agent was removed"
	default:
		s.state, s.message = mesos.TaskState_TASK_UNKNOWN, "the master knows neither this task nor its agent"
	}
	s.state = f.lostState(s.state)
	return s
}
