// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// renamed is the framework with another name.
func renamed() *mesos.FrameworkInfo {
	f := framework()
	f.Name = proto.String("renamed")
	return f
}

// checkUpdated checks what a call says of the framework, wherever it says it.
func checkUpdated(t *testing.T, kind wire.Call_Type, call *wire.Call) {
	t.Helper()
	info, suppressed := call.GetUpdateFramework().GetFrameworkInfo(), call.GetUpdateFramework().GetSuppressedRoles()
	if kind == wire.Call_SUBSCRIBE {
		info, suppressed = call.GetSubscribe().GetFrameworkInfo(), call.GetSubscribe().GetSuppressedRoles()
	}
	if call.GetType() != kind || info.GetName() != "renamed" || !slices.Equal(suppressed, []string{"*"}) || info.GetId().GetValue() != "F1" {
		t.Errorf("master got %v, want %v of the renamed framework F1 with * suppressed", call, kind)
	}
}

func TestUpdateFrameworkIsSentAndHoldsForTheNextSubscription(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		status, err := b.driver.UpdateFramework(renamed(), []string{"*"}, nil)
		ok(t, status, err)
		checkUpdated(t, wire.Call_UPDATE_FRAMEWORK, p.Next())
		p.Hangup(nil)
		b.expect("Disconnected")
		p = b.master.Accept()
		checkUpdated(t, wire.Call_SUBSCRIBE, p.Next())
		p.Send(subscribed())
		b.expect("Reregistered by M1")
		p.Silent(time.Minute)
	})
}

func TestUpdateFrameworkWhileDisconnectedIsInTheNextSubscription(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		b.master.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		status, err := b.driver.UpdateFramework(renamed(), []string{"*"}, nil)
		ok(t, status, err)
		b.master.SetDown(false)
		p = b.master.Accept()
		checkUpdated(t, wire.Call_SUBSCRIBE, p.Next())
		p.Send(subscribed())
		b.expect("Reregistered by M1")
		p.Silent(time.Minute)
	})
}

func TestUpdateFrameworkThatCrossesASubscriptionFollowsIt(t *testing.T) {
	inBubble(t, func(b *bench) {
		_, err := b.driver.Start()
		if err != nil {
			t.Fatal(err)
		}
		p := b.master.Accept()
		p.Next() // SUBSCRIBE, as the framework was
		status, err := b.driver.UpdateFramework(renamed(), []string{"*"}, nil)
		ok(t, status, err)
		p.Send(subscribed())
		b.expect("Registered F1 by M1")
		checkUpdated(t, wire.Call_UPDATE_FRAMEWORK, p.Next())
		p.Silent(time.Minute)
	})
}

func TestUpdateFrameworkRefusesWhatTheMasterWould(t *testing.T) {
	constraints := &wire.OfferConstraints{RoleConstraints: map[string]*wire.OfferConstraints_RoleConstraints{"*": {}}}
	for want, c := range map[string]struct {
		change      func(f *mesos.FrameworkInfo)
		constraints *wire.OfferConstraints
	}{
		"user: root: must stay":   {change: func(f *mesos.FrameworkInfo) { f.User = proto.String("root") }},
		"principal: eve: must":    {change: func(f *mesos.FrameworkInfo) { f.Principal = proto.String("eve") }},
		"checkpoint: true: must":  {change: func(f *mesos.FrameworkInfo) { f.Checkpoint = proto.Bool(true) }},
		"id: F2: must stay F1":    {change: func(f *mesos.FrameworkInfo) { f.Id = &mesos.FrameworkID{Value: proto.String("F2")} }},
		"framework_info.name":     {change: func(f *mesos.FrameworkInfo) { f.Name = nil }},
		"offer_constraints":       {change: func(*mesos.FrameworkInfo) {}, constraints: constraints},
		"must have at most 16777": {change: func(f *mesos.FrameworkInfo) { f.WebuiUrl = proto.String(strings.Repeat("a", 17<<20)) }},
	} {
		inBubble(t, func(b *bench) {
			p := b.registered()
			f := framework()
			c.change(f)
			if _, err := b.driver.UpdateFramework(f, nil, c.constraints); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
			p.Silent(time.Minute)
		})
	}
	inBubble(t, func(b *bench) {
		b.registered()
		if _, err := b.driver.UpdateFramework(nil, nil, nil); err == nil || !strings.Contains(err.Error(), "framework is nil") {
			t.Errorf("error %v", err)
		}
	})
}

