// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
)

// declaredGone is what a master sends to an agent that an operator has declared gone.
func declaredGone() core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{
		Shutdown: &link.Shutdown{Message: new("an operator said so"), Gone: new(true)},
	}})
}

// over checks that the agent is over, for the reason that the master gave.
func (r *rig) over() {
	r.t.Helper()
	if why, gone := r.core.Gone(); !gone || why != "an operator said so" || !r.core.Stopped() || r.core.AgentID() != agentID {
		r.t.Errorf("gone is %v, %q, stopped %v, of agent %q", gone, why, r.core.Stopped(), r.core.AgentID())
	}
	want(r.t, r.step(core.LinkDown{}))
	want(r.t, r.step(core.LinkUp{}), "unlink") // it does not register again
	want(r.t, r.wait(time.Hour))
}

func TestAnAgentThatIsDeclaredGoneIsOver(t *testing.T) {
	t.Run("with executors: when they have ended", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(run(command("t2", "cpus:1;mem:64")))
		r.step(r.fetched("c2"), r.started("c2"))
		want(t, r.step(declaredGone()), "conn 1: SHUTDOWN", "signal c2 15")
		want(t, r.step(r.exited("c2", 15), r.destroyed("c2")), "destroy c2", "forget c2")
		want(t, r.step(core.LinkDown{}))
		want(t, r.step(core.LinkUp{})) // it has nothing to say
		r.fails(run(command("t3", "cpus:1")), "before Registered")
		r.fails(fromMaster(registeredMessage(agentID)), "without a Register")
		if r.core.Stopped() {
			t.Error("stopped before the last container is gone")
		}
		want(t, r.step(r.exited("c1", 0)), "conn 1: hangup 7", "destroy c1")
		want(t, r.step(r.destroyed("c1")), "unlink", "forget c1")
		r.over()
	})
	t.Run("without: at once", func(t *testing.T) {
		r := registered(t)
		want(t, r.step(declaredGone()), "unlink")
		r.over()
	})
	t.Run("when it comes back", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(core.LinkDown{}, core.LinkUp{})
		want(t, r.step(declaredGone()), "conn 1: SHUTDOWN")
		want(t, r.step(r.exited("c1", 0), r.destroyed("c1")), "conn 1: hangup 7", "unlink", "destroy c1", "forget c1")
		r.over()
	})
	t.Run("while it stops", func(t *testing.T) {
		r := registered(t)
		r.running()
		want(t, r.step(core.Stop{Grace: time.Minute}), "conn 1: SHUTDOWN")
		want(t, r.step(declaredGone()))
		want(t, r.step(r.exited("c1", 0), r.destroyed("c1")), "conn 1: hangup 7", "unlink", "destroy c1", "forget c1")
		r.over()
	})
	t.Run("while it leaves, to be another one", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{Message: new("removed")}}}))
		want(t, r.step(declaredGone()))
		want(t, r.step(r.exited("c1", 0), r.destroyed("c1")), "conn 1: hangup 7", "unlink", "destroy c1", "forget c1")
		r.over()
	})
	t.Run("also if it is sent away once more, for another reason", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(declaredGone())
		r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{Message: new("removed")}}}))
		want(t, r.step(r.exited("c1", 0), r.destroyed("c1")), "conn 1: hangup 7", "unlink", "destroy c1", "forget c1")
		r.over()
	})
}

// TestAnAgentWithoutAnIDIsNotGone: nobody can have declared it so, and a host is not
// to end for a master's mistake.
func TestAnAgentWithoutAnIDIsNotGone(t *testing.T) {
	r := newRig(t)
	r.step(core.LinkUp{})
	want(t, r.step(declaredGone()), "unlink")
	if _, gone := r.core.Gone(); gone || r.core.Stopped() {
		t.Error("it is over")
	}
	want(t, r.step(core.LinkDown{}, core.LinkUp{}), "master: register ")
}
