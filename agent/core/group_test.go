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

func TestGroupStartsTogether(t *testing.T) {
	r := registered(t)
	want(t, r.step(runGroup(custom("", "e", "").Executor, command("a", "cpus:1;mem:64"), command("b", "cpus:1;mem:64"))), "launch c1")
	want(t, r.step(r.fetched("c1")), "start c1 2.5 cpus 160 MB")
	r.step(r.started("c1"))
	want(t, r.step(r.subscribe(1, "c1")), "conn 1: SUBSCRIBED", "conn 1: LAUNCH_GROUP a b")
	want(t, r.step(r.update(1, "c1", "a", taskFinished, "x")),
		"master: update a TASK_FINISHED", "conn 1: ACKNOWLEDGED a", "update c1 1.5 cpus 96 MB")
	if s := r.updates["a"]; s.GetExecutorId().GetValue() != "e" {
		t.Errorf("the executor of the group is not that of the task: %v", s)
	}
	want(t, r.step(r.exited("c1", sigkilled)), "master: update b TASK_LOST EXECUTOR_TERMINATED",
		"conn 1: hangup 7", "master: executor e exited 9", "destroy c1")
}

func TestGroupFailsTogether(t *testing.T) {
	lost := func(reason string) []string {
		return []string{"master: update a TASK_LOST " + reason, "master: update b TASK_LOST " + reason, "master: executor e exited -1"}
	}
	bad := []string{"master: update a TASK_ERROR TASK_GROUP_INVALID", "master: update b TASK_ERROR TASK_GROUP_INVALID", "master: executor e exited -1"}
	for name, c := range map[string]struct {
		executor func(*mesos.ExecutorInfo)
		second   func(*mesos.TaskInfo)
		want     []string
	}{
		"the second does not fit":      {nil, func(t *mesos.TaskInfo) { t.Resources = command("", "cpus:7").Resources }, lost("RESOURCES_UNKNOWN")},
		"the second makes no sense":    {nil, func(t *mesos.TaskInfo) { t.Resources[0].Scalar.Value = new(-1.0) }, bad},
		"the second wants an image":    {nil, func(t *mesos.TaskInfo) { t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()} }, bad},
		"the agent's default executor": {func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_DEFAULT.Enum() }, nil, bad},
		"an executor without command":  {func(e *mesos.ExecutorInfo) { e.Command = nil }, nil, bad},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			e, a, b := custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1")
			if c.executor != nil {
				c.executor(e)
			}
			if c.second != nil {
				c.second(b)
			}
			want(t, r.step(runGroup(e, a, b)), c.want...)
			if free := r.core.Ledger().Free(); !free.Equal(r.core.Ledger().Total()) {
				t.Errorf("only %v are free", free)
			}
			r.step(r.ack("a"), r.ack("b"))
			r.empty()
		})
	}
	t.Run("an outdated version", func(t *testing.T) {
		r := registered(t)
		in := runGroup(custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1"))
		in.(core.FromMaster).Message.GetRunGroup().ResourceVersion = []byte("x")
		want(t, r.step(in), lost("INVALID_OFFERS")...)
	})
	t.Run("limits that the kernel does not take", func(t *testing.T) {
		r := registered(t)
		r.running()
		r.step(runGroup(custom("", "e", "").Executor, command("a", "cpus:1"), command("b", "cpus:1")))
		want(t, r.step(r.limitsFailed("c1")),
			"master: update a TASK_LOST CONTAINER_UPDATE_FAILED", "master: update b TASK_LOST CONTAINER_UPDATE_FAILED",
			"update c1 1.5 cpus 96 MB")
	})
}

// TestTheVersionThatTheMasterWasTold is the one that it may count on.
func TestTheVersionThatTheMasterWasTold(t *testing.T) {
	r := registered(t)
	in := fromMaster(&link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
		Framework: framework(), Task: command("t1", "cpus:1"), ResourceVersion: r.register.GetResourceVersion(),
	}}})
	if len(r.register.GetResourceVersion()) != 16 {
		t.Errorf("register %v", r.register)
	}
	want(t, r.step(in), "launch c1")
	want(t, r.wait(time.Hour))
}
