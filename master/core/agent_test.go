// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

func TestARegistrationIsAnsweredWithIDAndMaster(t *testing.T) {
	w := newWorld(t)
	for _, want := range []string{"m-S0", "m-S1"} {
		got := w.enter(&link.Register{Agent: agentInfo("cpus:1")}).next().GetRegistered()
		if got.GetAgentId().GetValue() != want || got.GetMaster().GetId() != "m" {
			t.Errorf("answer %v, want agent %s of master m", got, want)
		}
	}
}

func TestARegistrationThatBreaksARuleIsAnErrorAndLeavesNothing(t *testing.T) {
	f := &mesos.FrameworkID{Value: new("f")}
	known := []*mesos.FrameworkInfo{frameworkInfo(withID("f"))}
	executor := func(id string, res string) *mesos.ExecutorInfo {
		return &mesos.ExecutorInfo{
			ExecutorId: &mesos.ExecutorID{Value: &id}, FrameworkId: f, Resources: resource.MustParse(res).Proto(),
		}
	}
	task := func(id string, res string) *mesos.Task {
		return &mesos.Task{
			Name: new(""), TaskId: &mesos.TaskID{Value: &id}, FrameworkId: f, AgentId: &mesos.AgentID{Value: new("a")},
			State: mesos.TaskState_TASK_RUNNING.Enum(), Resources: resource.MustParse(res).Proto(),
		}
	}
	agent := func(change func(*mesos.AgentInfo)) *link.Register {
		r := &link.Register{Agent: agentInfo("cpus:2")}
		change(r.Agent)
		return r
	}
	for name, c := range map[string]struct {
		register *link.Register
		words    []string
	}{
		"no agent":           {&link.Register{}, []string{"register", "agent"}},
		"hostname empty":     {agent(func(a *mesos.AgentInfo) { a.Hostname = new("") }), []string{"agent.hostname", "empty"}},
		"id invalid":         {agent(func(a *mesos.AgentInfo) { a.Id = &mesos.AgentID{Value: new("a/b")} }), []string{"agent.id", "a/b"}},
		"port too large":     {agent(func(a *mesos.AgentInfo) { a.Port = new(int32(70000)) }), []string{"agent.port", "70000", "65535"}},
		"resources negative": {agent(func(a *mesos.AgentInfo) { a.Resources[0].Scalar.Value = new(-1.0) }), []string{"agent.resources", "cpus"}},
		"framework without id": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: []*mesos.FrameworkInfo{frameworkInfo()}},
			[]string{"frameworks.id", "empty"},
		},
		"framework invalid": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: []*mesos.FrameworkInfo{frameworkInfo(withID("f"), withRole("-"))}},
			[]string{"frameworks", "role"},
		},
		"executor of an unlisted framework": {
			&link.Register{Agent: agentInfo("cpus:2"), Executors: []*mesos.ExecutorInfo{executor("e", "cpus:1")}},
			[]string{"executors[0].framework_id", `"f"`},
		},
		"executor twice": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Executors: []*mesos.ExecutorInfo{executor("e", "cpus:1"), executor("e", "cpus:1")}},
			[]string{"executors[1].executor_id", `"e"`, "once"},
		},
		"executor id invalid": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Executors: []*mesos.ExecutorInfo{executor("", "cpus:1")}},
			[]string{"executors[0].executor_id"},
		},
		"executor larger than the agent": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Executors: []*mesos.ExecutorInfo{executor("e", "cpus:3")}},
			[]string{"executors[0].resources", "cpus:3"},
		},
		"task of an unlisted framework": {
			&link.Register{Agent: agentInfo("cpus:2"), Tasks: []*mesos.Task{task("t", "cpus:1")}},
			[]string{"tasks[0].framework_id", `"f"`},
		},
		"task twice": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Tasks: []*mesos.Task{task("t", "cpus:1"), task("t", "cpus:1")}},
			[]string{"tasks[1].task_id", `"t"`, "once"},
		},
		"task id invalid": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Tasks: []*mesos.Task{task("..", "cpus:1")}},
			[]string{"tasks[0].task_id", `".."`},
		},
		"tasks larger than the agent together": {
			&link.Register{Agent: agentInfo("cpus:2"), Frameworks: known, Tasks: []*mesos.Task{task("t1", "cpus:1"), task("t2", "cpus:1.5")}},
			[]string{"tasks[1].resources", "cpus:1.5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			err := w.try(core.AgentMessage{Conn: w.conn(), Message: registerMessage(c.register)})
			var e *core.Error
			if !errors.As(err, &e) || e.Kind != core.Invalid {
				t.Fatalf("error %v, want one of kind Invalid", err)
			}
			for _, word := range c.words {
				if !strings.Contains(e.Text, word) {
					t.Errorf("error %q does not say %q", e.Text, word)
				}
			}
			w.subscribe().quiet()
			if n := w.node("cpus:1"); n.id.GetValue() != "m-S0" {
				t.Errorf("the next agent is %s: the refused one left something behind", n.id)
			}
		})
	}
}

