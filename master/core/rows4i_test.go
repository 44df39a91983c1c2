// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

// again registers an agent under its id, changed, and leaves what comes back to
// the test.
func (n *node) again(change func(*link.Register)) *node {
	n.w.t.Helper()
	info := agentInfo("cpus:4;mem:1000")
	info.Id = n.id
	r := &link.Register{Agent: info}
	if change != nil {
		change(r)
	}
	return n.w.enter(r)
}

// turnedAway checks that the agent is told to shut down, by a message with these
// words, and that its link ends.
func (n *node) turnedAway(words ...string) {
	n.w.t.Helper()
	n.shutDown(false, words...)
}

// toldGone checks the same of an agent that is to end, since it is gone.
func (n *node) toldGone(words ...string) {
	n.w.t.Helper()
	n.shutDown(true, words...)
}

func (n *node) shutDown(gone bool, words ...string) {
	n.w.t.Helper()
	m := n.next().GetShutdown()
	for _, word := range words {
		if !strings.Contains(m.GetMessage(), word) {
			n.w.t.Errorf("agent is told %q, want a Shutdown that says %q", m.GetMessage(), word)
		}
	}
	if m.GetGone() != gone {
		n.w.t.Errorf("agent is told %v, want gone: %v", m, gone)
	}
	if n.w.closed[n.conn] != core.CloseDone {
		n.w.t.Errorf("the link is closed %v, want CloseDone", n.w.closed[n.conn])
	}
}

// failures takes all events, and returns the agents that have failed.
func (s *sched) failures() []string {
	var ids []string
	for _, e := range s.w.events[s.conn] {
		if e.GetType() == scheduler.Event_FAILURE {
			ids = append(ids, e.GetFailure().GetAgentId().GetValue())
		}
	}
	s.w.events[s.conn] = nil
	return ids
}

func getAgents() *master.Call { return getCall(master.Call_GET_AGENTS) }

// viewOf returns an agent as operators see it.
func viewOf(n *node) *master.Response_GetAgents_Agent {
	n.w.t.Helper()
	for _, a := range n.w.must(getAgents()).GetGetAgents().GetAgents() {
		if a.GetAgentInfo().GetId().GetValue() == n.id.GetValue() {
			return a
		}
	}
	n.w.t.Fatalf("no agent %v is shown", n.id)
	return nil
}

// record returns what is remembered of an agent.
func (n *node) record() *registry.Agent {
	n.w.t.Helper()
	r, _ := n.w.records[recordKey{core.RecordAgent, n.id.GetValue()}].(*registry.Agent)
	return r
}

func (n *node) remembered(state registry.AgentState) {
	n.w.t.Helper()
	if got := n.record().GetState(); got != state {
		n.w.t.Errorf("the agent is remembered as %v, want %v", got, state)
	}
}

func TestAgents4i(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, w *world, s *sched, n *node){
		"register on a connection that is registered already: answered again":       registerTwice,
		"register on a connection that is registered already, other state: refused": registerTwiceOther,
		"machine DOWN: Shutdown":                                                                          registerDown,
		"version is noted":                                                                                versionNoted,
		"domain is kept":                                                                                  domainKept,
		"admission is in the registry with the answer":                                                    admissionRemembered,
		"re-register with another hostname: Shutdown":                                                     otherHostname,
		"re-register from another IP: taken, and offers say so":                                           otherIP,
		"re-register of a gone agent: Shutdown \"marked gone\"":                                           goneReturns,
		"unreachable agent returns: reachable in the registry":                                            unreachableReturns,
		"unreachable agent returns: tasks re-added, each sent as an update":                               unreachableTasksReturn,
		"unreachable agent returns: also tasks that were told TASK_LOST are re-added":                     lostTasksReturn,
		"unreachable agent returns without a task: dropped":                                               unreachableReturnsWithout,
		"unreachable agent returns: frameworks completed meanwhile get ShutdownFramework":                 unreachableShutsDown,
		"unreachable agent is replaced: its tasks are lost for good":                                      unreachableReplaced,
		"pings: 15 s, 5 misses: unreachable":                                                              pingsMissed,
		"pings: a pong in time: not unreachable":                                                          pingsAnswered,
		"pings: the agent is told after how long without one to connect again":                            pingsTold,
		"pings: missed ones count while the link is down":                                                 pingsWhileDown,
		"pings: removal rate limit: one after the other, cancelled by a pong or a return":                 removalRate,
		"link breaks: disconnected at once, offers rescinded":                                             linkBreaks,
		"link breaks: unreachable after agent_reregister_timeout":                                         linkBreaksForLong,
		"after failover: recovered agents have agent_reregister_timeout from the start, then unreachable": recoveredTimeout,
		"after failover: recovered agents become unreachable one by one":                                  recoveredOneByOne,
		"after failover: recovery_agent_removal_limit: none of too many becomes unreachable":              recoveryLimit,
		"after failover: a recovered agent that comes back stays":                                         recoveredReturns,
	} {
		t.Run(name, func(t *testing.T) {
			w, s, n := oneTask(t, partitionAware)
			test(t, w, s, n)
		})
	}
}