func TestUpdateFrameworkOfABusyDriverChangesNothing(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered() // whose master does not read
		data := make([]byte, 1<<20)
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			_, err = b.driver.SendFrameworkMessage(executorID("E1"), agentID(), data)
		}
		if _, err = b.driver.UpdateFramework(renamed(), nil, nil); !errors.Is(err, scheduler.ErrBusy) {
			t.Errorf("error %v, want ErrBusy", err)
		}
		p.Hangup(nil)
		b.expect("Disconnected")
		p = b.master.Accept()
		if got := p.Next().GetSubscribe().GetFrameworkInfo().GetName(); got != framework().GetName() {
			t.Errorf("subscribed again as %q, want as it was", got)
		}
		p.Send(subscribed())
		b.expect("Reregistered by M1")
	}, scheduler.WithQueue(10))
}

func TestSendRefusesWhatIsTheDriversOwn(t *testing.T) {
	for _, kind := range []wire.Call_Type{
		wire.Call_SUBSCRIBE, wire.Call_ACKNOWLEDGE, wire.Call_ACKNOWLEDGE_OPERATION_STATUS, wire.Call_UPDATE_FRAMEWORK,
	} {
		inBubble(t, func(b *bench) {
			p := b.registered()
			if _, err := b.driver.Send(&wire.Call{Type: &kind}); err == nil || !strings.Contains(err.Error(), kind.String()) {
				t.Errorf("Send of %v: %v", kind, err)
			}
			p.Silent(time.Minute)
		})
	}
}

func TestUpdateFrameworkOfADriverThatDoesNotRunDoesNothing(t *testing.T) {
	inBubble(t, func(b *bench) {
		if status, err := b.driver.UpdateFramework(nil, nil, nil); err != nil || status != mesos.Status_DRIVER_NOT_STARTED {
			t.Errorf("UpdateFramework = %v, %v", status, err)
		}
	})
}

func TestTheFirstSubscriptionCanSuppressAndConstrain(t *testing.T) {
	exists := &wire.AttributeConstraint_Predicate{
		Predicate: &wire.AttributeConstraint_Predicate_Exists_{Exists: &wire.AttributeConstraint_Predicate_Exists{}},
	}
	rack := &wire.AttributeConstraint_Selector{Selector: &wire.AttributeConstraint_Selector_AttributeName{AttributeName: "rack"}}
	constraints := &wire.OfferConstraints{RoleConstraints: map[string]*wire.OfferConstraints_RoleConstraints{
		"*": {Groups: []*wire.OfferConstraints_RoleConstraints_Group{{
			AttributeConstraints: []*wire.AttributeConstraint{{Selector: rack, Predicate: exists}},
		}}},
	}}
	inBubble(t, func(b *bench) {
		if _, err := b.driver.Start(); err != nil {
			t.Fatal(err)
		}
		got := b.master.Accept().Next().GetSubscribe()
		same(t, got.GetOfferConstraints(), constraints)
		if !slices.Equal(got.GetSuppressedRoles(), []string{"*"}) {
			t.Errorf("suppressed %q", got.GetSuppressedRoles())
		}
	}, scheduler.WithSuppressedRoles("*"), scheduler.WithOfferConstraints(constraints))
	inBubble(t, func(b *bench) {
		if _, err := b.driver.Start(); err == nil || !strings.Contains(err.Error(), "offer_constraints") {
			t.Errorf("Start: %v", err)
		}
	}, scheduler.WithOfferConstraints(&wire.OfferConstraints{RoleConstraints: map[string]*wire.OfferConstraints_RoleConstraints{"*": {}}}))
}
