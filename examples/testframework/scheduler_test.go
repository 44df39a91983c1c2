// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// fakeDriver writes down what the framework asks for.
type fakeDriver struct {
	scheduler.Driver // any other call panics
	asked            []string
}

func (d *fakeDriver) LaunchTasks(offers []*mesos.OfferID, tasks []*mesos.TaskInfo, _ *mesos.Filters) (mesos.Status, error) {
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.GetTaskId().GetValue())
	}
	d.asked = append(d.asked, fmt.Sprintf("launch %v with %s", ids, offers[0].GetValue()))
	return mesos.Status_DRIVER_RUNNING, nil
}

func (d *fakeDriver) Stop(failover bool) mesos.Status {
	d.asked = append(d.asked, fmt.Sprintf("stop %t", failover))
	return mesos.Status_DRIVER_STOPPED
}

func newTestScheduler(t *testing.T, tasks int) *testScheduler {
	t.Helper()
	s, err := newScheduler(flags{tasks: tasks, cpus: 1, mem: 16}, &mesos.CommandInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func offer(id, resources string) *mesos.Offer {
	return &mesos.Offer{
		Id:        &mesos.OfferID{Value: proto.String(id)},
		AgentId:   &mesos.AgentID{Value: proto.String("S1")},
		Resources: resource.MustParse(resources).Proto(),
	}
}

func status(id string, state mesos.TaskState) *mesos.TaskStatus {
	return &mesos.TaskStatus{TaskId: &mesos.TaskID{Value: proto.String(id)}, State: state.Enum()}
}

func TestTasksFillOffers(t *testing.T) {
	s, d := newTestScheduler(t, 4), &fakeDriver{}
	s.ResourceOffers(d, []*mesos.Offer{
		offer("O1", "cpus:1;mem:1000"),   // no room beside the executor
		offer("O2", "cpus:2.1;mem:1000"), // room for two
		offer("O3", "cpus:9;mem:48"),     // memory for one
		offer("O4", "cpus:9;mem:1000"),   // only one is left
		offer("O5", "cpus:9;mem:1000"),   // none is
	})
	want := []string{"launch [] with O1", "launch [0 1] with O2", "launch [2] with O3", "launch [3] with O4", "launch [] with O5"}
	if diff := cmp.Diff(want, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestEndsWhenAllHaveFinishedAndReported(t *testing.T) {
	s, d := newTestScheduler(t, 2), &fakeDriver{}
	s.FrameworkMessage(d, nil, nil, []byte("0"))
	s.StatusUpdate(d, status("0", mesos.TaskState_TASK_RUNNING))
	s.StatusUpdate(d, status("0", mesos.TaskState_TASK_FINISHED))
	s.StatusUpdate(d, status("1", mesos.TaskState_TASK_FINISHED))
	if len(d.asked) > 0 || s.verdict() == nil {
		t.Fatalf("asked %q before the last report", d.asked)
	}
	s.FrameworkMessage(d, nil, nil, []byte("1"))
	if diff := cmp.Diff([]string{"stop false"}, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if err := s.verdict(); err != nil {
		t.Errorf("verdict: %v", err)
	}
	if got, want := s.summary(), "2 of 2 tasks finished, 2 reported"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
}

func TestEndsWhenATaskFails(t *testing.T) {
	s, d := newTestScheduler(t, 2), &fakeDriver{}
	s.StatusUpdate(d, status("1", mesos.TaskState_TASK_LOST))
	if diff := cmp.Diff([]string{"stop false"}, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if err := s.verdict(); err == nil {
		t.Error("verdict: no error")
	}
}