func registerTwice(t *testing.T, w *world, _ *sched, n *node) {
	w.do(core.AgentMessage{Conn: n.conn, Address: "10.0.0.1", Message: registerMessage(&link.Register{Agent: agentInfo("cpus:4;mem:1000")})})
	if got := n.next().GetRegistered(); got.GetAgentId().GetValue() != n.id.GetValue() {
		t.Errorf("answer %v, want agent %v", got, n.id)
	}
	n.quiet()
}

func registerTwiceOther(t *testing.T, w *world, _ *sched, n *node) {
	err := w.try(core.AgentMessage{Conn: n.conn, Address: "10.0.0.1", Message: registerMessage(&link.Register{Agent: agentInfo("cpus:2")})})
	if err == nil || !strings.Contains(err.Error(), n.id.GetValue()) {
		t.Errorf("error %v, want one that names the agent", err)
	}
}

func registerDown(_ *testing.T, w *world, s *sched, n *node) {
	w.plan(time.Hour, "HOST")
	w.takeDown("host")
	n.turnedAway(`"host"`, "down")
	s.nextUpdate()
	n.remembered(registry.AgentState_AGENT_REMOVED)
	fresh := w.enter(&link.Register{Agent: agentInfo("cpus:4;mem:1000")})
	fresh.turnedAway("host", "down for maintenance")
	w.must(stopCall("host"))
	w.node("cpus:4;mem:1000")
}

func versionNoted(t *testing.T, _ *world, _ *sched, n *node) {
	n = n.again(func(r *link.Register) { r.Version = new("1.2.3") })
	if got := viewOf(n).GetVersion(); got != "1.2.3" {
		t.Errorf("version %q, want 1.2.3", got)
	}
}

func domainKept(t *testing.T, _ *world, _ *sched, n *node) {
	domain := &mesos.DomainInfo{FaultDomain: &mesos.DomainInfo_FaultDomain{
		Region: &mesos.DomainInfo_FaultDomain_RegionInfo{Name: new("r")}, Zone: &mesos.DomainInfo_FaultDomain_ZoneInfo{Name: new("z")},
	}}
	n = n.again(func(r *link.Register) { r.Agent.Domain = domain })
	if got := viewOf(n).GetAgentInfo().GetDomain().GetFaultDomain().GetZone().GetName(); got != "z" {
		t.Errorf("zone %q, want z", got)
	}
	if got := n.record().GetInfo().GetDomain().GetFaultDomain().GetRegion().GetName(); got != "r" {
		t.Errorf("region %q is remembered, want r", got)
	}
}

func admissionRemembered(t *testing.T, w *world, _ *sched, _ *node) {
	n := w.node("cpus:1")
	n.remembered(registry.AgentState_AGENT_ADMITTED)
	if n.record().GetInfo().GetId().GetValue() != n.id.GetValue() || n.record().GetSince().GetNanoseconds() != w.now.UnixNano() {
		t.Errorf("remembered is %v", n.record())
	}
}

func otherHostname(_ *testing.T, _ *world, s *sched, n *node) {
	n.close()
	n.again(func(r *link.Register) { r.Agent.Hostname = new("elsewhere") }).turnedAway(`"elsewhere"`, `"host"`)
	s.noUpdate() // the real one may still come
}

