// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

func TestRegistration(t *testing.T) {
	r := newRig(t)
	want(t, r.step(core.LinkUp{}), "master: register ")
	if a := r.register.GetAgent(); a.Id != nil || a.GetHostname() != "host" || len(a.GetResources()) != 3 || r.register.GetVersion() != "test" {
		t.Errorf("register %v", r.register)
	}
	r.fails(run(command("t1", "cpus:1")), "before Registered")
	want(t, r.step(fromMaster(registeredMessage(agentID))))
	if r.core.AgentID() != agentID {
		t.Errorf("agent id %q", r.core.AgentID())
	}
	r.fails(fromMaster(registeredMessage(agentID)), "without a Register")
	want(t, r.step(core.LinkDown{}))
	want(t, r.step(core.LinkUp{}), "master: register "+agentID)
	want(t, r.step(core.LinkUp{}), "master: register "+agentID) // a shell that forgot a LinkDown
}

func TestBadMasters(t *testing.T) {
	r := newRig(t)
	r.fails(fromMaster(registeredMessage(agentID)), "without a Register")
	r.step(core.LinkUp{})
	r.fails(fromMaster(registeredMessage("../x")), "agent id")
	r.fails(fromMaster(&link.FromMaster{}), "empty or of a kind")
	r.step(fromMaster(registeredMessage(agentID)))
	r.step(core.LinkDown{}, core.LinkUp{})
	r.fails(fromMaster(registeredMessage("m-S7")), "calls this agent")
}

func TestBadConfig(t *testing.T) {
	good := core.Config{Agent: &mesos.AgentInfo{Hostname: new("h")}, RegistrationTimeout: time.Minute, MaxGrace: time.Hour}
	if _, err := core.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*core.Config){
		"no hostname": func(c *core.Config) { c.Agent = nil },
		"an id": func(c *core.Config) {
			c.Agent = &mesos.AgentInfo{Hostname: new("h"), Id: &mesos.AgentID{Value: new("x")}}
		},
		"no registration timeout": func(c *core.Config) { c.RegistrationTimeout = 0 },
		"no longest grace":        func(c *core.Config) { c.MaxGrace = 0 },
		"a negative grace":        func(c *core.Config) { c.ShutdownGrace = -1 },
	} {
		c := good
		if spoil(&c); true {
			if _, err := core.New(c); err == nil {
				t.Errorf("%s is no error", name)
			}
		}
	}
}

// TestMasterDoesNotWantTheAgent: all executors end, nothing is reported, and
// the agent comes back as one without an id.
func TestMasterDoesNotWantTheAgent(t *testing.T) {
	shutdown := fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{Message: new("gone")}}})
	t.Run("with executors", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(run(command("t2", "cpus:1;mem:64")))
		r.step(r.fetched("c2"), r.started("c2"))
		want(t, r.step(shutdown), "conn 1: SHUTDOWN", "signal c2 15")
		want(t, r.step(r.exited("c2", 15), r.destroyed("c2")), "destroy c2", "forget c2")
		want(t, r.step(core.LinkDown{}))
		want(t, r.step(core.LinkUp{})) // not while something is left
		r.fails(run(command("t3", "cpus:1")), "before Registered")
		want(t, r.step(r.exited("c1", 0)), "conn 1: hangup 7", "destroy c1")
		want(t, r.step(r.destroyed("c1")), "unlink", "forget c1")
		want(t, r.step(core.LinkDown{}))
		want(t, r.step(core.LinkUp{}), "master: register ")
		if len(r.register.GetTasks()) != 0 {
			t.Errorf("register %v", r.register)
		}
		want(t, r.step(fromMaster(registeredMessage("m-S1"))))
	})
	t.Run("before it has an id", func(t *testing.T) {
		r := newRig(t)
		r.step(core.LinkUp{})
		want(t, r.step(shutdown), "unlink")
		want(t, r.step(core.Tick{}))
		want(t, r.step(core.LinkDown{}, core.LinkUp{}), "master: register ")
	})
	t.Run("without", func(t *testing.T) {
		r := registered(t)
		want(t, r.step(shutdown), "unlink")
		want(t, r.step(core.LinkDown{}))
		want(t, r.step(core.LinkUp{}), "master: register ")
	})
}

