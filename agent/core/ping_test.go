// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"math"
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
)

func ping() core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Ping{Ping: &link.Ping{}}})
}

// pinged is a rig whose master promises to ping.
func pinged(t tb, seconds float64) *rig {
	r := newRig(t)
	r.step(core.LinkUp{})
	m := registeredMessage(agentID)
	m.GetRegistered().TotalPingTimeoutSeconds = &seconds
	r.step(fromMaster(m))
	return r
}

func TestPingIsAnsweredByPong(t *testing.T) {
	want(t, registered(t).step(ping()), "master: pong")
	newRig(t).fails(ping(), "before Registered")
}

func TestMasterThatDoesNotPingIsGivenUp(t *testing.T) {
	r := pinged(t, 75)
	r.running()
	want(t, r.wait(60*time.Second))
	want(t, r.step(ping()), "master: pong")
	want(t, r.wait(75*time.Second-1))
	want(t, r.wait(1), "unlink")
	want(t, r.wait(time.Hour))
	r.step(r.exited("c1", 0)) // is told when there is a master again
	want(t, r.step(core.LinkDown{}))
	want(t, r.step(core.LinkUp{}), "master: register "+agentID)
	if n := len(r.register.GetExited()); n != 1 || len(r.register.GetTasks()) != 1 {
		t.Errorf("register %v", r.register)
	}
	want(t, r.wait(time.Hour)) // not before Registered
}

func TestNoPingIsAwaitedWhereNoneIsPromised(t *testing.T) {
	for name, seconds := range map[string]float64{"none": 0, "negative": -1, "not a number": math.NaN()} {
		t.Run(name, func(t *testing.T) {
			want(t, pinged(t, seconds).wait(48*time.Hour))
		})
	}
	t.Run("for ever is a day", func(t *testing.T) {
		r := pinged(t, math.Inf(1))
		want(t, r.wait(24*time.Hour-1))
		want(t, r.wait(1), "unlink")
	})
	t.Run("no link", func(t *testing.T) {
		r := pinged(t, 75)
		r.step(core.LinkDown{})
		want(t, r.wait(time.Hour))
	})
	t.Run("an agent that is to leave", func(t *testing.T) {
		r := pinged(t, 75)
		r.running()
		r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{}}}))
		want(t, r.wait(time.Hour), "destroy c1")
	})
}
