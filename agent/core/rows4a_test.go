// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// The rows of "who produces which state, when" whose place is the agent: each
// for a PARTITION_AWARE framework and for another.
//
// Rows of the issue about agents that restart and find their containers again:
// "executor did not come back after agent restart" (EXECUTOR_REREGISTRATION_TIMEOUT),
// and "directory un-GC failed" of the GC_ERROR row, as directories are not
// collected yet. "Not authorised" is the master's alone as long as the agent
// asks no authorizer.
func TestTaskStates4a(t *testing.T) {
	aware := capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)
	for _, row := range []struct {
		name   string
		pa     string // state
		others string
		reason string
		task   string
		play   func(r *rig, mod ...func(*mesos.FrameworkInfo))
	}{
		{"bad limits vs isolators", "TASK_DROPPED", "TASK_LOST", "GC_ERROR", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			task := command("t9", "cpus:1;mem:64")
			task.Limits = map[string]*mesos.Value_Scalar{"disk": {Value: new(1.0)}}
			r.step(run(task, mod...))
		}},
		{"agent draining", "TASK_DROPPED", "TASK_LOST", "AGENT_DRAINING", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			r.step(drain(nil))
			r.step(run(command("t9", "cpus:1;mem:64"), mod...))
		}},
		{"outdated resource version", "TASK_DROPPED", "TASK_LOST", "INVALID_OFFERS", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
				Framework: framework(mod...), Task: command("t9", "cpus:1;mem:64"), ResourceVersion: []byte("another"),
			}}}))
		}},
		{"agent does not know the resources", "TASK_DROPPED", "TASK_LOST", "RESOURCES_UNKNOWN", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(run(command("t9", "cpus(role):1;mem:64"), mod...))
		}},
		{"executor gone", "TASK_DROPPED", "TASK_LOST", "EXECUTOR_TERMINATED", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(fromMaster(&link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
				Framework: framework(mod...), Task: custom("t9", "e", "cpus:1;mem:64"), LaunchExecutor: new(false),
			}}}))
		}},
		{"executor terminating", "TASK_DROPPED", "TASK_LOST", "EXECUTOR_TERMINATED", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			r.step(shutdownExecutor("e"))
			r.step(run(custom("t9", "e", "cpus:1;mem:64"), mod...))
		}},
		{"executor re-subscribed, does not list a task the agent had sent it", "TASK_DROPPED", "TASK_LOST", "AGENT_RESTARTED", "t2", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			r.step(run(custom("t2", "e", "cpus:1;mem:64"), mod...))
			r.step(r.limitsUpdated("c1"))
			r.step(core.ConnClosed{Conn: 1})
			r.step(r.subscribe(2, "c1", func(s *executor.Call_Subscribe) { s.UnacknowledgedTasks = nil }))
		}},
		{"isolation update failed", "TASK_GONE", "TASK_LOST", "CONTAINER_UPDATE_FAILED", "t2", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			r.step(run(custom("t2", "e", "cpus:1;mem:64"), mod...))
			r.step(r.limitsFailed("c1"))
		}},
		{"QoS kill", "TASK_GONE", "TASK_LOST", "CONTAINER_PREEMPTED", "t1", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			want(r.t, r.step(core.Preempt{Container: r.ids["c1"]}), "destroy c1")
			r.step(r.exited("c1", sigkilled))
		}},
		{"QoS kill of a command", "TASK_GONE", "TASK_LOST", "CONTAINER_PREEMPTED", "t1", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(run(command("t1", "cpus:1;mem:64"), mod...))
			r.step(r.fetched("c1"), r.started("c1"))
			r.step(r.ack("t1"))
			want(r.t, r.step(core.Preempt{Container: r.ids["c1"]}), "destroy c1")
			want(r.t, r.step(kill("t1"), core.Preempt{Container: r.ids["c1"]}))
			r.step(r.exited("c1", sigkilled))
		}},
		{"QoS kill before the start", "TASK_GONE", "TASK_LOST", "CONTAINER_PREEMPTED", "t1", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(run(command("t1", "cpus:1;mem:64"), mod...))
			want(r.t, r.step(core.Preempt{Container: r.ids["c1"]}), "destroy c1")
			r.step(r.destroyed("c1"))
		}},
		{"kill before the executor got the task", "TASK_KILLED", "TASK_KILLED", "TASK_KILLED_DURING_LAUNCH", "t1", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.step(run(custom("t1", "e", "cpus:1;mem:64"), mod...))
			r.step(kill("t1"))
		}},
		{"kill, executor missing", "TASK_DROPPED", "TASK_LOST", "EXECUTOR_TERMINATED", "t9", func(r *rig, mod ...func(*mesos.FrameworkInfo)) {
			r.running(mod...)
			r.step(kill("t9"))
		}},
	} {
		for kind, mod := range map[string][]func(*mesos.FrameworkInfo){row.pa: {aware}, row.others: nil} {
			if row.pa == row.others && mod == nil {
				continue
			}
			t.Run(row.name+"/"+kind, func(t *testing.T) {
				r := registered(t)
				row.play(r, mod...)
				s := r.updates[row.task]
				if got := short(s); got != kind+" "+row.reason {
					t.Errorf("got %q, want %s %s", got, kind, row.reason)
				}
				if s.GetSource() != mesos.TaskStatus_SOURCE_AGENT || len(s.GetUuid()) != 16 || s.GetMessage() == "" {
					t.Errorf("status %v: should be the agent's, to be acknowledged, and say why", s)
				}
			})
		}
	}
}

func TestPreemptionOfWhatEndsAnyhow(t *testing.T) {
	r := registered(t)
	r.running()
	r.fails(core.Preempt{Container: "nowhere"}, "no such container")
	r.step(shutdownExecutor("e"))
	want(t, r.step(core.Preempt{Container: r.ids["c1"]}), "destroy c1")
	want(t, r.step(r.exited("c1", sigkilled)), "master: update t1 TASK_LOST EXECUTOR_TERMINATED",
		"conn 1: hangup 7", "master: executor e exited 9")
	want(t, r.step(core.Preempt{Container: r.ids["c1"]}))
}
