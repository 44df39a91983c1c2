// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
)

func updateCall(info *mesos.FrameworkInfo, suppressed ...string) *scheduler.Call {
	return &scheduler.Call{
		Type:            scheduler.Call_UPDATE_FRAMEWORK.Enum(),
		UpdateFramework: &scheduler.Call_UpdateFramework{FrameworkInfo: info, SuppressedRoles: suppressed},
	}
}

// update makes the call UPDATE_FRAMEWORK with this framework's id.
func (s *sched) update(options ...func(*mesos.FrameworkInfo)) {
	s.w.t.Helper()
	s.call(updateCall(frameworkInfo(append(options, withID(s.id.GetValue()))...)))
}

func TestAnUpdateReplacesWhatTheFrameworkSaidOfItself(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe(withFailoverTimeout(60))
	s.update(withFailoverTimeout(120), func(i *mesos.FrameworkInfo) { i.Name, i.Hostname = new("renamed"), new("elsewhere") })
	launched(t, s, n, "t", "cpus:1;mem:100", func(*mesos.TaskInfo) {})
	info := s.record().GetInfo()
	if info.GetName() != "renamed" || info.GetHostname() != "elsewhere" || info.GetFailoverTimeout() != 120 {
		t.Errorf("remembered is %v, want the new name, hostname and failover_timeout", info)
	}
	s.close()
	w.pass(2*time.Minute - 1)
	n.quiet()
	w.pass(1)
	if n.next().GetShutdownFramework() == nil {
		t.Error("the new failover_timeout does not count")
	}
}

func TestOffersInRolesThatAFrameworkLeavesAreRescinded(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe(withRoles("a"))
	o := s.offer()
	s.update(withRoles("a", "b"))
	s.quiet() // it keeps a
	s.update(withRoles("b"))
	if got := s.next(scheduler.Event_RESCIND).GetRescind().GetOfferId(); got.GetValue() != o.GetId().GetValue() {
		t.Errorf("rescinded is %v, want %v", got, o.GetId())
	}
	if role := s.offer().GetAllocationInfo().GetRole(); role != "b" {
		t.Errorf("the next offer is in role %q, want b", role)
	}
}

func TestFiltersStayInRolesThatAnUpdateKeeps(t *testing.T) {
	w := newWorld(t)
	w.node("cpus:1;mem:100")
	s := w.subscribe(withRoles("a"))
	s.decline(refuse(60), s.offer())
	s.update(withRoles("a"), func(i *mesos.FrameworkInfo) { i.Name = new("renamed") })
	w.pass(59 * time.Second)
	s.quiet()
	w.pass(2 * time.Second)
	s.offer()
}

func TestAnUpdateReplacesTheSuppressedRoles(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withRoles("a"))
	info := frameworkInfo(withID(s.id.GetValue()), withRoles("a"))
	s.call(updateCall(info, "a", "a"))
	w.node("cpus:1;mem:100")
	s.quiet()
	if got := s.record().GetSuppressedRoles(); len(got) != 1 {
		t.Errorf("remembered are the suppressed roles %q, want a once", got)
	}
	s.update(withRoles("a"))
	s.offer()
}

func TestAnUpdateThatIsRefusedTellsTheFrameworkAndLeavesItAsItWas(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mesos.FrameworkInfo)
		words  []string
	}{
		"user":       {func(i *mesos.FrameworkInfo) { i.User = new("root") }, []string{"framework_info.user", `"root"`, `stay "nobody"`}},
		"principal":  {func(i *mesos.FrameworkInfo) { i.Principal = new("eve") }, []string{"framework_info.principal", `"eve"`}},
		"checkpoint": {func(i *mesos.FrameworkInfo) { i.Checkpoint = new(true) }, []string{"framework_info.checkpoint", "stay false"}},
		"role":       {withRole("a b"), []string{"update_framework.framework_info.role", `"a b"`}},
		"filters":    {withMinimum("b"), []string{"update_framework.framework_info.offer_filters", `"b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("cpus:1;mem:100")
			s := w.subscribe()
			launched(t, s, n, "t", "cpus:1")
			s.update(c.change)
			s.ended(c.words...)
			w.pass(time.Minute - 1) // although its failover_timeout is 0
			n.quiet()
			s = w.subscribe(withID("m-0000"))
			if got := s.record().GetInfo(); got.GetUser() != "nobody" || got.GetName() != "test" {
				t.Errorf("remembered is %v, want what it said before", got)
			}
		})
	}
}

func TestConstraintsThatCannotBeJudgedAreRefusedAtBothDoors(t *testing.T) {
	bad := &scheduler.OfferConstraints{RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{"*": {}}}
	other := &scheduler.OfferConstraints{RoleConstraints: map[string]*scheduler.OfferConstraints_RoleConstraints{"b": {}}}
	w := newWorld(t)
	for _, c := range []struct {
		constraints *scheduler.OfferConstraints
		words       []string
	}{
		{bad, []string{`offer_constraints.role_constraints["*"].groups`, "must be set"}},
		{other, []string{"offer_constraints.role_constraints", `"b"`, "one of the framework's roles"}},
	} {
		call := subscribeCall(frameworkInfo())
		call.Subscribe.OfferConstraints = c.constraints
		s := &sched{w: w, conn: w.conn()}
		w.do(core.Call{Conn: s.conn, Call: call})
		s.ended(c.words...)

		s = w.subscribe()
		call = updateCall(frameworkInfo(withID(s.id.GetValue())))
		call.UpdateFramework.OfferConstraints = c.constraints
		s.call(call)
		s.ended(c.words...)
	}
}
