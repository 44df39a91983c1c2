// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

func drain(c *mesos.DrainConfig) core.Input {
	return fromMaster(&link.FromMaster{Message: &link.FromMaster_Drain{Drain: &link.Drain{Config: c}}})
}

func within(d time.Duration) *mesos.DrainConfig {
	return &mesos.DrainConfig{MaxGracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(d))}}
}

func policy(d time.Duration) *mesos.KillPolicy {
	return &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(d))}}
}

func TestDrainKillsWhatRunsAndTakesNoMore(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(run(custom("t2", "e", "cpus:1;mem:64")))  // queued
	r.step(run(command("t3", "cpus:1;mem:64")))      // fetching
	r.step(run(custom("t4", "e4", "cpus:1;mem:64"))) // the only one of its executor
	want(t, r.step(drain(nil)),
		"conn 1: KILL t1", "master: update t2 TASK_KILLED AGENT_DRAINING",
		"master: update t3 TASK_KILLED AGENT_DRAINING", "master: update t4 TASK_KILLED AGENT_DRAINING",
		"destroy c2", "destroy c3")
	want(t, r.step(run(command("t5", "cpus:1"))), "master: update t5 TASK_LOST AGENT_DRAINING")
	r.step(r.limitsUpdated("c1"))
	want(t, r.step(r.update(1, "c1", "t1", mesos.TaskState_TASK_KILLED, "u2")),
		"master: update t1 TASK_KILLED AGENT_DRAINING", "conn 1: ACKNOWLEDGED t1", "conn 1: SHUTDOWN")
	want(t, r.step(r.exited("c1", 0)), "conn 1: hangup 7", "master: executor e exited 0", "destroy c1")
	r.step(core.LinkDown{}, core.LinkUp{})
	if d := r.register.GetDrain(); d.GetState() != mesos.DrainState_DRAINING {
		t.Errorf("the agent does not say that it drains: %v", d)
	}
	r.step(fromMaster(registeredMessage(agentID)))
	r.step(r.destroyed("c1"), r.destroyed("c2"), r.destroyed("c3"))
	r.step(r.ack("t1"), r.ack("t2"), r.ack("t3"), r.ack("t4"), r.ack("t5"))
	want(t, r.step(run(command("t6", "cpus:1"))), "launch c4") // it is drained, and the master offers it again
}

func TestDrainShortensGracePeriods(t *testing.T) {
	for name, c := range map[string]struct {
		own    *mesos.KillPolicy
		config *mesos.DrainConfig
		want   time.Duration
	}{
		"its own is shorter":    {policy(2 * time.Second), within(time.Minute), 2 * time.Second},
		"the drain's is":        {policy(time.Minute), within(2 * time.Second), 2 * time.Second},
		"the drain has none":    {policy(time.Minute), nil, time.Minute},
		"the task has none":     {nil, within(time.Second), time.Second},
		"neither has one":       {nil, nil, 3 * time.Second},
		"none but the agent's":  {nil, within(time.Minute), 3 * time.Second},
		"a negative one":        {policy(time.Minute), within(-time.Second), 0},
		"longer than there are": {policy(48 * time.Hour), within(24 * time.Hour), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			task := command("t1", "cpus:1;mem:64")
			task.KillPolicy = c.own
			r.step(run(task))
			r.step(r.fetched("c1"), r.started("c1"))
			r.step(r.ack("t1"))
			if c.want == 0 {
				want(t, r.step(drain(c.config)), "signal c1 15", "destroy c1")
				return
			}
			want(t, r.step(drain(c.config)), "signal c1 15")
			want(t, r.wait(c.want-1))
			want(t, r.wait(1), "destroy c1")
			want(t, r.step(r.exited("c1", sigkilled)), "master: update t1 TASK_KILLED AGENT_DRAINING")
		})
	}
}

// TestDrainDoesNotWaitForExecutors that do not end their tasks, or themselves.
func TestDrainDoesNotWaitForExecutors(t *testing.T) {
	r := registered(t)
	task := custom("t1", "e", "cpus:1;mem:64")
	task.KillPolicy = policy(time.Minute)
	r.step(run(task))
	r.step(r.fetched("c1"), r.started("c1"), r.subscribe(1, "c1"))
	want(t, r.step(drain(nil)), "conn 1: KILL t1")
	want(t, r.step(drain(within(10*time.Second))), "conn 1: KILL t1") // again, and shorter
	want(t, r.wait(10*time.Second-1))
	want(t, r.wait(1), "conn 1: SHUTDOWN")
	want(t, r.step(drain(within(time.Second))))
	want(t, r.wait(time.Second), "destroy c1")
	want(t, r.step(r.exited("c1", sigkilled)), "master: update t1 TASK_KILLED AGENT_DRAINING",
		"conn 1: hangup 7", "master: executor e exited 9")
}

func TestDrainOfAnAgentThatIsGoneAfterwards(t *testing.T) {
	gone := &mesos.DrainConfig{MarkGone: new(true)}
	killing := capable(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
	t.Run("partition aware", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64"), capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE), killing))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"))
		want(t, r.step(drain(gone)), "master: update t1 TASK_KILLING AGENT_DRAINING", "signal c1 15")
		r.step(r.ack("t1"))
		want(t, r.step(r.exited("c1", 15)), "master: update t1 TASK_GONE_BY_OPERATOR AGENT_DRAINING", "destroy c1")
	})
	t.Run("not", func(t *testing.T) {
		r := registered(t)
		r.step(run(command("t1", "cpus:1;mem:64")))
		r.step(r.fetched("c1"), r.started("c1"))
		r.step(r.ack("t1"))
		want(t, r.step(drain(gone)), "signal c1 15")
		want(t, r.step(r.exited("c1", 15)), "master: update t1 TASK_KILLED AGENT_DRAINING", "destroy c1")
	})
	t.Run("what ends otherwise says so", func(t *testing.T) {
		r := registered(t)
		r.running(capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE))
		r.step(drain(gone))
		want(t, r.step(r.update(1, "c1", "t1", taskFinished, "u2")),
			"master: update t1 TASK_FINISHED", "conn 1: ACKNOWLEDGED t1", "conn 1: SHUTDOWN", "update c1 0.5 cpus 32 MB")
	})
}

func TestDrainOfAnEmptyAgent(t *testing.T) {
	r := registered(t)
	want(t, r.step(drain(within(time.Second))))
	r.step(core.LinkDown{}, core.LinkUp{})
	if r.register.Drain != nil {
		t.Errorf("it drains: %v", r.register.Drain)
	}
}

func TestDrainWithoutAnExecutorToTell(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(core.ConnClosed{Conn: 1})
	want(t, r.step(drain(within(time.Second))))
	want(t, r.step(r.subscribe(2, "c1")), "conn 2: SUBSCRIBED", "conn 2: KILL t1")
	want(t, r.wait(time.Second), "conn 2: SHUTDOWN")
}