func otherIP(t *testing.T, w *world, s *sched, n *node) {
	n.close()
	info := agentInfo("cpus:4;mem:1000")
	info.Id = n.id
	conn := w.conn()
	w.do(core.AgentMessage{Conn: conn, Address: "10.0.0.2", Message: registerMessage(&link.Register{Agent: info})})
	if w.down[conn][0].GetRegistered() == nil {
		t.Fatalf("agent is told %v, want that it is registered", w.down[conn][0])
	}
	o := s.find(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
	if got := o.GetUrl().GetAddress().GetIp(); got != "10.0.0.2" {
		t.Errorf("the offer is of %s, want 10.0.0.2", got)
	}
}

func goneReturns(_ *testing.T, w *world, _ *sched, n *node) {
	w.must(markGoneCall(n.id))
	n.toldGone("gone")
	n.remembered(registry.AgentState_AGENT_GONE)
	n.again(nil).toldGone(n.id.GetValue(), "marked gone")
	n.w = w.successor("m2")
	n.again(nil).toldGone(n.id.GetValue(), "marked gone")
}

func unreachableReturns(_ *testing.T, _ *world, s *sched, n *node) {
	n.vanish(s)
	n.remembered(registry.AgentState_AGENT_UNREACHABLE)
	n.back("cpus:4;mem:1000", nil, nil).remembered(registry.AgentState_AGENT_ADMITTED)
}

func unreachableTasksReturn(t *testing.T, w *world, s *sched, n *node) {
	n.vanish(s)
	if got := core.UnreachableTasks(w.core, s.id.GetValue()); len(got) != 1 || got[0].GetTaskId().GetValue() != "t" {
		t.Errorf("unreachable are %v, want t", got)
	}
	n = n.back("cpus:4;mem:1000", nil, nil,
		listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"),
		listed(s, n, "u", mesos.TaskState_TASK_FINISHED, "cpus:1")) // launched by an earlier master
	for _, want := range []struct {
		task  string
		state mesos.TaskState
	}{{"t", mesos.TaskState_TASK_RUNNING}, {"u", mesos.TaskState_TASK_FINISHED}} {
		got := s.status(want.state, mesos.TaskStatus_REASON_AGENT_REREGISTERED)
		if got.GetTaskId().GetValue() != want.task || got.Uuid != nil || got.GetAgentId().GetValue() != n.id.GetValue() {
			t.Errorf("update %v, want %s of agent %v, no uuid", got, want.task, n.id)
		}
	}
	has(t, s.offer(), "cpus:3;mem:1000")
	if got := core.UnreachableTasks(w.core, s.id.GetValue()); len(got) != 0 {
		t.Errorf("unreachable are %v, want none", got)
	}
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
}

func lostTasksReturn(t *testing.T, _ *world, _ *sched, _ *node) {
	w, s, n := oneTask(t) // not PARTITION_AWARE
	n.close()
	w.pass(reregisterTimeout)
	if got := s.nextUpdate(); got.GetState() != mesos.TaskState_TASK_LOST {
		t.Errorf("update %v, want TASK_LOST", got)
	}
	s.nextFailure()
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if got := s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_AGENT_REREGISTERED); got.Uuid != nil {
		t.Errorf("update %v, want no uuid", got)
	}
	n.quiet()
	explicitly(s, "t", n)
	s.find(scheduler.Event_UPDATE)
	if got := core.CompletedTasks(w.core, s.id.GetValue()); len(got) != 0 {
		t.Errorf("completed are %v, want none", got)
	}
}

func unreachableReturnsWithout(t *testing.T, w *world, s *sched, n *node) {
	n.vanish(s)
	n.back("cpus:4;mem:1000", nil, nil)
	s.status(mesos.TaskState_TASK_DROPPED, mesos.TaskStatus_REASON_RECONCILIATION)
	if got := core.CompletedTasks(w.core, s.id.GetValue()); len(got) != 1 || got[0].GetState() != mesos.TaskState_TASK_DROPPED {
		t.Errorf("completed are %v, want t", got)
	}

	_, s, n = oneTask(t) // one that was told TASK_LOST before is not told again
	n.vanish(s)
	n.back("cpus:4;mem:1000", nil, nil)
	s.noUpdate()
}

