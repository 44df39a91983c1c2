// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// finale heals the world, ends all that runs in it, and checks that nothing is
// left and nothing is lost.
func (w *world) finale() {
	w.heal()
	w.settle("L7: not all come back", 30*minute, w.missing)
	w.lostTasks()
	w.killAll()
	w.settle("L3: an operation does not end for its framework", 15*minute, w.operationsEnd)
	w.buryFrameworks()
	w.settle("L5: something is left", 15*minute, w.left)
	w.undo()
	w.pass(10 * second)
	w.settle("L7: not all come back", 15*minute, w.missing)
	w.undo()
	w.starving()
	w.teardownAll()
}

// heal ends all faults.
func (w *world) heal() {
	w.line("== everything is healed")
	w.healed = true
	w.reconnect()
	w.master.dying = living
	w.pass(minute)
	w.undo()
	for _, a := range w.agents {
		for _, b := range a.order {
			if b.exec != nil && len(b.exec.tasks) == 0 {
				b.exec.leave()
			}
		}
	}
}

// pass lets time pass, with checks on the way.
func (w *world) pass(d instant) {
	for end := w.now + d; w.now < end; {
		w.runUntil(min(end, w.now+second))
		w.check()
	}
}

// settle waits until nothing is wrong any more.
func (w *world) settle(rule string, most instant, wrong func() string) {
	var why string
	for end := w.now + most; w.now < end; w.pass(5 * second) {
		if why = wrong(); why == "" {
			return
		}
	}
	w.fail(rule, "%s", why)
}

// missing names who has not come back yet.
func (w *world) missing() string {
	if !w.master.up {
		return "the master"
	}
	for _, a := range w.agents {
		if a.present && (!a.up || a.link == nil || a.id() == "") {
			return a.name()
		}
	}
	for _, s := range w.scheds {
		if s.present && !s.ready {
			return s.name()
		}
	}
	return ""
}

// lostTasks asks the master for all tasks, and checks that each that runs is
// among them.
func (w *world) lostTasks() {
	w.pass(30 * second) // for what is under way
	if t := w.tasks.untold(); t != nil {
		w.fail("L3: a task is back and its framework is not told", "%s of %s on %s is %v", t.id, t.framework, t.agent, t.state)
	}
	for _, s := range w.scheds {
		for _, t := range w.tasks.all[s] {
			t.mark = 0
		}
		s.reconciling = true
		s.reconcile(false)
	}
	w.pass(10 * second)
	for _, s := range w.scheds {
		s.reconciling = false
	}
	if t := w.tasks.lostKill(); t != nil {
		w.fail("L3: a kill is lost", "%s of %s on %s runs", t.id, t.framework, t.agent)
	}
	for _, id := range w.tasks.live() {
		if t := w.tasks.byID[id]; t != nil && t.mark == 0 {
			w.fail("L7: a task runs that the master does not know", "%s of %s on %s", id, t.framework, t.agent)
		}
	}
}

// killAll kills every task that its framework believes to live, until none is left.
func (w *world) killAll() {
	const rounds = 60
	var open []*task
	for round := range rounds {
		open = open[:0]
		for _, s := range w.scheds {
			mine := w.tasks.open(s)
			open = append(open, mine...)
			for _, t := range mine {
				s.kill(t, round%2 == 0)
				if round > 2 && t.executor != "" {
					s.call(&scheduler.Call{Type: scheduler.Call_SHUTDOWN.Enum(), Shutdown: &scheduler.Call_Shutdown{
						AgentId: &mesos.AgentID{Value: new(t.agent)}, ExecutorId: &mesos.ExecutorID{Value: new(t.executor)},
					}})
				}
			}
			s.reconcile(true)
		}
		if len(open) == 0 {
			return
		}
		if round > 3 {
			var agents []string
			for _, t := range open {
				agents = append(agents, t.agent)
			}
			w.giveUpAgents(agents)
		}
		w.pass(20 * second)
	}
	w.fail("L3: a task does not end for its framework", "%d of them, the first: %s of %s on %s, %v",
		len(open), open[0].id, open[0].framework, open[0].agent, open[0].state)
}

// operationsEnd asks until every operation has ended.
func (w *world) operationsEnd() string {
	why := w.openOperations()
	if why == "" {
		return ""
	}
	var agents []string
	for _, s := range w.scheds {
		for _, id := range sortedKeys(s.operations) {
			if o := s.operations[id]; !o.ended {
				agents = append(agents, o.agent)
			}
		}
	}
	w.giveUpAgents(agents)
	for _, s := range w.scheds {
		s.reconcileOperations(true)
	}
	return why
}

