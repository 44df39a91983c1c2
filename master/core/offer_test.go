// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/testing/protocmp"
)

func TestAnOfferSaysWhereAndWhat(t *testing.T) {
	w := newWorld(t)
	info := agentInfo("cpus:4;mem:1024")
	info.Port = new(int32(6000))
	info.Attributes = []*mesos.Attribute{{
		Name: new("rack"), Type: mesos.Value_TEXT.Enum(), Text: &mesos.Value_Text{Value: new("r1")},
	}}
	w.register(&link.Register{Agent: info})
	s := w.subscribe()
	want := &mesos.Offer{
		Id:          &mesos.OfferID{Value: new("m-O0")},
		FrameworkId: s.id,
		AgentId:     &mesos.AgentID{Value: new("m-S0")},
		Hostname:    new("host"),
		Url: &mesos.URL{Scheme: new("http"), Address: &mesos.Address{
			Hostname: new("host"), Ip: new("10.0.0.1"), Port: new(int32(6000)),
		}},
		Resources:  resource.MustParse("cpus:4;mem:1024").ProtoOld(""),
		Attributes: info.Attributes,
	}
	if d := cmp.Diff(want, s.offer(), protocmp.Transform()); d != "" {
		t.Errorf("offer (-want +got):\n%s", d)
	}
}

func TestAllocationInfoIsOnlyForFrameworksWithMultiRole(t *testing.T) {
	for name, c := range map[string]struct {
		options []func(*mesos.FrameworkInfo)
		want    string
	}{
		"without MULTI_ROLE": {[]func(*mesos.FrameworkInfo){withRole("a")}, ""},
		"with MULTI_ROLE":    {[]func(*mesos.FrameworkInfo){withRoles("a")}, "a"},
		"with both capabilities": {[]func(*mesos.FrameworkInfo){
			withRoles("a"), withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT),
		}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:1;mem:100")
			o := w.subscribe(c.options...).offer()
			if got := o.GetAllocationInfo().GetRole(); got != c.want {
				t.Errorf("offer is allocated to %q, want %q", got, c.want)
			}
			for _, r := range o.GetResources() {
				if got := r.GetAllocationInfo().GetRole(); got != c.want {
					t.Errorf("%s is allocated to %q, want %q", r.GetName(), got, c.want)
				}
			}
		})
	}
}

func TestReservationsAreInTheFormThatTheFrameworkKnows(t *testing.T) {
	w := newWorld(t)
	w.node("cpus(a):1;mem(a):100")
	old := w.subscribe(withRole("a"))
	o := old.offer()
	for _, r := range o.GetResources() {
		//lint:ignore SA1019 it is what is tested
		if role := r.GetRole(); role != "a" || len(r.GetReservations()) > 0 {
			t.Errorf("without RESERVATION_REFINEMENT: %v, want role a and no reservations", r)
		}
	}
	old.decline(refuse(1000), o)
	refined := w.subscribe(withRole("a"), withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT))
	for _, r := range refined.offer().GetResources() {
		//lint:ignore SA1019 it is what is tested
		if r.Role != nil || len(r.GetReservations()) != 1 || r.GetReservations()[0].GetRole() != "a" {
			t.Errorf("with RESERVATION_REFINEMENT: %v, want one of reservations and no role", r)
		}
	}
}

func TestRefinedReservationsGoOnlyToFrameworksThatUnderstandThem(t *testing.T) {
	w := newWorld(t)
	info := agentInfo("cpus(a):1;mem(a):100;cpus(a):2")
	refined := &mesos.Resource{
		Name: new("cpus"), Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: new(3.0)},
		Reservations: []*mesos.Resource_ReservationInfo{
			{Type: mesos.Resource_ReservationInfo_STATIC.Enum(), Role: new("a")},
			{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new("a/b")},
		},
	}
	info.Resources = append(info.Resources, refined)
	w.register(&link.Register{Agent: info})
	has(t, w.subscribe(withRole("a/b")).offer(), "cpus(a):3;mem(a):100")
	s := w.subscribe(withRole("a/b"), withCapability(mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT))
	got := s.offer().GetResources()
	if len(got) != 1 || len(got[0].GetReservations()) != 2 || got[0].GetScalar().GetValue() != 3 {
		t.Errorf("offered is %v, want the refined reservation", got)
	}
}

func TestReservedResourcesGoOnlyToTheirRole(t *testing.T) {
	w := newWorld(t)
	w.node("cpus(a):1;mem(a):100;cpus:2;mem:200")
	has(t, w.subscribe(withRole("b")).offer(), "cpus:2;mem:200")
	has(t, w.subscribe(withRole("a")).offer(), "cpus(a):1;mem(a):100")
}

func TestAnOfferHasTheResourcesOfOneAgent(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	w.node("cpus:2;mem:200")
	offers := w.subscribe().next(scheduler.Event_OFFERS).GetOffers().GetOffers()
	if len(offers) != 2 {
		t.Fatalf("%d offers, want one for each agent", len(offers))
	}
	has(t, offers[0], "cpus:1;mem:100")
	has(t, offers[1], "cpus:2;mem:200")
}

func TestAnOfferIsMadeToOneFramework(t *testing.T) {
	w := newWorld(t)
	a, b := w.subscribe(), w.subscribe()
	w.node("cpus:1;mem:100")
	first := a.offer()
	b.quiet()
	a.decline(refuse(1000), first)
	w.pass(time.Second - 1)
	a.quiet()
	b.quiet() // what is refused is in no hurry
	w.pass(1)
	has(t, b.offer(), "cpus:1;mem:100")
}

