// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/testing/protocmp"
)

func TestALaunchedTaskGoesToTheAgentWithItsFramework(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe(withRole("a"))
	o := s.offer()
	task := commandTask("t", o, "cpus:1;mem:100", byExecutor("e", "cpus:0.1"))
	s.accept([]*mesos.Offer{o}, nil, launch(task))
	run := n.next().GetRun()
	if got := run.GetFramework().GetId().GetValue(); got != s.id.GetValue() {
		t.Errorf("framework %q, want %q", got, s.id.GetValue())
	}
	want := commandTask("t", o, "cpus:1;mem:100", byExecutor("e", "cpus:0.1"))
	want.Resources = resource.MustParse("cpus:1;mem:100").ProtoAllocated("a")
	want.Executor.Resources = resource.MustParse("cpus:0.1").ProtoAllocated("a")
	want.Executor.FrameworkId = s.id
	if d := cmp.Diff(want, run.GetTask(), protocmp.Transform()); d != "" {
		t.Errorf("task (-want +got):\n%s", d)
	}
	s.quiet()
	n.quiet()
}

func TestOnlyTheFirstTaskOfAnExecutorLaunchesIt(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	o := s.offer()
	s.accept(
		[]*mesos.Offer{o}, nil,
		launch(
			commandTask("command", o, "cpus:1"),
			commandTask("first", o, "cpus:1", byExecutor("e", "mem:32")),
			commandTask("second", o, "cpus:1", byExecutor("e", "mem:32")),
		),
	)
	for _, want := range []bool{true, true, false} {
		if run := n.next().GetRun(); run.GetLaunchExecutor() != want {
			t.Errorf("launch_executor of %s is %v, want %v", run.GetTask().GetTaskId().GetValue(), !want, want)
		}
	}
}

func TestSeveralTasksAndOperationsShareTheOffersInOrder(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	o := s.offer()
	s.accept(
		[]*mesos.Offer{o}, nil,
		launch(commandTask("t1", o, "cpus:2"), commandTask("t2", o, "cpus:1.5")),
		launch(commandTask("t3", o, "cpus:1"), commandTask("t4", o, "cpus:0.5")),
	)
	for _, want := range []string{"t1", "t2", "t4"} {
		if got := n.next().GetRun().GetTask().GetTaskId().GetValue(); got != want {
			t.Errorf("agent runs %q, want %q", got, want)
		}
	}
	got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID)
	if got.GetTaskId().GetValue() != "t3" {
		t.Errorf("task %v is refused, want t3, which does not fit", got)
	}
}

func TestSeveralOffersOfOneAgentAreAcceptedTogether(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:2;mem:100")
	s := w.subscribe()
	first := s.offer()
	s.accept([]*mesos.Offer{first}, refuse(0), launch(commandTask("t1", first, "cpus:1;mem:100")))
	n.next()
	w.pass(time.Second)
	second := s.offer() // 1 cpu
	n.update(s, "t1", mesos.TaskState_TASK_FINISHED, uuid('x'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	third := s.offer() // 1 cpu, 100 MB
	s.accept([]*mesos.Offer{second, third}, nil, launch(commandTask("t2", third, "cpus:2;mem:100")))
	if n.next().GetRun() == nil {
		t.Error("the task is not run")
	}
}

func TestAnInvalidAcceptLosesItsTasksAndAllOffersItNames(t *testing.T) {
	for name, c := range map[string]struct {
		offers func(w *world, s *sched, o []*mesos.Offer) []*mesos.Offer
		word   string
	}{
		"an offer that never was": {func(_ *world, _ *sched, o []*mesos.Offer) []*mesos.Offer {
			return []*mesos.Offer{o[0], {Id: &mesos.OfferID{Value: new("m-O99")}}}
		}, `"m-O99"`},
		"an offer twice": {func(_ *world, _ *sched, o []*mesos.Offer) []*mesos.Offer {
			return []*mesos.Offer{o[0], o[0]}
		}, "once"},
		"an offer that was accepted before": {func(_ *world, s *sched, o []*mesos.Offer) []*mesos.Offer {
			s.accept(o[:1], refuse(0))
			return o[:1]
		}, "no longer stands"},
		"an offer that was declined before": {func(_ *world, s *sched, o []*mesos.Offer) []*mesos.Offer {
			s.decline(refuse(0), o[0])
			return o[:1]
		}, "no longer stands"},
		"an offer of another framework": {func(w *world, s *sched, o []*mesos.Offer) []*mesos.Offer {
			other := w.subscribe()
			s.decline(refuse(1000), o[0])
			w.pass(time.Second)
			return []*mesos.Offer{other.offer()}
		}, "never made to this framework"},
		"offers of two agents": {func(_ *world, _ *sched, o []*mesos.Offer) []*mesos.Offer {
			return o
		}, "one agent"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:1;mem:100")
			w.node("cpus:1;mem:100")
			s := w.subscribe(partitionAware)
			o := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
			named := c.offers(w, s, o)
			s.accept(named, nil, launch(commandTask("t", o[0], "cpus:1")))
			got := s.status(mesos.TaskState_TASK_DROPPED, mesos.TaskStatus_REASON_INVALID_OFFERS)
			if !strings.Contains(got.GetMessage(), c.word) || !strings.Contains(got.GetMessage(), "accept.offer_ids") {
				t.Errorf("message %q does not name accept.offer_ids and %q", got.GetMessage(), c.word)
			}
			if got.GetUuid() != nil || got.GetSource() != mesos.TaskStatus_SOURCE_MASTER {
				t.Errorf("update %v, want no uuid and source master", got)
			}
		})
	}
}

func TestOffersInTwoRolesAreNotAcceptedTogether(t *testing.T) {
	w := newWorld(t)
	w.node("cpus(a):1;mem(a):100;cpus(b):1;mem(b):100")
	s := w.subscribe(withRoles("a", "b"))
	offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
	if len(offers) != 2 {
		t.Fatalf("%d offers, want one in each role", len(offers))
	}
	s.accept(offers, nil, launch(commandTask("t", offers[0], "cpus(a):1")))
	got := s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS)
	if !strings.Contains(got.GetMessage(), "one role") {
		t.Errorf("message %q does not name the rule", got.GetMessage())
	}
}

