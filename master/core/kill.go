// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// kill handles KILL. A task that the master does not know is answered like an
// explicit reconciliation of it. The latest kill of each task is remembered until
// it has ended: that its agent was there does not mean that it got it. So is that
// of a task which is out of reach, in case it comes back.
func (c *Core) kill(f *framework, call *scheduler.Call_Kill) {
	id := TaskID(call.GetTaskId().GetValue())
	t := f.tasks[id]
	if t == nil {
		t = f.unreachable.get(id)
	}
	if t == nil {
		c.answer(f, question{task: id, agent: AgentID(call.GetAgentId().GetValue())})
		return
	}
	if id := call.GetAgentId().GetValue(); id != "" && AgentID(id) != t.agent.id {
		c.note(Note{
			Level: Warn, Event: "call ignored", Framework: f.id, Task: t.id, Agent: AgentID(id),
			Detail: "KILL on another agent than the task's",
		})
		return
	}
	t.kill = &link.Kill{FrameworkId: f.protoID, TaskId: call.GetTaskId(), KillPolicy: call.GetKillPolicy()}
	if f.tasks[id] == nil {
		c.answer(f, question{task: id, agent: t.agent.id})
		return
	}
	c.sendKill(t)
}

// sendKill sends the kill of a task that has not ended, if there is one and the
// agent is there.
func (c *Core) sendKill(t *task) {
	if t.kill != nil && !mesos.Terminal(t.state) {
		c.toAgent(t.agent, &link.FromMaster{Message: &link.FromMaster_Kill{Kill: t.kill}})
	}
}

// shutdownExecutor handles SHUTDOWN.
func (c *Core) shutdownExecutor(f *framework, call *scheduler.Call_Shutdown) {
	a := c.agents[AgentID(call.GetAgentId().GetValue())]
	if a == nil || !c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_ShutdownExecutor{
		ShutdownExecutor: &link.ShutdownExecutor{FrameworkId: f.protoID, ExecutorId: call.GetExecutorId()},
	}}) {
		c.noteUndelivered(f, "SHUTDOWN", AgentID(call.GetAgentId().GetValue()))
	}
}

// messageDown handles MESSAGE: best effort, lost if the agent is not there.
func (c *Core) messageDown(f *framework, call *scheduler.Call_Message) {
	a := c.agents[AgentID(call.GetAgentId().GetValue())]
	if a == nil || !c.toAgent(a, &link.FromMaster{Message: &link.FromMaster_ExecutorMessage{
		ExecutorMessage: &link.ExecutorMessage{
			FrameworkId: f.protoID, ExecutorId: call.GetExecutorId(), Data: call.GetData(),
		},
	}}) {
		c.noteUndelivered(f, "MESSAGE", AgentID(call.GetAgentId().GetValue()))
	}
}

// messageUp handles an executor's message to its scheduler: best effort.
func (c *Core) messageUp(a *agent, m *link.ExecutorMessage) {
	if f := c.frameworks[FrameworkID(m.GetFrameworkId().GetValue())]; f != nil {
		c.toFramework(f, messageEvent(a.protoID, m.GetExecutorId(), m.GetData()))
	}
}

func (c *Core) noteUndelivered(f *framework, call string, a AgentID) {
	c.note(Note{Level: Debug, Event: "call not delivered", Framework: f.id, Agent: a, Detail: call + ": agent not connected"})
}
