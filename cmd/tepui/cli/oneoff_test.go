// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
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
	killing          error // what KillTask returns
}

func (d *fakeDriver) LaunchTasks(offers []*mesos.OfferID, tasks []*mesos.TaskInfo, _ *mesos.Filters) (mesos.Status, error) {
	d.asked = append(d.asked, fmt.Sprintf("launch %s with %s on %s of %v",
		tasks[0].GetTaskId().GetValue(), text(tasks[0].GetResources()), tasks[0].GetAgentId().GetValue(), offers[0].GetValue()))
	return mesos.Status_DRIVER_RUNNING, nil
}

func (d *fakeDriver) DeclineOffer(offer *mesos.OfferID, _ *mesos.Filters) (mesos.Status, error) {
	d.asked = append(d.asked, "decline "+offer.GetValue())
	return mesos.Status_DRIVER_RUNNING, nil
}

func (d *fakeDriver) ReconcileTasks(tasks []*mesos.TaskStatus) (mesos.Status, error) {
	d.asked = append(d.asked, fmt.Sprintf("reconcile %s on %s", tasks[0].GetTaskId().GetValue(), tasks[0].GetAgentId().GetValue()))
	return mesos.Status_DRIVER_RUNNING, nil
}

func text(rs []*mesos.Resource) string {
	r, err := resource.FromProto(rs)
	if err != nil {
		return err.Error()
	}
	return r.String()
}

func offer(id, resources string) *mesos.Offer {
	return &mesos.Offer{
		Id:        &mesos.OfferID{Value: proto.String(id)},
		AgentId:   &mesos.AgentID{Value: proto.String("agent-of-" + id)},
		Hostname:  proto.String("host-of-" + id),
		Resources: resource.MustParse(resources).Proto(),
	}
}

func newTestOneOff() (*oneOff, *strings.Builder) {
	var out strings.Builder
	task := &mesos.TaskInfo{TaskId: &mesos.TaskID{Value: proto.String("run")}}
	return newOneOff(task, resource.MustParse("cpus:1;mem:64"), &out), &out
}

func TestOneOffTakesTheFirstOfferThatFits(t *testing.T) {
	o, out := newTestOneOff()
	d := &fakeDriver{}
	o.ResourceOffers(d, []*mesos.Offer{offer("O1", "cpus:0.5;mem:64"), offer("O2", "cpus:4;mem:100")})
	o.ResourceOffers(d, []*mesos.Offer{offer("O3", "cpus:4;mem:100")})
	want := []string{"decline O1", "launch run with cpus:1;mem:64 on agent-of-O2 of O2", "decline O3"}
	if diff := cmp.Diff(want, d.asked); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if want := "host-of-O1 offers cpus:0.5;mem:64, and cpus:1;mem:64 is needed: waiting for more\n"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("it says %q, want %q first", out, want)
	}
}

func TestOneOffSaysOnceThatAHostIsTooSmall(t *testing.T) {
	o, out := newTestOneOff()
	for range 3 {
		o.ResourceOffers(&fakeDriver{}, []*mesos.Offer{offer("O1", "cpus:0.5;mem:64")})
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("it says %q", out)
	}
}

func TestOneOffEndsWithItsTask(t *testing.T) {
	o, _ := newTestOneOff()
	status := func(state mesos.TaskState) *mesos.TaskStatus {
		return &mesos.TaskStatus{TaskId: o.task.TaskId, State: state.Enum()}
	}
	o.StatusUpdate(nil, status(mesos.TaskState_TASK_RUNNING))
	select {
	case end := <-o.result:
		t.Fatalf("ended with %v while the task runs", end)
	default:
	}
	o.StatusUpdate(nil, status(mesos.TaskState_TASK_FINISHED))
	o.StatusUpdate(nil, status(mesos.TaskState_TASK_LOST)) // too late to matter
	if end := <-o.result; end.status.GetState() != mesos.TaskState_TASK_FINISHED {
		t.Errorf("ended with %v", end)
	}
}

func TestOneOffAsksForItsTaskWhenTheMasterIsBack(t *testing.T) {
	o, _ := newTestOneOff()
	d := &fakeDriver{}
	o.Reregistered(d, nil) // nothing is launched yet
	o.ResourceOffers(d, []*mesos.Offer{offer("O1", "cpus:4;mem:100")})
	o.Reregistered(d, nil)
	if got, want := d.asked[len(d.asked)-1], "reconcile run on agent-of-O1"; len(d.asked) != 2 || got != want {
		t.Errorf("asked %q", d.asked)
	}
}

func TestOneOffEndsWithTheFramework(t *testing.T) {
	o, _ := newTestOneOff()
	o.Error(nil, "not welcome")
	if end := <-o.result; end.err == nil || end.err.Error() != "not welcome" {
		t.Errorf("ended with %v", end)
	}
}
