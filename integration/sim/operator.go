// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/maintenance"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
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

// giveUpAgents tells the master of agents that will never come back: of these, on
// which frameworks still have something, those that are nobody's any more.
func (w *world) giveUpAgents(ids []string) {
	done := make(map[string]bool)
	for _, a := range w.agents {
		done[a.id()] = true
	}
	for _, id := range ids {
		if !done[id] {
			done[id] = true
			w.operate(gone(&mesos.AgentID{Value: new(id)}), nil)
		}
	}
}

// operatorActs has an operator do what an action says.
func (w *world) operatorActs(a action, draw *rand.Rand) {
	host := w.agents[a.who%len(w.agents)]
	id := &mesos.AgentID{Value: new(host.id())}
	if host.id() == "" || !host.present {
		return
	}
	w.did(a, host.name())
	p, name := w.promises, host.info.GetHostname()
	switch a.kind {
	case drain:
		w.operate(&operator.Call{Type: operator.Call_DRAIN_AGENT.Enum(), DrainAgent: &operator.Call_DrainAgent{
			AgentId: id, MaxGracePeriod: durationpb.New(time.Duration(draw.IntN(20)) * time.Second), MarkGone: new(draw.IntN(4) == 0),
		}}, kept(func() { p.closed[id.GetValue()] = true }))
	case deactivate:
		w.operate(&operator.Call{Type: operator.Call_DEACTIVATE_AGENT.Enum(), DeactivateAgent: &operator.Call_DeactivateAgent{AgentId: id}},
			kept(func() { p.closed[id.GetValue()] = true }))
	case reactivate:
		w.reactivate(id)
	case markGone:
		w.operate(gone(id), kept(func() { p.gone[id.GetValue()] = true }))
	case scheduleMaintenance:
		w.operate(w.schedule(draw), nil)
	case startMaintenance:
		w.operate(&operator.Call{Type: operator.Call_START_MAINTENANCE.Enum(), StartMaintenance: &operator.Call_StartMaintenance{
			Machines: []*mesos.MachineID{host.machine()},
		}}, kept(func() { p.down[name] = true }))
	case stopMaintenance:
		delete(p.down, name) // whether the answer arrives or not
		w.operate(&operator.Call{Type: operator.Call_STOP_MAINTENANCE.Enum(), StopMaintenance: &operator.Call_StopMaintenance{
			Machines: []*mesos.MachineID{host.machine()},
		}}, nil)
	}
}

// kept does something once the master has said that a call is done.
func kept(do func()) func(core.Reply) {
	return func(r core.Reply) {
		if r.Err == nil {
			do()
		}
	}
}

// reactivate has an agent offered again.
func (w *world) reactivate(id *mesos.AgentID) {
	delete(w.promises.closed, id.GetValue()) // whether the answer arrives or not
	w.operate(&operator.Call{
		Type: operator.Call_REACTIVATE_AGENT.Enum(), ReactivateAgent: &operator.Call_ReactivateAgent{AgentId: id},
	}, nil)
}

func gone(id *mesos.AgentID) *operator.Call {
	return &operator.Call{Type: operator.Call_MARK_AGENT_GONE.Enum(), MarkAgentGone: &operator.Call_MarkAgentGone{AgentId: id}}
}

func (a *agent) machine() *mesos.MachineID {
	return &mesos.MachineID{Hostname: a.info.Hostname, Ip: new(a.address())}
}

// schedule plans maintenance of some machines, soon, in place of what was planned.
func (w *world) schedule(draw *rand.Rand) *operator.Call {
	s := &maintenance.Schedule{}
	for range draw.IntN(4) {
		begin := w.now.time().Add(time.Duration(draw.IntN(600)) * time.Second)
		window := &maintenance.Window{Unavailability: &mesos.Unavailability{
			Start:    &mesos.TimeInfo{Nanoseconds: new(begin.UnixNano())},
			Duration: &mesos.DurationInfo{Nanoseconds: new(int64(10 * minute))},
		}}
		for range 1 + draw.IntN(2) {
			window.MachineIds = append(window.MachineIds, w.agents[draw.IntN(len(w.agents))].machine())
		}
		s.Windows = append(s.Windows, window)
	}
	return &operator.Call{
		Type:                      operator.Call_UPDATE_MAINTENANCE_SCHEDULE.Enum(),
		UpdateMaintenanceSchedule: &operator.Call_UpdateMaintenanceSchedule{Schedule: s},
	}
}