func TestManyOffersComeInSeveralEvents(t *testing.T) {
	w := newWorld(t)
	for range 600 {
		w.node("cpus:1;mem:100")
	}
	s := w.subscribe()
	var sizes []int
	for range 3 {
		sizes = append(sizes, len(s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()))
	}
	s.quiet()
	if fmt.Sprint(sizes) != "[256 256 88]" {
		t.Errorf("events have %v offers, want [256 256 88]", sizes)
	}
}

func TestAnOfferNamesTheExecutorsOfItsFramework(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t1", "cpus:1", byExecutor("b", "mem:32"))
	n.update(s, "t1", mesos.TaskState_TASK_FINISHED, uuid('x'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	w.pass(1000 * time.Second)
	o := s.offer()
	if ids := o.GetExecutorIds(); len(ids) != 1 || ids[0].GetValue() != "b" {
		t.Errorf("executor_ids %v, want b", ids)
	}
	s.decline(refuse(1000), o)
	if o := w.subscribe().offer(); len(o.GetExecutorIds()) > 0 {
		t.Errorf("executor_ids %v of another framework", o.GetExecutorIds())
	}
}

func TestOffersAreRescindedWhenTheirAgentGoes(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	n.close()
	if got := s.next(scheduler.Event_RESCIND).GetRescind().GetOfferId().GetValue(); got != o.GetId().GetValue() {
		t.Errorf("offer %s is rescinded, want %s", got, o.GetId())
	}
	s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1")))
	s.status(mesos.TaskState_TASK_LOST, mesos.TaskStatus_REASON_AGENT_DISCONNECTED)
	w.pass(time.Minute)
	s.quiet()
}

func TestAnOfferIsRescindedAtItsTimeoutAndMadeAnewLater(t *testing.T) {
	w := newWorld(t, withOfferTimeout(30*time.Second))
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	w.pass(30*time.Second - 1)
	s.quiet()
	w.pass(1)
	if got := s.next(scheduler.Event_RESCIND).GetRescind().GetOfferId().GetValue(); got != o.GetId().GetValue() {
		t.Errorf("offer %s is rescinded, want %s", got, o.GetId())
	}
	w.pass(5*time.Second - 1)
	s.quiet() // others come first
	w.pass(1)
	next := s.offer()
	if next.GetId().GetValue() == o.GetId().GetValue() {
		t.Error("an offer id came twice")
	}
	s.decline(refuse(1000), next)
	w.pass(100 * time.Second)
	s.quiet() // a declined offer has no timeout any more
}

func TestADeclinedOfferComesBackWhenItsFilterExpires(t *testing.T) {
	for name, c := range map[string]struct {
		filters *mesos.Filters
		after   time.Duration
	}{
		"5 s by default":                  {nil, 5 * time.Second},
		"as long as it says":              {refuse(60), time.Minute},
		"5 s for a negative time":         {refuse(-1), 5 * time.Second},
		"365 days at most":                {refuse(1e300), 365 * 24 * time.Hour},
		"an allocation interval at least": {refuse(0), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.node("cpus:1;mem:100")
			s := w.subscribe()
			s.decline(c.filters, s.offer())
			// The heartbeats of a year would take long: a SUPPRESS of nothing
			// known makes the core look at its allocator, and at no timer.
			idle := &scheduler.Call{
				Type: scheduler.Call_SUPPRESS.Enum(), Suppress: &scheduler.Call_Suppress{Roles: []string{"none"}},
			}
			w.now = w.now.Add(c.after - time.Nanosecond)
			s.call(idle)
			s.quiet()
			w.now = w.now.Add(time.Nanosecond)
			s.call(idle)
			has(t, s.offer(), "cpus:1;mem:100")
		})
	}
}

func TestAFilterHoldsOnlyWhatWasDeclinedAndPartsOfIt(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:4;mem:1000")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1") // and declines 3 cpus for 1000 s
	s.quiet()
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('x'))
	s.status(mesos.TaskState_TASK_FINISHED, 0)
	has(t, s.offer(), "cpus:4;mem:1000")
}

func TestSuppressEndsOffersAndReviveBringsThemBackWithoutFilters(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	s.decline(refuse(1e6), s.offer())
	s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
	w.node("cpus:2;mem:200")
	s.quiet()
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum()})
	if n := len(s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()); n != 2 {
		t.Errorf("%d offers after REVIVE, want 2", n)
	}
}

func TestSuppressDoesNotRescind(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe()
	o := s.offer()
	s.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS.Enum()})
	s.quiet()
	s.accept([]*mesos.Offer{o}, nil, launch(commandTask("t", o, "cpus:1")))
	n.next()
}

func TestSuppressAndReviveAreByRole(t *testing.T) {
	w := newWorld(t)
	info := frameworkInfo(withRoles("a", "b"))
	s := w.dial(info, "a") // a is suppressed from the start
	s.id = s.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetFrameworkId()
	w.node("cpus(a):1;mem(a):100")
	s.quiet()
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"a", "c"}}})
	s.quiet() // a call with an unknown role is dropped whole
	s.call(&scheduler.Call{Type: scheduler.Call_REVIVE.Enum(), Revive: &scheduler.Call_Revive{Roles: []string{"a"}}})
	if got := s.offer().GetAllocationInfo().GetRole(); got != "a" {
		t.Errorf("offer in role %q, want a", got)
	}
}

func TestRequestIsAcceptedAndIgnored(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe()
	s.offer()
	s.call(&scheduler.Call{Type: scheduler.Call_REQUEST.Enum(), Request: &scheduler.Call_Request{
		Requests: []*mesos.Request{{Resources: resource.MustParse("cpus:9").Proto()}},
	}})
	s.quiet()
}