func TestTheOffersOfAnInvalidAcceptAreOfferedAgain(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	s.accept([]*mesos.Offer{o, o}, nil)
	has(t, s.offer(), "cpus:1;mem:100")
}

func TestAnAcceptWithoutOperationsIsADecline(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	s.accept([]*mesos.Offer{s.offer()}, refuse(60))
	w.pass(time.Minute - 1)
	s.quiet()
	w.pass(1)
	has(t, s.offer(), "cpus:1;mem:100")
}

func TestAnAcceptOfNothingDoesNothing(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe()
	s.accept(nil, nil)
	s.decline(nil)
	s.quiet()
}

func TestATaskWithoutAnyOfferIsLost(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	s.accept(nil, nil, launch(commandTask("t", o, "cpus:1")))
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_INVALID_OFFERS)
	n.quiet()
}

func TestWhatAnAcceptLeavesIsDeclinedWithItsFilter(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(60), launch(commandTask("t", o, "cpus:1;mem:100")))
	n.next()
	other := w.subscribe()
	rest := other.offer() // the filter is the framework's own
	has(t, rest, "cpus:3;mem:900")
	other.decline(refuse(1e6), rest)
	w.pass(time.Minute - 1)
	s.quiet()
	w.pass(1)
	has(t, s.offer(), "cpus:3;mem:900")
}

func TestADeclineOfAnOfferThatNoLongerStandsIsIgnored(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	s.decline(refuse(60), o)
	s.decline(refuse(60), o)
	w.pass(2 * time.Minute)
	has(t, s.offer(), "cpus:1;mem:100")
}

func TestOperationsThatCannotBeAreAnswered(t *testing.T) {
	id := &mesos.OperationID{Value: new("op")}
	task := func(o *mesos.Offer) *mesos.TaskInfo { return commandTask("t", o, "cpus:1") }
	for name, c := range map[string]struct {
		op     func(o *mesos.Offer) *mesos.Offer_Operation
		reason mesos.TaskStatus_Reason
		word   string
	}{
		"LAUNCH_GROUP": {func(o *mesos.Offer) *mesos.Offer_Operation {
			return &mesos.Offer_Operation{
				Type: mesos.Offer_Operation_LAUNCH_GROUP.Enum(),
				LaunchGroup: &mesos.Offer_Operation_LaunchGroup{
					Executor:  &mesos.ExecutorInfo{ExecutorId: &mesos.ExecutorID{Value: new("e")}},
					TaskGroup: &mesos.TaskGroupInfo{Tasks: []*mesos.TaskInfo{task(o)}},
				},
			}
		}, mesos.TaskStatus_REASON_TASK_GROUP_INVALID, "launch_group.executor.type: must be set"},
		"LAUNCH with an operation id": {func(o *mesos.Offer) *mesos.Offer_Operation {
			op := launch(task(o))
			op.Id = id
			return op
		}, mesos.TaskStatus_REASON_TASK_INVALID, `id "op"`},
		"tasks in an operation of no type": {func(o *mesos.Offer) *mesos.Offer_Operation {
			return &mesos.Offer_Operation{Launch: launch(task(o)).Launch}
		}, mesos.TaskStatus_REASON_TASK_INVALID, "not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("cpus:1;mem:100")
			s := w.subscribe()
			o := s.offer()
			s.accept([]*mesos.Offer{o}, nil, c.op(o))
			got := s.status(mesos.TaskState_TASK_ERROR, c.reason)
			if !strings.Contains(got.GetMessage(), c.word) {
				t.Errorf("message %q does not say %q", got.GetMessage(), c.word)
			}
			n.quiet()
		})
	}
}

func TestManyRefusedTasksAreOneNoteAndTheirMessagesAreShort(t *testing.T) {
	w := newWorld(t)
	var ports []string
	for i := range 2000 {
		ports = append(ports, fmt.Sprintf("%d-%d", 10*i, 10*i+1))
	}
	w.node("cpus:1;mem:100;ports:[" + strings.Join(ports, ",") + "]")
	s := w.subscribe()
	o := s.offer()
	var tasks []*mesos.TaskInfo
	for i := range 3 {
		tasks = append(tasks, commandTask(fmt.Sprint("t", i), o, "ports:["+strings.Join(ports, ",")+",65000-65000]"))
	}
	w.notes = nil
	s.accept([]*mesos.Offer{o}, nil, launch(tasks...))
	if len(w.notes) != 1 || !strings.HasPrefix(w.notes[0].Detail, "3, the first: accept.operations[0].launch.task_infos[0].resources") {
		t.Errorf("notes %v, want one of 3 tasks that tells of the first", w.notes)
	}
	for range tasks {
		got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID).GetMessage()
		if len(got) > 2000 || !strings.Contains(got, "left of the offers") {
			t.Errorf("message of %d bytes %.300q, want a short one that tells the rule", len(got), got)
		}
	}
}