// operatorShares has an operator change who is due how much.
func (w *world) operatorShares(a action, draw *rand.Rand) {
	w.did(a, "")
	role := [...]string{"eng", "sales", "eng/dev", "*"}[draw.IntN(4)]
	if a.kind == weights {
		w.operate(&operator.Call{Type: operator.Call_UPDATE_WEIGHTS.Enum(), UpdateWeights: &operator.Call_UpdateWeights{
			WeightInfos: []*mesos.WeightInfo{{Role: &role, Weight: new(0.5 + 4*draw.Float64())}},
		}}, nil)
		return
	}
	w.operate(quotaOf(role, draw.IntN(3)*20, draw.IntN(3)*60), nil)
}

// quotaOf gives a role so many cpus at least and at most; 0 is no such bound.
func quotaOf(role string, least, most int) *operator.Call {
	q := &quota.QuotaConfig{Role: &role}
	if least > 0 {
		q.Guarantees = map[string]*mesos.Value_Scalar{"cpus": {Value: new(float64(least))}}
	}
	if most > 0 {
		q.Limits = map[string]*mesos.Value_Scalar{"cpus": {Value: new(float64(most))}}
	}
	return &operator.Call{Type: operator.Call_UPDATE_QUOTA.Enum(), UpdateQuota: &operator.Call_UpdateQuota{
		Force: new(true), QuotaConfigs: []*quota.QuotaConfig{q},
	}}
}

// look has an operator ask for something. The answer must come at once.
func (w *world) look(a action, draw *rand.Rand) {
	if !w.master.up {
		return
	}
	w.did(a, "")
	kinds := [...]operator.Call_Type{
		operator.Call_GET_AGENTS, operator.Call_GET_FRAMEWORKS, operator.Call_GET_EXECUTORS, operator.Call_GET_TASKS,
		operator.Call_GET_ROLES, operator.Call_GET_STATE, operator.Call_GET_OPERATIONS, operator.Call_GET_QUOTA,
		operator.Call_GET_WEIGHTS, operator.Call_GET_MAINTENANCE_STATUS, operator.Call_GET_MAINTENANCE_SCHEDULE,
	}
	if s := w.scheds[draw.IntN(len(w.scheds))]; draw.IntN(3) == 0 && s.id != "" {
		w.explain(&link.ExplainRequest{FrameworkId: &mesos.FrameworkID{Value: new(s.id)}}, nil)
		return
	}
	w.operate(&operator.Call{Type: kinds[draw.IntN(len(kinds))].Enum()}, func(r core.Reply) {
		if r.Err != nil {
			w.fail("L6: an operator is not told", "%v", r.Err)
		}
	})
}

// explain asks why a framework gets what it gets.
func (w *world) explain(q *link.ExplainRequest, then func(core.Reply)) {
	m := w.master
	m.requests++
	m.asked[m.requests] = asked{"EXPLAIN", then}
	w.count("operator EXPLAIN")
	_ = m.step(core.ExplainCall{Request: m.requests, Query: q}) // it is answered by a Reply
}

// undo has operators take back all that keeps agents from being offered.
func (w *world) undo() {
	w.operate(&operator.Call{Type: operator.Call_GET_MAINTENANCE_STATUS.Enum()}, func(r core.Reply) {
		if down := r.Response.GetGetMaintenanceStatus().GetStatus().GetDownMachines(); len(down) > 0 {
			w.in(1, func() {
				clear(w.promises.down)
				w.operate(&operator.Call{
					Type: operator.Call_STOP_MAINTENANCE.Enum(), StopMaintenance: &operator.Call_StopMaintenance{Machines: down},
				}, nil)
			})
		}
		w.in(2, func() {
			w.operate(&operator.Call{
				Type:                      operator.Call_UPDATE_MAINTENANCE_SCHEDULE.Enum(),
				UpdateMaintenanceSchedule: &operator.Call_UpdateMaintenanceSchedule{Schedule: &maintenance.Schedule{}},
			}, nil)
		})
	})
	for _, role := range []string{"eng", "sales", "eng/dev", "*"} {
		w.operate(quotaOf(role, 0, 0), nil)
	}
	w.reactivateAll()
}

// reactivateAll has all agents offered again that can be.
func (w *world) reactivateAll() {
	for _, a := range w.agents {
		if a.present && a.id() != "" {
			w.reactivate(&mesos.AgentID{Value: new(a.id())})
		}
	}
}

// buryFrameworks tears down the frameworks that had ended before the registry was
// lost: an agent that was away all the time may have brought them back.
func (w *world) buryFrameworks() {
	if w.counts["registry lost"] == 0 {
		return
	}
	for _, s := range w.scheds {
		for _, id := range s.before {
			w.operate(&operator.Call{
				Type: operator.Call_TEARDOWN.Enum(), Teardown: &operator.Call_Teardown{FrameworkId: &mesos.FrameworkID{Value: new(id)}},
			}, nil)
		}
	}
}