func TestMessagesThatDoNotFitTheirConnectionAreErrors(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1")
	update := updateMessage(&mesos.FrameworkID{Value: new("f")}, n.id, "t", mesos.TaskState_TASK_RUNNING, uuid('u'), mesos.TaskState_TASK_RUNNING)
	for name, c := range map[string]struct {
		conn core.ConnID
		msg  *link.FromAgent
		kind core.Kind
	}{
		"first message is not register": {99, update, core.Unexpected},
		"register as another":           {n.conn, registerMessage(&link.Register{Agent: agentInfo("cpus:2")}), core.Unexpected},
		"no message":                    {n.conn, &link.FromAgent{}, core.Unsupported},
		"no message at all":             {n.conn, nil, core.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.try(core.AgentMessage{Conn: c.conn, Message: c.msg})
			var e *core.Error
			if !errors.As(err, &e) || e.Kind != c.kind {
				t.Errorf("error %v, want kind %v", err, c.kind)
			}
		})
	}
}

func TestAMessageWithoutARequiredFieldIsAnErrorAndLeavesNothing(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(withRole("a"))
	s.accept([]*mesos.Offer{s.offer()}, refuse(1000), reserve("cpus"+reservedFor("a")+":1", asked("op")))
	op := n.next().GetApplyOperation().GetOperationUuid()
	if op == nil {
		t.Fatal("the agent is not asked for the operation")
	}
	for name, m := range map[string]*link.FromAgent{
		"update.framework_id":               {Message: &link.FromAgent_Update{}},
		"update.status":                     {Message: &link.FromAgent_Update{Update: &link.Update{FrameworkId: s.id}}},
		"executor_exited.framework_id":      {Message: &link.FromAgent_ExecutorExited{}},
		"executor_message.framework_id":     {Message: &link.FromAgent_ExecutorMessage{}},
		"update_resources.resource_version": {Message: &link.FromAgent_UpdateResources{UpdateResources: &link.UpdateResources{}}},
		"operation_update.status": {Message: &link.FromAgent_OperationUpdate{
			OperationUpdate: &link.OperationUpdate{FrameworkId: s.id, OperationUuid: op},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var e *core.Error
			err := w.try(core.AgentMessage{Conn: n.conn, Message: m})
			if !errors.As(err, &e) || e.Kind != core.Invalid || !strings.Contains(e.Text, name) {
				t.Errorf("error %v, want one of kind Invalid that names %s", err, name)
			}
			s.quietButOffers()
			n.quiet()
		})
	}
}