func unreachableShutsDown(t *testing.T, w *world, s *sched, n *node) {
	n.vanish(s)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	info := []*mesos.FrameworkInfo{frameworkInfo(withID(s.id.GetValue()))}
	n = n.back("cpus:4;mem:1000", info, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != s.id.GetValue() {
		t.Error("the agent is not told that its framework is removed")
	}
	n.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	has(t, w.subscribe().offer(), "cpus:4;mem:1000")
}

func unreachableReplaced(_ *testing.T, w *world, s *sched, n *node) {
	n.vanish(s)
	w.node("cpus:4;mem:1000")
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
	n.remembered(registry.AgentState_AGENT_REMOVED)
	n.again(nil).turnedAway("removed")
	has(s.w.t, s.offer(), "cpus:4;mem:1000")

	w, s, n = oneTask(s.w.t) // one that was told TASK_LOST before is not told again
	n.vanish(s)
	w.node("cpus:4;mem:1000")
	s.noUpdate()
}

// pinged is a world of an agent with a task that is pinged as agents are by
// default.
func pinged(t *testing.T, options ...func(*core.Config)) (*world, *sched, *node) {
	w := newWorld(t, append([]func(*core.Config){withPings(0, 0)}, options...)...)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(partitionAware, withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")
	w.pass(0)
	return w, s, n
}

func pingsMissed(t *testing.T, _ *world, _ *sched, _ *node) {
	w, s, n := pinged(t)
	for i := range 6 {
		if w.pings[n.conn] != i {
			t.Fatalf("%d pings, want %d", w.pings[n.conn], i)
		}
		s.noUpdate()
		w.pass(15 * time.Second)
	}
	s.status(mesos.TaskState_TASK_UNREACHABLE, mesos.TaskStatus_REASON_AGENT_REMOVED)
	if w.closed[n.conn] != core.CloseSilent {
		t.Errorf("the link is closed %v, want CloseSilent", w.closed[n.conn])
	}
	w.pass(time.Hour)
	n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
}

func pingsAnswered(t *testing.T, _ *world, _ *sched, _ *node) {
	w, s, n := pinged(t)
	for range 10 {
		w.pass(5*15*time.Second - 1)
		n.pong()
	}
	s.noUpdate()
	if w.closed[n.conn] != core.CloseNot {
		t.Errorf("the link is closed %v", w.closed[n.conn])
	}
}

func pingsTold(t *testing.T, _ *world, _ *sched, _ *node) {
	w := newWorld(t, withPings(2*time.Second, 3))
	if got := w.enter(&link.Register{Agent: agentInfo("cpus:1")}).next().GetRegistered().GetTotalPingTimeoutSeconds(); got != 6 {
		t.Errorf("total_ping_timeout_seconds %v, want 6", got)
	}
}

func pingsWhileDown(t *testing.T, _ *world, _ *sched, _ *node) {
	w, s, n := pinged(t)
	w.pass(30 * time.Second)
	n.pong()
	n.close()
	w.pass(5*15*time.Second + 14*time.Second)
	s.noUpdate()
	w.pass(time.Second)
	s.status(mesos.TaskState_TASK_UNREACHABLE, mesos.TaskStatus_REASON_AGENT_REMOVED)
}

func removalRate(t *testing.T, _ *world, _ *sched, _ *node) {
	w := newWorld(t, withPings(0, 0), func(c *core.Config) { c.AgentRemovalRate = core.Rate{N: 2, Per: time.Hour} })
	var nodes []*node
	for range 5 {
		nodes = append(nodes, w.node("cpus:1"))
	}
	s := w.subscribe()
	w.pass(90 * time.Second) // all of them have missed their pings
	first := s.nextFailure().GetAgentId().GetValue()
	if first != nodes[0].id.GetValue() {
		t.Errorf("%s is the first to be unreachable, want %v", first, nodes[0].id)
	}
	nodes[1].pong()
	nodes[2] = nodes[2].back("cpus:1", nil, nil)
	left := map[string]bool{}
	for range 119 { // and again, so that none is overdue a second time
		w.pass(15 * time.Second)
		for _, n := range nodes[1:3] {
			n.pong()
		}
	}
	if f := s.failures(); len(f) != 0 {
		t.Errorf("%v are unreachable before their turn", f)
	}
	w.pass(time.Hour)
	for _, id := range s.failures() {
		left[id] = true
	}
	if !left[nodes[3].id.GetValue()] || !left[nodes[4].id.GetValue()] {
		t.Errorf("unreachable are %v, want the two that stayed silent as well", left)
	}
}

func linkBreaks(t *testing.T, w *world, s *sched, n *node) {
	w.pass(1000 * time.Second)
	s.offer()
	n.close()
	s.next(scheduler.Event_RESCIND)
	if v := viewOf(n); v.GetActive() {
		t.Errorf("the agent is active: %v", v)
	}
	s.quiet()
}

func linkBreaksForLong(t *testing.T, w *world, s *sched, n *node) {
	n.close()
	w.pass(reregisterTimeout - 1)
	s.noUpdate()
	w.pass(1)
	got := s.status(mesos.TaskState_TASK_UNREACHABLE, mesos.TaskStatus_REASON_AGENT_REMOVED)
	if got.GetUnreachableTime().GetNanoseconds() != w.now.UnixNano() {
		t.Errorf("unreachable_time %v, want now", got.GetUnreachableTime())
	}
}

func recoveredTimeout(_ *testing.T, w *world, s *sched, n *node) {
	w, s = failover(w, s)
	n.w = w
	w.pass(reregisterTimeout - 1)
	s.quiet()
	n.remembered(registry.AgentState_AGENT_ADMITTED)
	w.pass(1)
	s.nextFailure()
	s.quiet()
	n.remembered(registry.AgentState_AGENT_UNREACHABLE)
	n.back("cpus:4;mem:1000", nil, nil).remembered(registry.AgentState_AGENT_ADMITTED)
}

func recoveredOneByOne(t *testing.T, w *world, s *sched, _ *node) {
	for range 4 {
		w.node("cpus:1")
	}
	w = w.successor("m2", func(c *core.Config) { c.AgentRemovalRate = core.Rate{N: 1, Per: time.Minute} })
	s = w.subscribe(withID(s.id.GetValue()), partitionAware)
	w.pass(reregisterTimeout - time.Second)
	for i := range 5 {
		w.pass(time.Second)
		if f := s.nextFailure(); f.GetAgentId().GetValue() == "" {
			t.Errorf("FAILURE %v, want an agent's", f)
		}
		s.quiet()
		w.pass(59 * time.Second)
		if s.quiet(); i == 4 {
			w.pass(time.Hour)
			s.quiet()
		}
	}
}

// Mesos aborts here. A master that goes on has its other agents served, and waits.
func recoveryLimit(_ *testing.T, w *world, s *sched, n *node) {
	other := w.node("cpus:1")
	third := w.node("cpus:1")
	w = w.successor("m2", func(c *core.Config) { c.RecoveryAgentRemovalLimit = 0.5 })
	s = w.subscribe(withID(s.id.GetValue()), partitionAware)
	n.w, other.w, third.w = w, w, w
	other.back("cpus:1", nil, nil)
	w.pass(reregisterTimeout)
	for _, missing := range []*node{n, third} {
		missing.remembered(registry.AgentState_AGENT_ADMITTED)
	}
	n.back("cpus:4;mem:1000", nil, nil)
	w.pass(reregisterTimeout)
	third.remembered(registry.AgentState_AGENT_UNREACHABLE)
	s.nextFailure()
}

func recoveredReturns(t *testing.T, w *world, s *sched, n *node) {
	w, s = failover(w, s)
	n.w = w
	if got := w.must(getAgents()).GetGetAgents(); len(got.GetRecoveredAgents()) != 1 || len(got.GetAgents()) != 0 {
		t.Errorf("agents %v, want one that is recovered", got)
	}
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	has(t, s.offer(), "cpus:3;mem:1000")
	w.pass(time.Hour)
	s.noUpdate() // it is only unreachable agents of which each task is told
	explicitly(s, "t", n)
	s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_RECONCILIATION)
}
