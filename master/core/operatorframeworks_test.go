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
)

// frameworks makes the call GET_FRAMEWORKS.
func (w *world) frameworks() *master.Response_GetFrameworks {
	w.t.Helper()
	return w.must(getCall(master.Call_GET_FRAMEWORKS)).GetGetFrameworks()
}

func TestOperatorsSeeEachFrameworkWithWhatItHas(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:400")
	s := w.subscribe(withFailoverTimeout(60))
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:32"))
	w.pass(1001 * time.Second)
	s.offer()
	list := w.frameworks().GetFrameworks()
	if len(list) != 1 {
		t.Fatalf("%d frameworks, want 1", len(list))
	}
	got := list[0]
	if !got.GetActive() || !got.GetConnected() || got.GetRecovered() || got.GetFrameworkInfo().GetId().GetValue() != "m-0000" ||
		got.GetRegisteredTime().GetNanoseconds() != 1_700_000_000e9 || got.ReregisteredTime != nil || got.UnregisteredTime != nil {
		t.Errorf("framework %v", got)
	}
	has(t, &mesos.Offer{Resources: got.GetAllocatedResources()}, "cpus:1;mem:32")
	has(t, &mesos.Offer{Resources: got.GetOfferedResources()}, "cpus:3;mem:368")
	if len(got.GetOffers()) != 1 {
		t.Errorf("offers %v, want 1", got.GetOffers())
	}

	s.close()
	got = w.frameworks().GetFrameworks()[0]
	if got.GetActive() || got.GetConnected() || len(got.GetOffers()) != 0 {
		t.Errorf("disconnected framework %v", got)
	}
	w.subscribe(withID("m-0000"))
	if got = w.frameworks().GetFrameworks()[0]; got.GetReregisteredTime().GetNanoseconds() != w.now.UnixNano() {
		t.Errorf("framework %v, want it registered again now", got)
	}
}

func TestOperatorsSeeRecoveredFrameworksAsSuch(t *testing.T) {
	w := newWorld(t)
	w.subscribe()
	next := w.successor("m2")
	all := next.frameworks()
	//lint:ignore SA1019 the old form is told as well
	old := all.GetRecoveredFrameworks()
	if got := all.GetFrameworks()[0]; !got.GetRecovered() || got.GetConnected() || got.RegisteredTime != nil || len(old) != 1 {
		t.Errorf("frameworks %v", all)
	}
	next.subscribe(withID("m-0000"))
	if got := next.frameworks().GetFrameworks()[0]; got.GetRecovered() || got.RegisteredTime == nil {
		t.Errorf("framework %v, want it registered", got)
	}
}

func TestTheLastFiftyCompletedFrameworksAreKeptWhole(t *testing.T) {
	w := newWorld(t)
	for i := range 51 {
		w.subscribe(func(f *mesos.FrameworkInfo) { f.Name = new(fmt.Sprint("f", i)) }).close()
	}
	all := w.frameworks()
	if len(all.GetFrameworks()) != 0 || len(all.GetCompletedFrameworks()) != 50 {
		t.Fatalf("%d frameworks and %d completed, want 0 and 50", len(all.GetFrameworks()), len(all.GetCompletedFrameworks()))
	}
	first, last := all.GetCompletedFrameworks()[0], all.GetCompletedFrameworks()[49]
	if first.GetFrameworkInfo().GetName() != "f1" || last.GetFrameworkInfo().GetName() != "f50" || last.GetUnregisteredTime() == nil {
		t.Errorf("the first is %v, the last %v, want f1 and f50", first, last)
	}
}

func TestAFrameworkThatIsStillBeingShutDownIsCompleted(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:400")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1")
	s.close()
	if all := w.frameworks(); len(all.GetFrameworks()) != 0 || len(all.GetCompletedFrameworks()) != 1 {
		t.Errorf("frameworks %v, want one that is completed", all)
	}
}

func TestOperatorsSeeExecutorsWithTheirAgents(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:400")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1", byExecutor("e", "mem:32"))
	list := w.must(getCall(master.Call_GET_EXECUTORS)).GetGetExecutors().GetExecutors()
	if len(list) != 1 || list[0].GetExecutorInfo().GetExecutorId().GetValue() != "e" || list[0].GetAgentId().GetValue() != n.id.GetValue() {
		t.Errorf("executors %v", list)
	}
}

func TestOperatorsSeeEachRoleThatIsUsedOrSet(t *testing.T) {
	w := newWorld(t)
	w.must(weightsCall(map[string]float64{"w": 2}))
	w.must(quotaCall(true, config("q", map[string]float64{"cpus": 1}, nil)))
	n := w.node("cpus:4;mem:400")
	s := w.subscribe(withRoles("a", "b/c"))
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(1000), launch(commandTask("t", o, "cpus:1")))
	n.next()
	var names []string
	for _, r := range w.must(getCall(master.Call_GET_ROLES)).GetGetRoles().GetRoles() {
		names = append(names, fmt.Sprint(r.GetName(), " ", r.GetWeight(), " ", len(r.GetFrameworks())))
		if r.GetName() == o.GetAllocationInfo().GetRole() {
			has(t, &mesos.Offer{Resources: r.GetResources()}, "cpus:1")
		}
	}
	if want := []string{"a 1 1", "b/c 1 1", "q 1 0", "w 2 0"}; !slices.Equal(names, want) {
		t.Errorf("roles %q, want %q", names, want)
	}
}