func TestANewAgentMayListWhatEndsWithItsPredecessor(t *testing.T) {
	w, s, n := oneTask(t)
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	n.close() // what it runs is the last that is left of the framework
	n = w.register(&link.Register{
		Agent: agentInfo("cpus:4;mem:1000"),
		Tasks: []*mesos.Task{listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")},
	})
	if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != s.id.GetValue() {
		t.Error("the agent is not told that the framework is removed")
	}
	n.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	has(t, w.subscribe().offer(), "cpus:4;mem:1000")
}

func TestAnAgentThatComesBackInTimeKeepsItsTasks(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	w.pass(reregisterTimeout - 1)
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	w.pass(time.Hour)
	has(t, s.offer(), "cpus:3;mem:1000")
	explicitly(s, "t", n)
	s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestALostAgentIsOfferedNoMore(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	w.pass(filterOver)
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	s.quiet()
}

func TestTheAllocatorDoesNotGrantWhatALostAgentHas(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	w.alloc.Revive("m-0000", []string{"*"}) // the core has asked already: ask again
	if grants := w.alloc.Allocate(w.now); len(grants) > 0 {
		t.Errorf("granted are %v of an agent that is not there", grants)
	}
}

func TestManyLostAgentsAreRemovedBitByBit(t *testing.T) {
	w := newWorld(t)
	var nodes []*node
	for range 250 {
		nodes = append(nodes, w.node("cpus:0.001"))
	}
	first, second := w.subscribe(), w.subscribe()
	for _, n := range nodes {
		n.close()
	}
	failures := func(s *sched) (list []*scheduler.Event) {
		for _, e := range w.events[s.conn] {
			if e.GetType() == scheduler.Event_FAILURE {
				list = append(list, e)
			}
		}
		return list
	}
	w.pass(reregisterTimeout)
	a, b := failures(first), failures(second)
	if len(a) != 100 || len(b) != 100 {
		t.Fatalf("%d and %d agents are removed at once, want 100", len(a), len(b))
	}
	if a[0] != b[0] {
		t.Error("each framework gets an event of its own")
	}
	nodes[249].back("cpus:0.001", nil, nil)
	w.pass(time.Second)
	if n := len(failures(first)); n != 249 {
		t.Errorf("%d agents are removed, want all but the one that came back", n)
	}
}

func TestATaskThatHasEndedIsToldSoWhenItsAgentIsRemoved(t *testing.T) {
	w, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	s.next(scheduler.Event_OFFERS)
	n.close()
	s.next(scheduler.Event_RESCIND)
	s.close() // the update may have been lost on the way, and nobody has it any more
	s = w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	w.pass(reregisterTimeout)
	if got := s.status(mesos.TaskState_TASK_FINISHED, mesos.TaskStatus_REASON_AGENT_REMOVED); got.GetSource() != mesos.TaskStatus_SOURCE_MASTER {
		t.Errorf("update %v, want source master", got)
	}
	s.next(scheduler.Event_FAILURE)
	s.quiet()
}

func TestATaskThatHasEndedIsToldSoWhenItsAgentComesBackWithoutIt(t *testing.T) {
	_, s, n := oneTask(t)
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('r'), mesos.TaskState_TASK_FINISHED)
	s.status(mesos.TaskState_TASK_RUNNING, 0)
	s.next(scheduler.Event_OFFERS)
	n.close()
	s.next(scheduler.Event_RESCIND)
	n.back("cpus:4;mem:1000", nil, nil)
	s.status(mesos.TaskState_TASK_FINISHED, mesos.TaskStatus_REASON_RECONCILIATION)
}

func TestAnExecutorOfAFrameworkWithoutRolesIsAdopted(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(withRoles("a"), withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1", byExecutor("e", ""))
	n.close()
	s.close()
	w.subscribe(withID(s.id.GetValue()), withRoles(), withFailoverTimeout(60))
	executor := &mesos.ExecutorInfo{
		ExecutorId: &mesos.ExecutorID{Value: new("e")}, FrameworkId: s.id, Command: &mesos.CommandInfo{Value: new("./executor")},
	}
	task := listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")
	n.back("cpus:4;mem:1000", nil, []*mesos.ExecutorInfo{executor}, task)

	anew := newWorld(t)
	n.w = anew
	n.back("cpus:4;mem:1000", []*mesos.FrameworkInfo{frameworkInfo(withID(s.id.GetValue()), withRoles())}, []*mesos.ExecutorInfo{executor}, task)
	has(t, anew.subscribe().offer(), "cpus:3;mem:1000")
}

func TestARemovedAgentMayNotComeBackUnderItsID(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	w.node("cpus:4;mem:1000") // in its place
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
	info := agentInfo("cpus:4;mem:1000")
	info.Id = n.id
	again := w.enter(&link.Register{Agent: info, Tasks: []*mesos.Task{listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1")}})
	if text := again.next().GetShutdown().GetMessage(); !strings.Contains(text, "m-S0") || !strings.Contains(text, "removed") {
		t.Errorf("agent is told %q, want a Shutdown that says why", text)
	}
	if w.closed[again.conn] != core.CloseDone {
		t.Error("the connection is not ended")
	}
	s.next(scheduler.Event_FAILURE)
	s.next(scheduler.Event_OFFERS)
	s.quiet()
	if fresh := w.node("cpus:4;mem:1000"); fresh.id.GetValue() != "m-S2" {
		t.Errorf("as a new agent it is %s, want m-S2", fresh.id)
	}
}

func TestAnAgentMayNotChangeItsHostname(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	info := agentInfo("cpus:4;mem:1000")
	info.Id, info.Hostname = n.id, new("elsewhere")
	again := w.enter(&link.Register{Agent: info})
	if text := again.next().GetShutdown().GetMessage(); !strings.Contains(text, `"elsewhere"`) || !strings.Contains(text, `"host"`) {
		t.Errorf("agent is told %q, want a Shutdown that names both", text)
	}
	s.quiet()
}

func TestANewAgentInThePlaceOfALostOneReplacesItAtOnce(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	w.node("cpus:4;mem:1000")
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
	s.next(scheduler.Event_FAILURE)
	has(t, s.offer(), "cpus:4;mem:1000")
}

func TestANewAgentOnThePortOfAConnectedOneReplacesItAtOnce(t *testing.T) {
	w := newWorld(t)
	on := func(port int32) *link.Register {
		info := agentInfo("cpus:4;mem:1000")
		info.Port = &port
		return &link.Register{Agent: info}
	}
	n := w.register(on(5051))
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1")
	w.register(on(5052))
	has(t, s.offer(), "cpus:4;mem:1000")
	s.quiet()
	w.register(on(5051)) // its host was reset
	if w.closed[n.conn] != core.CloseReplaced {
		t.Errorf("the old connection is closed %v, want CloseReplaced", w.closed[n.conn])
	}
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_REMOVED)
	s.next(scheduler.Event_FAILURE)
	has(t, s.offer(), "cpus:4;mem:1000")
}

func TestAgentsOfOneHostnameAreKeptApartWhileTheyAreConnected(t *testing.T) {
	w, s, _ := oneTask(t)
	w.node("cpus:4;mem:1000")
	has(t, s.offer(), "cpus:4;mem:1000")
	s.quiet()
}

func TestASecondConnectionOfAnAgentReplacesTheFirst(t *testing.T) {
	w, s, n := oneTask(t)
	old := n.conn
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if w.closed[old] != core.CloseReplaced {
		t.Errorf("the first connection is closed %v, want CloseReplaced", w.closed[old])
	}
	w.do(core.AgentClosed{Conn: old}) // the shell notices
	n.update(s, "t", mesos.TaskState_TASK_FAILED, uuid('f'))
	s.status(mesos.TaskState_TASK_FAILED, 0)
}

func TestATaskThatTheAgentComesBackWithoutIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		options []func(*mesos.FrameworkInfo)
		want    mesos.TaskState
	}{
		"TASK_LOST":                     {nil, mesos.TaskState_TASK_LOST},
		"TASK_DROPPED: PARTITION_AWARE": {[]func(*mesos.FrameworkInfo){partitionAware}, mesos.TaskState_TASK_DROPPED},
	} {
		t.Run(name, func(t *testing.T) {
			_, s, n := oneTask(t, c.options...)
			n.close()
			n.back("cpus:4;mem:1000", nil, nil)
			s.status(c.want, mesos.TaskStatus_REASON_RECONCILIATION)
			has(t, s.offer(), "cpus:4;mem:1000")
			reconcileAll(s)
			s.quiet()
		})
	}
}

func TestAnExecutorThatTheAgentComesBackWithoutHasFailed(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:100"))
	n.close()
	n.back("cpus:4;mem:1000", nil, nil)
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_RECONCILIATION)
	if f := s.next(scheduler.Event_FAILURE).GetFailure(); f.GetExecutorId().GetValue() != "e" || f.GetStatus() != -1 {
		t.Errorf("FAILURE %v, want executor e, status -1", f)
	}
	has(t, s.offer(), "cpus:4;mem:1000")
}

func TestAnExecutorThatEndedWhileItsAgentWasAwayHasFailedWithItsStatus(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:100"))
	n.close()
	info := agentInfo("cpus:4;mem:1000")
	info.Id = n.id
	w.register(&link.Register{Agent: info, Exited: []*link.ExecutorExited{
		{FrameworkId: s.id, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Status: new(int32(9))},
		{FrameworkId: s.id, ExecutorId: &mesos.ExecutorID{Value: new("unknown")}, Status: new(int32(1))},
	}})
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_RECONCILIATION)
	if f := s.next(scheduler.Event_FAILURE).GetFailure(); f.GetExecutorId().GetValue() != "e" || f.GetStatus() != 9 {
		t.Errorf("FAILURE %v, want executor e, status 9", f)
	}
	has(t, s.offer(), "cpus:4;mem:1000")
	s.quiet()
}

