// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master/core"
)

// operate has an operator call the master, and then, if it is not nil, does
// something with the answer.
func (w *world) operate(call *operator.Call, then func(core.Reply)) {
	m := w.master
	if !m.up {
		return
	}
	m.requests++
	m.asked[m.requests] = asked{call.GetType().String(), then}
	w.count("operator " + call.GetType().String())
	w.line("operator -> master: %v", call)
	_ = m.step(core.OperatorCall{Request: m.requests, Call: call}) // it is answered by a Reply
}

// asked is a request that is not answered yet.
type asked struct {
	what string
	then func(core.Reply)
}

// answer takes a reply to its operator.
func (m *master) answer(r core.Reply) {
	a, ok := m.asked[r.Request]
	if !ok {
		m.w.fail("L6: an answer to nobody", "request %d: %v %v", r.Request, r.Response, r.Err)
	}
	delete(m.asked, r.Request)
	if r.Err != nil {
		m.w.count("operator refused: " + a.what)
		m.w.line("master -> operator: %v", r.Err)
	}
	if a.then != nil {
		a.then(r)
	}
}

// giveUpAgents tells the master of agents that will never come back: those on
// which frameworks still have tasks, and that are nobody's any more.
func (w *world) giveUpAgents(open []*task) {
	alive := make(map[string]bool)
	for _, a := range w.agents {
		alive[a.id()] = true
	}
	for _, t := range open {
		if !alive[t.agent] {
			alive[t.agent] = true // once is enough
			w.operate(&operator.Call{
				Type:          operator.Call_MARK_AGENT_GONE.Enum(),
				MarkAgentGone: &operator.Call_MarkAgentGone{AgentId: &mesos.AgentID{Value: new(t.agent)}},
			}, nil)
		}
	}
}