// left names what should be gone: every container, all that agents hold, and all
// that the master believes to be in use.
func (w *world) left() string {
	for _, a := range w.agents {
		if !a.present {
			continue
		}
		if !a.up {
			return a.name() + " is not up"
		}
		if len(a.order) > 0 {
			return fmt.Sprintf("%s has container %s of %s/%s", a.name(), a.order[0].id, a.order[0].launch.Framework, a.order[0].launch.Executor)
		}
		if free := a.core.Ledger().Free(); !free.Equal(a.core.Ledger().Total()) {
			return fmt.Sprintf("%s has %s free of %s", a.name(), free, a.core.Ledger().Total())
		}
		if used, _, _ := w.master.alloc.Agent(core.AgentID(a.id())); !used.IsEmpty() {
			return fmt.Sprintf("the master has %s of %s in use", used, a.name())
		}
	}
	return ""
}

// starving checks that what is free is offered, when everybody wants everything.
func (w *world) starving() {
	var roles []string
	for _, s := range w.scheds {
		if s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{}}) {
			roles = append(roles, s.roles...)
			clear(s.suppressed)
		}
	}
	if len(roles) == 0 {
		return
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	var why string
	for _, a := range w.agents {
		for range 60 { // what is refused, by an offer's timeout too, may wait for some seconds
			if why = w.unoffered(a, roles); why == "" {
				break
			}
			w.pass(second)
		}
		if why != "" {
			w.fail("fairness: something is free and offered to nobody", "%s: %s\n%s", a.name(), why, w.explanation(a))
		}
	}
}

// unoffered tells what of an agent is free though it is wanted, and what else is
// wrong about what is offered of it.
func (w *world) unoffered(a *agent, roles []string) string {
	if !a.present || w.drains(a) {
		return ""
	}
	_, granted, free := w.master.alloc.Agent(core.AgentID(a.id()))
	if w.prof.optimistic {
		// What is granted is free as well, until somebody uses it.
		if granted.IsEmpty() && free.Unreserved().CPUs() > 10 {
			return free.String() + " is free"
		}
		return ""
	}
	for _, role := range roles {
		if wanted := free.AvailableTo(role); wanted.CPUs() > 10 && wanted.Mem() > 32000 {
			return fmt.Sprintf("%s is free, and wanted in %s", wanted, role)
		}
	}
	if sum := w.believed(a.id()); !sum.Equal(granted) {
		return fmt.Sprintf("schedulers believe to be offered %s, granted are %s", sum, granted)
	}
	return ""
}

// drains tells whether an agent still drains: it does until the last end is
// acknowledged, which it may send again only in ten minutes.
func (w *world) drains(a *agent) (yes bool) {
	w.operate(&operator.Call{Type: operator.Call_GET_AGENTS.Enum()}, func(r core.Reply) {
		for _, each := range r.Response.GetGetAgents().GetAgents() {
			if each.GetAgentInfo().GetId().GetValue() == a.id() {
				yes = each.GetDrainInfo().GetState() == mesos.DrainState_DRAINING
			}
		}
	})
	return yes
}

// explanation is what the master says of why an agent is offered to whom.
func (w *world) explanation(a *agent) string {
	var lines []string
	for _, s := range w.scheds {
		if !s.ready {
			continue
		}
		w.explain(&link.ExplainRequest{
			FrameworkId: &mesos.FrameworkID{Value: new(s.id)}, AgentId: &mesos.AgentID{Value: new(a.id())},
		}, func(r core.Reply) {
			if r.Err != nil {
				lines = append(lines, r.Err.Error())
			}
			for _, role := range r.Explanation.GetRoles() {
				for _, x := range role.GetAgents() {
					lines = append(lines, fmt.Sprintf("%s, role %s: %s %s: %s", s.name(), role.GetRole(), role.GetSilent(), x.GetVerdict(), x.GetText()))
				}
			}
		})
	}
	return strings.Join(lines, "\n")
}

// believed is what schedulers believe to be offered of an agent.
func (w *world) believed(agent string) resource.Resources {
	var mine []*mesos.Offer
	for _, s := range w.scheds {
		for _, o := range s.offers {
			if o.GetAgentId().GetValue() == agent {
				mine = append(mine, o)
			}
		}
	}
	return sumOf(mine)
}

// teardownAll ends all frameworks: then nothing of them is left at the master.
func (w *world) teardownAll() {
	for _, s := range w.scheds {
		if s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()}) {
			s.present = false
		}
	}
	w.pass(second)
	var left []string
	for _, a := range w.agents {
		if a.present {
			if _, granted, _ := w.master.alloc.Agent(core.AgentID(a.id())); !granted.IsEmpty() && w.nobody() {
				left = append(left, a.name()+": "+granted.String())
			}
		}
	}
	if len(left) > 0 {
		w.fail("L1: granted to frameworks that are gone", "%s", strings.Join(left, "; "))
	}
}

// nobody tells whether no scheduler is subscribed.
func (w *world) nobody() bool {
	return !slices.ContainsFunc(w.scheds, func(s *sched) bool { return s.ready })
}