func TestAMasterThatKnowsNothingAdoptsWhatAnAgentBrings(t *testing.T) {
	w := newWorld(t)
	f := &sched{w: w, id: &mesos.FrameworkID{Value: new("old-0000")}}
	n := &node{w: w, id: &mesos.AgentID{Value: new("old-S0")}}
	executor := &mesos.ExecutorInfo{
		ExecutorId: &mesos.ExecutorID{Value: new("e")}, FrameworkId: f.id,
		Command: &mesos.CommandInfo{Value: new("x")}, Resources: resource.MustParse("mem:100").Proto(),
	}
	running := listed(f, n, "running", mesos.TaskState_TASK_RUNNING, "cpus:1")
	running.ExecutorId = executor.ExecutorId
	ended := listed(f, n, "ended", mesos.TaskState_TASK_FINISHED, "cpus:4")
	ended.StatusUpdateState, ended.StatusUpdateUuid = mesos.TaskState_TASK_RUNNING.Enum(), uuid('r')
	n = n.back("cpus:4;mem:1000", []*mesos.FrameworkInfo{frameworkInfo(withID("old-0000"))},
		[]*mesos.ExecutorInfo{executor}, running, ended)
	if n.id.GetValue() != "old-S0" {
		t.Errorf("agent is now %s, want old-S0", n.id)
	}
	n.update(f, "running", mesos.TaskState_TASK_RUNNING, uuid('u')) // nobody is there yet
	n.quiet()

	s := w.subscribe(withID("old-0000"))
	has(t, s.offer(), "cpus:3;mem:900")
	reconcileAll(s)
	for _, want := range []string{"running", "ended"} {
		if got := s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_RECONCILIATION); got.GetTaskId().GetValue() != want {
			t.Errorf("answer %v, want one of %s", got, want)
		}
	}
	n.exited(s, "e", 0)
	s.next(scheduler.Event_FAILURE)
}

