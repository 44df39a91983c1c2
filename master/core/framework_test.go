// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"pgregory.net/rapid"
)

func TestASubscriptionIsGreetedWithIDIntervalAndMaster(t *testing.T) {
	w := newWorld(t)
	s := w.dial(frameworkInfo())
	got := s.next(scheduler.Event_SUBSCRIBED).GetSubscribed()
	if got.GetFrameworkId().GetValue() != "m-0000" || got.GetHeartbeatIntervalSeconds() != 15 || got.GetMasterInfo().GetId() != "m" {
		t.Errorf("SUBSCRIBED %v, want framework m-0000, 15 s, master m", got)
	}
	s.next(scheduler.Event_HEARTBEAT)
	s.quiet()
}

func TestHeartbeatsComeEvery15SecondsUntilTheConnectionEnds(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe()
	w.pass(15*time.Second - 1)
	if n := len(w.events[s.conn]); n != 0 {
		t.Errorf("%d events before 15 s are over, want none", n)
	}
	w.pass(1)
	s.next(scheduler.Event_HEARTBEAT)
	w.pass(30 * time.Second)
	s.next(scheduler.Event_HEARTBEAT)
	s.next(scheduler.Event_HEARTBEAT)
	s.close()
	if at, ok := w.core.Deadline(); ok {
		t.Errorf("a tick is due at %v after the framework is gone, want none", at)
	}
}