func TestStop(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(command("t2", "cpus:1;mem:64")))
	r.step(run(command("t3", "cpus:1;mem:64")))
	r.step(r.fetched("c2"), r.started("c2"))
	r.step(r.ack("t2"))
	want(t, r.step(core.Stop{Grace: time.Minute}), "conn 1: SHUTDOWN",
		"master: update t3 TASK_KILLED TASK_KILLED_DURING_LAUNCH", "signal c2 15", "destroy c3")
	want(t, r.step(core.Stop{Grace: time.Minute}))
	want(t, r.step(run(command("t4", "cpus:1"))), "master: update t4 TASK_LOST AGENT_DRAINING")
	want(t, r.wait(3*time.Second), "destroy c2")
	want(t, r.wait(2*time.Second), "destroy c1")
	r.step(r.exited("c2", sigkilled), r.destroyed("c2"), r.destroyed("c3"), r.exited("c1", sigkilled))
	if r.core.Stopped() {
		t.Error("stopped before the last container is gone")
	}
	r.step(r.destroyed("c1"))
	if r.core.Stopped() {
		t.Error("stopped before the last updates are acknowledged")
	}
	if !r.core.Ledger().Free().Equal(resource.MustParse("cpus:8;mem:1024;ports:[31000-32000]")) {
		t.Errorf("%v are free", r.core.Ledger().Free())
	}
	for _, id := range []string{"t1", "t2", "t3"} {
		r.step(r.ack(id))
	}
	want(t, r.step(r.ack("t4")), "master: unregister")
	if !r.core.Stopped() {
		t.Error("not stopped when all is acknowledged")
	}
}

// TestStopIsBounded: an executor and a command that have long for their ends,
// one of which has begun, have the grace of the stop at the most.
func TestStopIsBounded(t *testing.T) {
	r := registered(t)
	for i, id := range []string{"t1", "t2"} {
		slow := custom(id, "e"+id, "cpus:1;mem:64")
		slow.Executor.ShutdownGracePeriod = &mesos.DurationInfo{Nanoseconds: new(int64(30 * time.Minute))}
		c, conn := fmt.Sprintf("c%d", i+1), core.ConnID(i+1)
		r.step(run(slow))
		r.step(r.fetched(c), r.started(c), r.subscribe(conn, c))
	}
	slow := command("t3", "cpus:1;mem:64")
	slow.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(30 * time.Minute))}}
	r.step(run(slow))
	r.step(r.fetched("c3"), r.started("c3"))
	r.step(r.ack("t3"), shutdownExecutor("et2"))
	r.step(core.LinkDown{})
	want(t, r.step(core.Stop{Grace: time.Minute}), "conn 1: SHUTDOWN", "signal c3 15")
	want(t, r.wait(time.Minute-1))
	got := r.wait(1)
	slices.Sort(got)
	want(t, got, "destroy c1", "destroy c2", "destroy c3")
}

func TestStopDoesNotWaitForNobody(t *testing.T) {
	t.Run("no master", func(t *testing.T) {
		r := newRig(t)
		if r.step(core.Stop{}); !r.core.Stopped() {
			t.Error("not stopped")
		}
	})
	t.Run("no acknowledgement", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(core.Stop{})
		r.step(r.destroyed("c1"))
		r.wait(2*time.Second - 1)
		if r.core.Stopped() {
			t.Error("stopped too early")
		}
		if want(t, r.wait(1), "master: unregister"); !r.core.Stopped() {
			t.Error("not stopped")
		}
	})
	t.Run("the master goes meanwhile", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(core.Stop{}, r.destroyed("c1"))
		if r.step(core.LinkDown{}); !r.core.Stopped() {
			t.Error("not stopped")
		}
	})
}

// TestMessagesKeepTheirAgentID: the shell sends them while the core goes on.
func TestMessagesKeepTheirAgentID(t *testing.T) {
	r := registered(t)
	r.step(run(command("t1", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"))
	sent := r.updates["t1"]
	r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{}}}))
	r.step(r.exited("c1", sigkilled), r.destroyed("c1"))
	if r.core.AgentID() != "" {
		t.Fatalf("the agent is still %s", r.core.AgentID())
	}
	if got := sent.GetAgentId().GetValue(); got != agentID {
		t.Errorf("an update that was sent before has turned into one of agent %q", got)
	}
}

func TestContainersTellsWhatIsHere(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(custom("t2", "e", "cpus:1;mem:64")))
	r.step(r.update(1, "c1", "t1", taskFinished, "x"))
	all := r.core.Containers()
	if len(all) != 1 {
		t.Fatalf("%d containers", len(all))
	}
	c := all[0]
	if c.ID != r.ids["c1"] || c.Agent != agentID || c.Framework != "f" || c.Executor != "e" || !c.Custom ||
		c.State != core.Running || len(c.Tasks) != 2 || c.Tasks[0] != "t1" || c.Tasks[1] != "t2" ||
		!c.Resources.Equal(resource.MustParse("cpus:1.5;mem:96")) {
		t.Errorf("container %+v", c)
	}
	r.step(r.exited("c1", 0))
	if c, ok := r.core.Container(r.ids["c1"]); !ok || !c.Resources.Equal(resource.MustParse("cpus:1.5;mem:96")) {
		t.Errorf("an ended container tells what it had: %+v, %v", c, ok)
	}
	r.step(r.destroyed("c1"))
	if _, ok := r.core.Container(r.ids["c1"]); ok {
		t.Error("a forgotten container is there")
	}
}