func TestARecoveredFrameworkIsRemovedWhenNobodySubscribesInTime(t *testing.T) {
	for name, c := range map[string]struct {
		failover float64
		wait     time.Duration
	}{
		"at least the agents' time": {60, reregisterTimeout},
		"its failover_timeout":      {3600, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			f := &sched{w: w, id: &mesos.FrameworkID{Value: new("old-0000")}}
			n := &node{w: w, id: &mesos.AgentID{Value: new("old-S0")}}
			n = n.back("cpus:4;mem:1000", []*mesos.FrameworkInfo{frameworkInfo(withID("old-0000"), withFailoverTimeout(c.failover))},
				nil, listed(f, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
			w.pass(c.wait - 1)
			n.quiet()
			w.pass(1)
			if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != "old-0000" {
				t.Error("the agent is not told to end it")
			}
			w.dial(frameworkInfo(withID("old-0000"))).ended("removed")
		})
	}
}

func TestARecoveredFrameworkThatSubscribesStays(t *testing.T) {
	w := newWorld(t)
	f := &sched{w: w, id: &mesos.FrameworkID{Value: new("old-0000")}}
	n := &node{w: w, id: &mesos.AgentID{Value: new("old-S0")}}
	n = n.back("cpus:4;mem:1000", []*mesos.FrameworkInfo{frameworkInfo(withID("old-0000"))},
		nil, listed(f, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	f = w.subscribe(withID("old-0000"))
	n.told(f, "test")
	w.pass(time.Hour)
	n.quiet()
}

func TestAnAgentThatMissedTheEndOfAFrameworkIsToldWhenItComesBack(t *testing.T) {
	w, s, n := oneTask(t)
	n.close()
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	info := []*mesos.FrameworkInfo{frameworkInfo(withID(s.id.GetValue()))}
	n = n.back("cpus:4;mem:1000", info, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != s.id.GetValue() {
		t.Error("the agent is not told")
	}
	other := w.subscribe()
	has(t, other.offer(), "cpus:3;mem:1000")
	n.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	has(t, other.offer(), "cpus:1")
}

func TestAnAgentThatDoesNotListAFrameworkThatIsOverIsToldByWhatItRuns(t *testing.T) {
	_, s, n := oneTask(t)
	n.close()
	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	n = n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != s.id.GetValue() {
		t.Error("the agent is not told")
	}
}

func TestATaskIDThatRunsTwiceIsKilledWhereItCameSecond(t *testing.T) {
	w := newWorld(t)
	f := &sched{w: w, id: &mesos.FrameworkID{Value: new("f")}}
	infos := func() []*mesos.FrameworkInfo { return []*mesos.FrameworkInfo{frameworkInfo(withID("f"))} }
	n1 := &node{w: w, id: &mesos.AgentID{Value: new("a1")}}
	n2 := &node{w: w, id: &mesos.AgentID{Value: new("a2")}}
	n1 = n1.back("cpus:4;mem:1000", infos(), nil, listed(f, n1, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n2 = n2.back("cpus:4;mem:1000", infos(), nil, listed(f, n2, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	n1.quiet()
	if got := n2.next().GetKill(); got.GetTaskId().GetValue() != "t" {
		t.Fatalf("the second agent is told %v, want a kill", got)
	}
	s := w.subscribe(withID("f"))
	s.next(scheduler.Event_OFFERS)
	n2.update(s, "t", mesos.TaskState_TASK_KILLED, uuid('k'))
	if n2.next().GetAcknowledge() == nil {
		t.Error("the end of the second is not acknowledged")
	}
	explicitly(s, "t", n1)
	s.next(scheduler.Event_OFFERS) // what the second had
	s.status(mesos.TaskState_TASK_RUNNING, mesos.TaskStatus_REASON_RECONCILIATION)
	s.quiet()
}

func TestATaskIDIsTakenWhileASecondOneIsBeingKilledThere(t *testing.T) {
	w := newWorld(t)
	f := &sched{w: w, id: &mesos.FrameworkID{Value: new("f")}}
	infos := func() []*mesos.FrameworkInfo { return []*mesos.FrameworkInfo{frameworkInfo(withID("f"))} }
	n1 := &node{w: w, id: &mesos.AgentID{Value: new("a1")}}
	n2 := &node{w: w, id: &mesos.AgentID{Value: new("a2")}}
	n1 = n1.back("cpus:1;mem:32", infos(), nil, listed(f, n1, "t", mesos.TaskState_TASK_RUNNING, "cpus:1;mem:32"))
	n2.back("cpus:4;mem:1000", infos(), nil, listed(f, n2, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	s := w.subscribe(withID("f"))
	o := s.offer()
	n1.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('f'))
	s.acknowledge(s.status(mesos.TaskState_TASK_FINISHED, 0))
	s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1")))
	s.next(scheduler.Event_OFFERS) // what the first had
	got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID)
	if !strings.Contains(got.GetMessage(), ".task_id") || !strings.Contains(got.GetMessage(), "ran twice") {
		t.Errorf("message %q does not name the rule", got.GetMessage())
	}
}

func TestAnAgentsNewTotalIsOffered(t *testing.T) {
	_, s, n := oneTask(t)
	n.close()
	n.back("cpus:8;mem:2000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	has(t, s.offer(), "cpus:7;mem:2000")
}

func TestWhatASlowAgentSentOnItsOldLinkDoesNotReachTheNew(t *testing.T) {
	w, s, n := oneTask(t)
	old := n.conn
	n.back("cpus:4;mem:1000", nil, nil, listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	err := w.try(core.AgentMessage{Conn: old, Message: updateMessage(s.id, n.id, "t", mesos.TaskState_TASK_LOST, uuid('l'), mesos.TaskState_TASK_LOST)})
	var e *core.Error
	if !errors.As(err, &e) || e.Kind != core.Unexpected {
		t.Errorf("error %v, want kind Unexpected", err)
	}
}
