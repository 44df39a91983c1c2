// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// TestVolumeOutlivesItsTask: made by one message, seen by the task of the next,
// kept when that has ended, and gone when it is destroyed.
func TestVolumeOutlivesItsTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *agent.Config) {
			c.Resources = resource.MustParse("cpus:4;mem:1024;disk(role):100")
		})
		m := h.register()
		v := resource.MustParse("disk(role):100").Proto()
		v[0].Disk = &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{Id: new("v")},
			Volume:      &mesos.Volume{ContainerPath: new("data"), Mode: mesos.Volume_RW.Enum()},
		}
		m.apply("1", &mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: v}})
		task := command("t1")
		task.Resources = append(task.Resources, v...)
		m.run(task)
		m.operation(t, mesos.OperationState_OPERATION_FINISHED)
		c := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		seen, kept := filepath.Join(c.spec.Process.Cwd, "data", "file"), filepath.Join(h.workDir, "volumes/roles/role/v/file")
		if err := os.WriteFile(seen, []byte("x"), 0o600); err != nil {
			t.Error(err)
		}
		c.end(core.Exit{})
		m.update(t, "t1", taskFinished)
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("the task's file is not in the volume: %v", err)
		}
		synctest.Wait()
		withoutVolume(t, filepath.Dir(seen))
		m.apply("2", &mesos.Offer_Operation{Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: v}})
		m.operation(t, mesos.OperationState_OPERATION_FINISHED)
		synctest.Wait()
		if _, err := os.Stat(kept); !os.IsNotExist(err) {
			t.Errorf("the volume is still there: %v", err)
		}
		if left, err := os.ReadDir(filepath.Join(h.workDir, "volumes/removed")); err != nil || len(left) > 0 {
			t.Errorf("its files are: %v, %v", left, err)
		}
	})
}

// withoutVolume checks that the link to a volume went with the task that had it.
func withoutVolume(t *testing.T, link string) {
	t.Helper()
	if _, err := os.Lstat(link); !os.IsNotExist(err) {
		t.Errorf("%s is left in the sandbox: %v", link, err)
	}
}

func TestVolumeOfATaskThatDoesNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *agent.Config) {
			c.Resources = resource.MustParse("cpus:4;mem:1024;disk(role):100")
		})
		m := h.register()
		v := resource.MustParse("disk(role):100").Proto()
		v[0].Disk = &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{Id: new("v")},
			Volume:      &mesos.Volume{ContainerPath: new("data"), Mode: mesos.Volume_RW.Enum()},
		}
		m.apply("1", &mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: v}})
		m.operation(t, mesos.OperationState_OPERATION_FINISHED)
		seen := ""
		h.containers.fail = func(id string) error {
			seen = filepath.Join(h.workDir, "slaves/m-S0/frameworks/f/executors/t1/runs", id, "data")
			if _, err := os.Lstat(seen); err != nil {
				t.Error(err)
			}
			return errors.New("memory.max: no such file")
		}
		task := command("t1")
		task.Resources = append(task.Resources, v...)
		m.run(task)
		m.update(t, "t1", taskFailed)
		synctest.Wait()
		withoutVolume(t, seen)
	})
}

func TestVolumeThatCannotBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *agent.Config) {
			c.Resources = resource.MustParse("cpus:4;mem:1024;disk(role):100")
		})
		if err := os.WriteFile(filepath.Join(h.workDir, "volumes"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		m := h.register()
		v := resource.MustParse("disk(role):100").Proto()
		v[0].Disk = &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{Id: new("v")},
			Volume:      &mesos.Volume{ContainerPath: new("data"), Mode: mesos.Volume_RW.Enum()},
		}
		m.apply("1", &mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: v}})
		m.operation(t, mesos.OperationState_OPERATION_FAILED)
		total, err := resource.FromProto(m.recv(t).GetUpdateResources().GetTotal())
		if err != nil || !total.Equal(resource.MustParse("cpus:4;mem:1024;disk(role):100")) {
			t.Errorf("total %v, %v", total, err)
		}
	})
}

// apply asks for an operation of which the framework wants to know the end.
func (l *masterLink) apply(uuid string, op *mesos.Offer_Operation) {
	op.Id = &mesos.OperationID{Value: &uuid}
	l.send(&link.FromMaster{Message: &link.FromMaster_ApplyOperation{ApplyOperation: &link.ApplyOperation{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, Info: op, OperationUuid: &mesos.UUID{Value: []byte(uuid)},
	}}})
}

// operation waits for the end of an operation, and acknowledges it.
func (l *masterLink) operation(t *testing.T, want mesos.OperationState) {
	t.Helper()
	u := l.recv(t).GetOperationUpdate()
	if u.GetStatus().GetState() != want {
		t.Fatalf("got %v, want %v", u, want)
	}
	l.send(&link.FromMaster{Message: &link.FromMaster_AcknowledgeOperation{AcknowledgeOperation: &link.AcknowledgeOperation{
		OperationUuid: u.GetOperationUuid(), StatusUuid: u.GetStatus().GetUuid(),
	}}})
}