func TestASubscriptionThatBreaksARuleGetsAnErrorEventAndTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		info       *mesos.FrameworkInfo
		suppressed []string
		words      []string
	}{
		"roles without MULTI_ROLE": {
			info:  frameworkInfo(func(i *mesos.FrameworkInfo) { i.Roles = []string{"a"} }),
			words: []string{"framework_info.roles", "MULTI_ROLE"},
		},
		"role with MULTI_ROLE": {
			info:  frameworkInfo(withRole("a"), withRoles("a")),
			words: []string{"framework_info.role ", `"a"`, "must be unset"},
		},
		"a role twice": {
			info:  frameworkInfo(withRoles("a", "b", "a")),
			words: []string{"framework_info.roles", `"a"`, "once"},
		},
		"too large": {
			info:  frameworkInfo(func(i *mesos.FrameworkInfo) { i.WebuiUrl = new(strings.Repeat("a", 1<<20)) }),
			words: []string{"framework_info", "1048576 at most"},
		},
		"too many roles": {
			info:  frameworkInfo(withRoles(slices.Repeat([]string{"a"}, 1001)...)),
			words: []string{"framework_info.roles", "1001", "1000 at most"},
		},
		"role with a space":           {info: frameworkInfo(withRole("a b")), words: []string{"framework_info.role", `"a b"`, "white space"}},
		"role that begins with -":     {info: frameworkInfo(withRole("-a")), words: []string{"framework_info.role", `"-a"`}},
		"role of dots":                {info: frameworkInfo(withRole("a/..")), words: []string{"framework_info.role", `"a/.."`}},
		"one of the roles is invalid": {info: frameworkInfo(withRoles("a", "/b")), words: []string{"framework_info.roles", `"/b"`}},
		"negative failover_timeout":   {info: frameworkInfo(withFailoverTimeout(-1)), words: []string{"failover_timeout", "-1", "from 0"}},
		"failover_timeout NaN":        {info: frameworkInfo(withFailoverTimeout(math.NaN())), words: []string{"failover_timeout", "NaN"}},
		"failover_timeout too long":   {info: frameworkInfo(withFailoverTimeout(1e300)), words: []string{"failover_timeout", "1e+300"}},
		"filters for a role that it does not have": {
			info:  frameworkInfo(withRoles("a"), withMinimum("b", map[string]float64{"cpus": 1})),
			words: []string{"framework_info.offer_filters", `"b"`},
		},
		"a minimum without an amount": {
			info:  frameworkInfo(withRoles("a"), withMinimum("a", map[string]float64{})),
			words: []string{`framework_info.offer_filters["a"]`, "quantities[0]", "must have an amount"},
		},
		"a minimum that is no amount": {
			info:  frameworkInfo(withRoles("a"), withMinimum("a", map[string]float64{"cpus": -1})),
			words: []string{"quantities[0].quantities", `"cpus"`, "-1"},
		},
		"too many minimums": {
			info:  frameworkInfo(withRoles("a"), withMinimum("a", slices.Repeat([]map[string]float64{{"cpus": 1}}, 101)...)),
			words: []string{"quantities", "101", "100 at most"},
		},
		"suppressed role that it does not have": {
			info: frameworkInfo(withRoles("a")), suppressed: []string{"b"},
			words: []string{"suppressed_roles", `"b"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:1;mem:100")
			s := w.dial(c.info, c.suppressed...)
			s.ended(c.words...)
			s.quiet()
			if again := w.subscribe(); again.id.GetValue() != "m-0000" {
				t.Errorf("the next framework is %s: the refused one left something behind", again.id)
			}
		})
	}
}

func TestCallsThatDoNotFitTheirConnectionAreErrors(t *testing.T) {
	kill := func(id string) *scheduler.Call {
		return &scheduler.Call{
			Type:        scheduler.Call_KILL.Enum(),
			FrameworkId: &mesos.FrameworkID{Value: &id},
			Kill:        &scheduler.Call_Kill{TaskId: &mesos.TaskID{Value: new("t")}},
		}
	}
	w := newWorld(t)
	s := w.subscribe()
	for name, c := range map[string]struct {
		conn core.ConnID
		call *scheduler.Call
		kind core.Kind
		word string
	}{
		"first call is not SUBSCRIBE": {99, kill("m-0000"), core.Unexpected, "must be SUBSCRIBE"},
		"SUBSCRIBE twice":             {s.conn, subscribeCall(frameworkInfo()), core.Unexpected, "already subscribed"},
		"another framework's id":      {s.conn, kill("m-0001"), core.Invalid, `framework_id "m-0001"`},
		"no framework id":             {s.conn, &scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()}, core.Invalid, "framework_id"},
		"no type":                     {s.conn, &scheduler.Call{}, core.Invalid, "type"},
		"no body":                     {s.conn, &scheduler.Call{Type: scheduler.Call_KILL.Enum()}, core.Invalid, "kill"},
		"no call":                     {s.conn, nil, core.Invalid, "call"},
		"first call is of no type":    {99, &scheduler.Call{Type: scheduler.Call_UNKNOWN.Enum()}, core.Unsupported, "UNKNOWN"},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.try(core.Call{Conn: c.conn, Call: c.call})
			var e *core.Error
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Error(), c.word) {
				t.Errorf("error %v (%+v), want kind %v and %q", err, e, c.kind, c.word)
			}
			s.quiet()
		})
	}
}

func TestACallThatIsRefusedDoesNotEndTheConnection(t *testing.T) {
	questions := make([]*scheduler.Call_Reconcile_Task, 1<<20+1)
	for i := range questions {
		questions[i] = &scheduler.Call_Reconcile_Task{TaskId: &mesos.TaskID{Value: new("t")}}
	}
	for name, c := range map[string]struct {
		call *scheduler.Call
		word string
	}{
		"no known type": {&scheduler.Call{Type: scheduler.Call_UNKNOWN.Enum()}, "UNKNOWN"},
		"too many questions": {&scheduler.Call{
			Type: scheduler.Call_RECONCILE.Enum(), Reconcile: &scheduler.Call_Reconcile{Tasks: questions},
		}, "reconcile.tasks"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.subscribe()
			w.notes = nil
			s.call(c.call)
			s.quiet()
			if len(w.notes) != 1 || w.notes[0].Level != core.Warn || !strings.Contains(w.notes[0].Detail, c.word) {
				t.Errorf("notes %v, want one that says %q", w.notes, c.word)
			}
			w.node("cpus:1;mem:100")
			s.offer()
		})
	}
}

func TestAFrameworkThatWasCutOffHasAMinuteToComeBackWhateverItsFailoverTimeout(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe()
	w.do(core.SchedulerClosed{Conn: s.conn, Cut: true})
	w.pass(time.Minute - 1)
	s = w.subscribe(withID(s.id.GetValue()))
	w.do(core.SchedulerClosed{Conn: s.conn, Cut: true})
	w.pass(time.Minute)
	w.dial(frameworkInfo(withID(s.id.GetValue()))).ended("removed")
}

func TestWhatAReplacedConnectionStillSendsDoesNotCount(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	next := &sched{w: w, conn: w.conn(), id: s.id}
	late := &scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), FrameworkId: s.id}
	for _, in := range []core.Input{ // one batch of the shell
		core.Call{Conn: next.conn, Call: subscribeCall(frameworkInfo(withID(s.id.GetValue()), withFailoverTimeout(60)))},
		core.Call{Conn: s.conn, Call: late},
	} {
		if err := w.core.Step(w.now, in); err != nil {
			t.Fatalf("%T: %v", in, err)
		}
	}
	w.collect()
	s.ended("failed over")
	next.next(scheduler.Event_SUBSCRIBED)
}

func TestAFrameworkThatFailsOverTakesOverFromTheOldConnection(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	old := w.subscribe(withFailoverTimeout(60))
	before := old.offer()

	s := w.subscribe(withID("m-0000"), withFailoverTimeout(60))
	old.ended("Framework failed over")
	if s.id.GetValue() != "m-0000" {
		t.Errorf("id is %v, want the old one", s.id)
	}
	after := s.offer()
	has(t, after, "cpus:1;mem:100")
	s.accept([]*mesos.Offer{before}, nil, launch(commandTask("t", before, "cpus:1")))
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS)
	w.do(core.SchedulerClosed{Conn: old.conn}) // the shell notices the end that the core asked for
	s.decline(nil, after)
	w.pass(time.Hour)
	if again := s.offer(); again == nil {
		t.Error("the new connection is not served any more")
	}
}

func TestAFailedOverFrameworkKeepsUserAndCheckpointAndTakesTheRest(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	w.subscribe(withFailoverTimeout(60))
	s := w.subscribe(withID("m-0000"), func(i *mesos.FrameworkInfo) {
		i.User, i.Checkpoint, i.Name = new("root"), new(true), new("renamed")
	})
	o := s.offer()
	s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1")))
	info := n.next().GetRun().GetFramework()
	if info.GetUser() != "nobody" || info.GetCheckpoint() || info.GetName() != "renamed" {
		t.Errorf("agents are told %v, want user nobody, no checkpoint, name renamed", info)
	}
}

func TestAChangedPrincipalIsRefused(t *testing.T) {
	w := newWorld(t)
	w.subscribe(withFailoverTimeout(60))
	s := w.dial(frameworkInfo(withID("m-0000"), func(i *mesos.FrameworkInfo) { i.Principal = new("eve") }))
	s.ended("framework_info.principal", "eve")
}

func TestAnIDThatThisMasterNeverGaveIsTakenAsItIs(t *testing.T) {
	w := newWorld(t)
	if s := w.subscribe(withID("another-master-0007")); s.id.GetValue() != "another-master-0007" {
		t.Errorf("id is %v", s.id)
	}
	if s := w.subscribe(withID("m-0000")); s.id.GetValue() != "m-0000" {
		t.Errorf("id is %v", s.id)
	}
	if s := w.subscribe(); s.id.GetValue() != "m-0001" {
		t.Errorf("a new framework got the id %v, want one that nobody has", s.id)
	}
}

func TestWithoutAFailoverTimeoutADisconnectedFrameworkIsRemovedAtOnce(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1")
	s.close()
	if n.next().GetShutdownFramework().GetFrameworkId().GetValue() != "m-0000" {
		t.Error("the agent is not told to shut the framework down")
	}
	w.dial(frameworkInfo(withID("m-0000"))).ended("framework_info.id", "m-0000", "has been removed")
}

func TestADisconnectedFrameworkHasItsFailoverTimeoutToComeBack(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1")

	s.close()
	w.pass(60*time.Second - 1)
	n.quiet()
	s = w.subscribe(withID("m-0000"), withFailoverTimeout(60))
	n.told(s, "test")
	w.pass(time.Hour)
	n.quiet() // the timer is void
	n.update(s, "t", mesos.TaskState_TASK_RUNNING, uuid('a'))
	s.next(scheduler.Event_OFFERS)
	s.status(mesos.TaskState_TASK_RUNNING, 0)

	s.close()
	w.pass(60 * time.Second)
	if n.next().GetShutdownFramework() == nil {
		t.Error("the framework is not shut down after its failover_timeout")
	}
	w.dial(frameworkInfo(withID("m-0000"))).ended("has been removed")
}

func TestADisconnectedFrameworkIsOfferedNothing(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	other := w.subscribe(withFailoverTimeout(60))
	s.close()
	w.node("cpus:2;mem:100")
	other.offer()
}

func TestTeardownShutsDownEverywhereAndForgetsTheFramework(t *testing.T) {
	w := newWorld(t)
	n1, n2, n3 := w.node("cpus:1;mem:100"), w.node("cpus:2;mem:100"), w.node("cpus:3;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
	s.accept(offers[:1], nil, launch(commandTask("t1", offers[0], "cpus:1")))
	s.accept(offers[1:2], nil, launch(commandTask("t2", offers[1], "cpus:1", byExecutor("e", "mem:32"))))
	s.decline(nil, offers[2])
	n1.next()
	n2.next()

	s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
	for _, n := range []*node{n1, n2} {
		if n.next().GetShutdownFramework() == nil {
			t.Error("an agent that runs something of it is not told")
		}
	}
	n3.quiet()
	if w.closed[s.conn] != core.CloseDone {
		t.Error("the connection is not ended")
	}
	w.dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed")
}

func TestWhatARemovedFrameworkUsesIsOfferedOnlyWhenItsAgentSaysThatItIsGone(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	o := s.offer()
	s.accept([]*mesos.Offer{o}, nil, launch(
		commandTask("command", o, "cpus:1"),
		commandTask("served", o, "cpus:1", byExecutor("e", "mem:100")),
	))
	s.close()
	other := w.subscribe()
	has(t, other.offer(), "cpus:2;mem:900")

	n.update(s, "command", mesos.TaskState_TASK_KILLED, uuid('k'))
	has(t, other.offer(), "cpus:1")
	n.exited(s, "e", 0)
	has(t, other.offer(), "cpus:1;mem:100")
	for range 3 { // two Run, one ShutdownFramework
		n.next()
	}
	if got := n.next().GetAcknowledge(); got.GetTaskId().GetValue() != "command" {
		t.Errorf("agent is told %v, want the acknowledgement that no framework can give", got)
	}
}

func TestAnUpdateOfAFrameworkThatNobodyKnowsIsAcknowledgedByTheMaster(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	n.send(updateMessage(&mesos.FrameworkID{Value: new("gone")}, n.id, "t", mesos.TaskState_TASK_LOST, uuid('x'), mesos.TaskState_TASK_LOST))
	if got := n.next().GetAcknowledge(); string(got.GetUuid()) != string(uuid('x')) {
		t.Errorf("agent is told %v, want an acknowledgement", got)
	}
}

// launched launches a command task from the framework's next offer and takes
// the Run that the agent gets.
func launched(t rapid.TB, s *sched, n *node, id, resources string, options ...func(*mesos.TaskInfo)) {
	t.Helper()
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(1000), launch(commandTask(id, o, resources, options...)))
	if got := n.next().GetRun().GetTask().GetTaskId().GetValue(); got != id {
		t.Fatalf("agent runs %q, want %q", got, id)
	}
}
