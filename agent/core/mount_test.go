// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// withVolumes is a rig with the volumes v and w, and a running executor.
func withVolumes(t tb) *rig {
	r := withDisk(t)
	r.step(apply("o1", reserve(reserved("disk:300"))))
	r.step(apply("o2", create(volume("v", "100", "v"))), apply("o3", create(volume("w", "100", "w"))))
	r.step(core.VolumesChanged{Operation: "o2"}, core.VolumesChanged{Operation: "o3"})
	r.running()
	return r
}

func using(task *mesos.TaskInfo, volumes ...string) *mesos.TaskInfo {
	for _, id := range volumes {
		task.Resources = append(task.Resources, volume(id, "100", id)...)
	}
	return task
}

// TestALaterTaskBringsAVolume: it is given to the executor when its volume is
// there, whether or not its limits change; when it has ended the volume goes.
func TestALaterTaskBringsAVolume(t *testing.T) {
	r := withVolumes(t)
	want(t, r.step(run(using(custom("t2", "e", "cpus:1;mem:64"), "v"))), "update c1 2.5 cpus 160 MB with v")
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t2")
	bare := using(custom("t3", "e", "cpus:0"), "w")
	want(t, r.step(run(bare)), "update c1 2.5 cpus 160 MB with w")
	want(t, r.step(run(custom("t4", "e", "cpus:0"))))
	want(t, r.step(r.limitsUpdated("c1")), "conn 1: LAUNCH t3", "conn 1: LAUNCH t4")
	want(t, r.step(r.update(1, "c1", "t3", taskFinished, "x")),
		"master: update t3 TASK_FINISHED", "conn 1: ACKNOWLEDGED t3", "update c1 2.5 cpus 160 MB without w")
	want(t, r.step(r.limitsUpdated("c1")))
	want(t, r.step(r.update(1, "c1", "t2", taskFinished, "y"), run(using(custom("t5", "e", "cpus:1;mem:64"), "v"))),
		"master: update t2 TASK_FINISHED", "conn 1: ACKNOWLEDGED t2", "update c1 2.5 cpus 160 MB with v without v")
}

func TestAVolumeThatIsNotThere(t *testing.T) {
	r := withVolumes(t)
	r.step(run(using(custom("t2", "e", "cpus:0"), "v")))
	want(t, r.step(r.limitsFailed("c1")),
		"master: update t2 TASK_LOST CONTAINER_UPDATE_FAILED", "update c1 1.5 cpus 96 MB without v")
}

func TestAnExecutorsOwnVolume(t *testing.T) {
	r := withVolumes(t)
	task := using(custom("t2", "e2", "cpus:1;mem:64"), "w")
	task.Executor.Resources = append(task.Executor.Resources, volume("v", "100", "v")...)
	r.step(run(task))
	want(t, r.step(r.fetched("c2")), "start c2 1.5 cpus 96 MB with v with w")
}

func TestTasksWhoseVolumesAreRefused(t *testing.T) {
	r := withVolumes(t)
	bad := using(command("t2", "cpus:1"), "v")
	bad.Resources[1].Disk.Volume.ContainerPath = new("../v")
	want(t, r.step(run(bad)), "master: update t2 TASK_ERROR TASK_INVALID")
	same := using(command("t3", "cpus:1"), "v", "w")
	same.Resources[2].Disk.Volume.ContainerPath = new("v")
	want(t, r.step(run(same)), "master: update t3 TASK_ERROR TASK_INVALID")
	readOnly := using(command("t4", "cpus:1"), "v")
	readOnly.Resources[1].Disk.Volume.Mode = mesos.Volume_RO.Enum()
	want(t, r.step(run(readOnly)), "master: update t4 TASK_ERROR TASK_INVALID")
	want(t, r.step(run(using(command("t5", "cpus:1"), "x"))), "master: update t5 TASK_LOST RESOURCES_UNKNOWN")
}
