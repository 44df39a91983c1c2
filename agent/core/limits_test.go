// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

func (r *rig) limitsFailed(c string) core.Input {
	return core.LimitsUpdated{Container: r.ids[c], Problem: "memory.max: EBUSY"}
}

// TestOneChangeOfLimitsAtATime: what comes meanwhile is in the next one, and a
// task waits for the one that counts it in.
func TestOneChangeOfLimitsAtATime(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64"))), "update c1 2.5 cpus 160 MB")
	want(t, r.step(run(custom("t3", "e", "cpus:1;mem:64"))))
	want(t, r.step(run(custom("t4", "e", "cpus:1;mem:64"))))
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t2", "update c1 4.5 cpus 288 MB")
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t3", "conn 1: LAUNCH t4")
}

// TestABatchChangesLimitsOnce: of what is stepped before a Ready, only the
// outcome goes to the kernel; a task that takes the place of another needs none.
func TestABatchChangesLimitsOnce(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64")), run(custom("t3", "e", "cpus:1;mem:64"))), "update c1 3.5 cpus 224 MB")
	r.step(r.limitsUpdated("c1"))
	want(t, r.step(r.update(1, "c1", "t1", taskFinished, "a"), run(custom("t4", "e", "cpus:1;mem:64"))),
		"master: update t1 TASK_FINISHED", "conn 1: ACKNOWLEDGED t1", "conn 1: LAUNCH t4")
}

func TestMoreThanTheKernelGives(t *testing.T) {
	for name, c := range map[string]struct {
		mod   []func(*mesos.FrameworkInfo)
		state string
	}{
		"lost":                    {nil, "TASK_LOST"},
		"gone if partition aware": {[]func(*mesos.FrameworkInfo){capable(mesos.FrameworkInfo_Capability_PARTITION_AWARE)}, "TASK_GONE"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			r.running(c.mod...)
			r.step(run(custom("t2", "e", "cpus:1;mem:64"), c.mod...))
			r.step(run(custom("t3", "e", "cpus:1;mem:64"), c.mod...)) // is not in the change under way
			want(t, r.step(r.limitsFailed("c1")),
				"master: update t2 "+c.state+" CONTAINER_UPDATE_FAILED", "update c1 2.5 cpus 160 MB")
			want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t3")
		})
	}
}

// TestLessThanTheExecutorUses: its tasks go on, a new one that fits runs, and
// the change is tried again.
func TestLessThanTheExecutorUses(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(r.update(1, "c1", "t1", taskFinished, "a"))
	want(t, r.step(r.limitsFailed("c1")))
	want(t, r.step(run(custom("t2", "e", "cpus:0.1;mem:8"))), "update c1 0.6 cpus 40 MB")
	want(t, r.step(r.limitsFailed("c1")), "conn 1: LAUNCH t2")
	r.step(r.ack("t1"))
	want(t, r.wait(2*time.Second-1))
	want(t, r.wait(1), "update c1 0.6 cpus 40 MB")
	want(t, r.step(r.limitsFailed("c1")))
	want(t, r.wait(4*time.Second), "update c1 0.6 cpus 40 MB")
	want(t, r.step(r.limitsUpdated("c1")))
	want(t, r.wait(time.Hour))
}

// TestLimitsOfATerminatingExecutor: what its tasks held is free, so it must not
// go on to use it, however long its grace is.
func TestLimitsOfATerminatingExecutor(t *testing.T) {
	r := registered(t)
	r.running()
	r.step(shutdownExecutor("e"))
	want(t, r.step(r.update(1, "c1", "t1", taskFinished, "a")),
		"master: update t1 TASK_FINISHED", "conn 1: ACKNOWLEDGED t1", "update c1 0.5 cpus 32 MB")
	want(t, r.step(r.limitsFailed("c1")))
	r.step(r.ack("t1"))
	want(t, r.wait(time.Second), "update c1 0.5 cpus 32 MB") // again
	r.step(r.limitsUpdated("c1"))
	want(t, r.wait(4*time.Second), "destroy c1")
}

// TestLimitsFailAfterTheEndHasBegun: the tasks end as the executor does, not
// for the limits that they were waiting for.
func TestLimitsFailAfterTheEndHasBegun(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(r.fetched("c1"), r.started("c1"))
	want(t, r.step(run(custom("t2", "e", "cpus:1;mem:64"))), "update c1 2.5 cpus 160 MB")
	want(t, r.wait(time.Minute), "destroy c1")
	want(t, r.step(r.limitsFailed("c1")))
	want(t, r.step(r.exited("c1", sigkilled)),
		"master: update t1 TASK_FAILED EXECUTOR_REGISTRATION_TIMEOUT",
		"master: update t2 TASK_FAILED EXECUTOR_REGISTRATION_TIMEOUT", "master: executor e exited 9")
}

// TestMoreOfOneAndLessOfTheOther: a task that gets its cpus runs, though others
// do not give back their memory.
func TestMoreOfOneAndLessOfTheOther(t *testing.T) {
	r := registered(t)
	r.running()
	want(t, r.step(r.update(1, "c1", "t1", taskFinished, "a"), run(custom("t2", "e", "cpus:3;mem:8"))),
		"master: update t1 TASK_FINISHED", "conn 1: ACKNOWLEDGED t1", "update c1 3.5 cpus 96 MB")
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t2", "update c1 3.5 cpus 40 MB")
	want(t, r.step(r.limitsFailed("c1")))
	r.step(r.ack("t1"))
	want(t, r.wait(time.Second), "update c1 3.5 cpus 40 MB")
}

func TestLimitsOfTheStartAreThoseOfTheMoment(t *testing.T) {
	r := registered(t)
	r.step(run(custom("t1", "e", "cpus:1;mem:64")))
	r.step(run(custom("t2", "e", "cpus:1;mem:64")))
	want(t, r.step(r.fetched("c1")), "start c1 2.5 cpus 160 MB")
	r.step(run(custom("t3", "e", "cpus:1;mem:64")))
	want(t, r.step(r.started("c1")), "update c1 3.5 cpus 224 MB")
	want(t, r.step(r.subscribe(1, "c1")), "conn 1: SUBSCRIBED")
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t1", "conn 1: LAUNCH t2", "conn 1: LAUNCH t3")
}
