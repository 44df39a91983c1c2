// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"google.golang.org/protobuf/proto"
)

// tasks makes the call GET_TASKS and returns each task's id and state.
func (w *world) tasks() (live, unreachable, completed []string) {
	w.t.Helper()
	answer := w.must(getCall(master.Call_GET_TASKS)).GetGetTasks()
	names := func(list []*mesos.Task) (names []string) {
		for _, task := range list {
			if err := mesos.ValidateRequired(task); err != nil {
				w.t.Errorf("task %v: %v", task, err)
			}
			names = append(names, task.GetTaskId().GetValue()+" "+task.GetState().String())
		}
		return names
	}
	return names(answer.GetTasks()), names(answer.GetUnreachableTasks()), names(answer.GetCompletedTasks())
}

func TestOperatorsSeeTasksThatRunThatAreAwayAndThatAreOver(t *testing.T) {
	w := newWorld(t)
	n, lost := w.node("cpus:4;mem:400"), w.node("cpus:2;mem:200")
	s := w.subscribe(partitionAware, withFailoverTimeout(60))
	offers := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()
	s.accept(offers[:1], refuse(1000), launch(
		commandTask("runs", offers[0], "cpus:1"), commandTask("ended", offers[0], "cpus:1")))
	s.accept(offers[1:], refuse(1000), launch(commandTask("away", offers[1], "cpus:1")))
	n.update(s, "runs", mesos.TaskState_TASK_RUNNING, uuid('r'))
	n.update(s, "ended", mesos.TaskState_TASK_FAILED, uuid('f'))
	s.next(scheduler.Event_UPDATE)
	s.acknowledge(s.next(scheduler.Event_UPDATE).GetUpdate().GetStatus())
	lost.close()
	w.pass(11 * time.Minute)

	live, unreachable, completed := w.tasks()
	if got, want := fmt.Sprint(live, unreachable, completed), "[runs TASK_RUNNING] [away TASK_UNREACHABLE] [ended TASK_FAILED]"; got != want {
		t.Errorf("tasks %s, want %s", got, want)
	}

	s.close()
	w.pass(time.Minute)
	n.update(s, "runs", mesos.TaskState_TASK_KILLED, uuid('k'))
	live, unreachable, completed = w.tasks()
	if len(live)+len(unreachable) != 0 || !slices.Contains(completed, "ended TASK_FAILED") || !slices.Contains(completed, "runs TASK_KILLED") {
		t.Errorf("tasks of a removed framework: %s, %s, %s, want all completed", live, unreachable, completed)
	}
}

func TestOperatorsSeeOperations(t *testing.T) {
	w := newWorld(t)
	n := w.able("cpus:4;mem:400")
	s := w.subscribe(refined, withRoles("r"))
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(1000), reserve("cpus"+reservedFor("r")+":1", asked("op")))
	list := w.must(getCall(master.Call_GET_OPERATIONS)).GetGetOperations().GetOperations()
	if len(list) != 1 || list[0].GetInfo().GetId().GetValue() != "op" || list[0].GetFrameworkId().GetValue() != s.id.GetValue() ||
		list[0].GetAgentId().GetValue() != n.id.GetValue() {
		t.Errorf("operations %v", list)
	}
}

func TestTheStateIsAllOfThis(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:400")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:32"))
	got := w.must(getCall(master.Call_GET_STATE)).GetGetState()
	want := &master.Response_GetState{
		GetTasks:      w.must(getCall(master.Call_GET_TASKS)).GetGetTasks(),
		GetExecutors:  w.must(getCall(master.Call_GET_EXECUTORS)).GetGetExecutors(),
		GetFrameworks: w.frameworks(),
		GetAgents:     w.must(getCall(master.Call_GET_AGENTS)).GetGetAgents(),
	}
	if !proto.Equal(got, want) || len(got.GetGetAgents().GetAgents()) != 1 || len(got.GetGetTasks().GetTasks()) != 1 {
		t.Errorf("state %v, want %v", got, want)
	}
}
