// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/kernel"
)

// TestAVolumeOutlivesItsTask: reserved, made and written to by one ACCEPT, read by a
// task of the next, and gone from the host's disk when it is destroyed.
func TestAVolumeOutlivesItsTask(t *testing.T) {
	ctx, c, f := beginAs(t, "web")
	space, volume := volumeOf("web", "kept", 64)
	work := c.Agents[0].WorkDir
	onDisk := filepath.Join(work, "volumes/roles/web/kept")

	acceptAll(t, ctx, f, func(o *mesos.Offer) bool { return volumesIn(o) == 0 },
		reserving(space), creating(volume), launching(with(volume, framework.Command("writes", "echo hello >data/greeting", 0.1, 16))))
	await(t, ctx, f, "writes", mesos.TaskState_TASK_FINISHED)
	if text, err := os.ReadFile(filepath.Join(onDisk, "greeting")); err != nil || string(text) != "hello\n" {
		t.Errorf("the volume has %q, %v after its first task", text, err)
	}
	withoutLink(t, work, "writes")

	acceptAll(t, ctx, f, func(o *mesos.Offer) bool { return volumesIn(o) == 1 },
		launching(with(volume, framework.Command("reads", `test "$(cat data/greeting)" = hello && test ! -e greeting`, 0.1, 16))))
	await(t, ctx, f, "reads", mesos.TaskState_TASK_FINISHED)
	withoutLink(t, work, "reads")

	acceptAll(t, ctx, f, func(o *mesos.Offer) bool { return volumesIn(o) == 1 },
		&mesos.Offer_Operation{
			Type:    mesos.Offer_Operation_DESTROY.Enum(),
			Destroy: &mesos.Offer_Operation_Destroy{Volumes: []*mesos.Resource{volume}},
		},
		&mesos.Offer_Operation{
			Type:      mesos.Offer_Operation_UNRESERVE.Enum(),
			Unreserve: &mesos.Offer_Operation_Unreserve{Resources: []*mesos.Resource{space}},
		})
	eventually(t, func() error { return destroyed(work, onDisk) })
	if _, err := f.Offer(shorter(t, ctx), func(o *mesos.Offer) bool {
		return volumesIn(o) == 0 && reservedFor(o.GetResources(), "web", "disk") == 0 && diskIn(o) == 100
	}); err != nil {
		t.Errorf("the space of the volume is not offered to all again: %v", err)
	}
}

// TestAVolumeComesAndGoesWithATaskOfARunningExecutor: the sandbox, and the limits,
// change around what runs in the container already.
func TestAVolumeComesAndGoesWithATaskOfARunningExecutor(t *testing.T) {
	ctx, c, f := beginAs(t, "web")
	space, volume := volumeOf("web", "kept", 64)
	e := actor(t, "holder", actIdle)
	for _, r := range e.Resources {
		r.AllocationInfo = volume.AllocationInfo
	}
	acceptAll(t, ctx, f, func(o *mesos.Offer) bool { return volumesIn(o) == 0 },
		reserving(space), creating(volume), launching(allocated("web", framework.In(e, "stays", 0.1, 16))))
	await(t, ctx, f, "stays", mesos.TaskState_TASK_RUNNING)
	runs := container(t, ctx, c.Agents[0], "holder")
	link := filepath.Join(runs.GetSandbox(), "data")
	if _, err := os.Lstat(link); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("data is in the sandbox before a task has it: %v", err)
	}

	acceptAll(t, ctx, f, func(o *mesos.Offer) bool { return volumesIn(o) == 1 },
		launching(with(volume, framework.In(e, "visits", 0.2, 32))))
	await(t, ctx, f, "visits", mesos.TaskState_TASK_RUNNING)
	if to, err := os.Readlink(link); err != nil || to != filepath.Join(c.Agents[0].WorkDir, "volumes/roles/web/kept") {
		t.Errorf("data in the sandbox leads to %q, %v; want the volume", to, err)
	}
	if got, err := kernel.Group(runs.GetCgroup()).Read("memory.max"); err != nil || got != fmt.Sprint((64+16+32)<<20) {
		t.Errorf("memory.max is %s, %v while the task is there", got, err)
	}
	if _, err := f.Driver().KillTask(&mesos.TaskID{Value: new("visits")}); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, f, "visits", mesos.TaskState_TASK_KILLED)
	withoutLink(t, c.Agents[0].WorkDir, "holder")
	if again := container(t, ctx, c.Agents[0], "holder"); again.GetSandbox() != runs.GetSandbox() || f.Finished("stays") {
		t.Errorf("the executor did not go on: it is %v, was %v", again, runs)
	}
}

// beginAs is begin with a framework of a role that may reserve, on an agent with
// a disk of 100 MB.
func beginAs(t *testing.T, role string) (context.Context, *cluster.Cluster, *framework.Framework) {
	t.Helper()
	ctx := onKernel(t)
	leavesNothing(t)
	c := cluster.Start(t, cluster.Options{AgentFlags: []string{"--resources", "cpus:2;mem:256;disk:100"}})
	return ctx, c, subscribe(t, c, &mesos.FrameworkInfo{
		Roles: []string{role},
		Capabilities: []*mesos.FrameworkInfo_Capability{
			{Type: mesos.FrameworkInfo_Capability_MULTI_ROLE.Enum()},
			{Type: mesos.FrameworkInfo_Capability_RESERVATION_REFINEMENT.Enum()},
		},
	})
}

// volumeOf is a persistent volume of a role, which tasks see at data, and the
// reserved space that it is made of.
func volumeOf(role, id string, megabytes float64) (space, volume *mesos.Resource) {
	space = &mesos.Resource{
		Name: new("disk"), Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: &megabytes},
		Reservations:   []*mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role}},
		AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role},
	}
	volume = proto.CloneOf(space)
	volume.Disk = &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{Id: &id},
		Volume:      &mesos.Volume{ContainerPath: new("data"), Mode: mesos.Volume_RW.Enum()},
	}
	return space, volume
}

// with gives a task a volume. All of its resources are allocated to the volume's role.
func with(volume *mesos.Resource, task *mesos.TaskInfo) *mesos.TaskInfo {
	allocated(volume.GetAllocationInfo().GetRole(), task).Resources = append(task.Resources, volume)
	return task
}

func allocated(role string, task *mesos.TaskInfo) *mesos.TaskInfo {
	for _, r := range task.Resources {
		r.AllocationInfo = &mesos.Resource_AllocationInfo{Role: &role}
	}
	return task
}

func reserving(r *mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{
		Type:    mesos.Offer_Operation_RESERVE.Enum(),
		Reserve: &mesos.Offer_Operation_Reserve{Resources: []*mesos.Resource{r}},
	}
}

func creating(volume *mesos.Resource) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{
		Type:   mesos.Offer_Operation_CREATE.Enum(),
		Create: &mesos.Offer_Operation_Create{Volumes: []*mesos.Resource{volume}},
	}
}

func launching(tasks ...*mesos.TaskInfo) *mesos.Offer_Operation {
	return &mesos.Offer_Operation{
		Type:   mesos.Offer_Operation_LAUNCH.Enum(),
		Launch: &mesos.Offer_Operation_Launch{TaskInfos: tasks},
	}
}

// acceptAll waits for an offer that suits, and accepts it with these operations.
func acceptAll(t *testing.T, ctx context.Context, f *framework.Framework, suits func(*mesos.Offer) bool, operations ...*mesos.Offer_Operation) {
	t.Helper()
	offer, err := f.Offer(shorter(t, ctx), suits)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations {
		for _, task := range o.GetLaunch().GetTaskInfos() {
			task.AgentId = offer.GetAgentId()
		}
	}
	if _, err := f.Driver().AcceptOffers([]*mesos.OfferID{offer.GetId()}, operations, &mesos.Filters{RefuseSeconds: new(0.0)}); err != nil {
		t.Fatal(err)
	}
}

// shorter leaves a test time to say what it waits for.
func shorter(t *testing.T, ctx context.Context) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx
}

// volumesIn is how many persistent volumes are offered.
func volumesIn(o *mesos.Offer) int {
	n := 0
	for _, r := range o.GetResources() {
		if r.GetDisk().GetPersistence() != nil {
			n++
		}
	}
	return n
}

// diskIn is how much of the disk is offered, in megabytes, reserved or not.
func diskIn(o *mesos.Offer) float64 {
	var sum float64
	for _, r := range o.GetResources() {
		if r.GetName() == "disk" {
			sum += r.GetScalar().GetValue()
		}
	}
	return sum
}

// withoutLink waits until the sandbox of an executor, or of a command's task, shows the
// volume no more.
func withoutLink(t *testing.T, work, executor string) {
	t.Helper()
	eventually(t, func() error {
		sandboxes, err := filepath.Glob(filepath.Join(work, "slaves/*/frameworks/*/executors", executor, "runs/*-*"))
		if err != nil || len(sandboxes) != 1 {
			return fmt.Errorf("sandboxes of %s are %v, %v; want one", executor, sandboxes, err)
		}
		if _, err := os.Lstat(filepath.Join(sandboxes[0], "data")); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("data is still in the sandbox of %s: %v", executor, err)
		}
		return nil
	})
}

// destroyed checks that nothing of a volume is on the disk any more, neither at its
// place nor where destroyed ones wait for their end.
func destroyed(work, volume string) error {
	if _, err := os.Lstat(volume); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the destroyed volume is still there: %v", err)
	}
	left, err := os.ReadDir(filepath.Join(work, "volumes/removed"))
	if err != nil || len(left) > 0 {
		return fmt.Errorf("of the destroyed volume is left: %v, %v", left, err)
	}
	return nil
}
