// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tepui/tepui/integration/vagrant"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// framework is a scheduler that keeps what it is told, for a test to look at. It
// holds every offer until the test launches something with it.
type framework struct {
	scheduler.Callbacks
	driver *scheduler.MesosDriver

	mu        sync.Mutex // guards what follows
	offers    map[string]*mesos.Offer
	updates   map[string][]*mesos.TaskStatus // by task, in the order of arrival
	executors map[string]int                 // wait status of executors that ended
	problem   string                         // of Error
}

// subscribe starts a framework and stops it, tasks included, when the test ends.
func subscribe(t *testing.T) *framework {
	t.Helper()
	f := &framework{
		offers:    map[string]*mesos.Offer{},
		updates:   map[string][]*mesos.TaskStatus{},
		executors: map[string]int{},
	}
	f.driver = scheduler.NewDriver(f, &mesos.FrameworkInfo{
		User: proto.String("root"),
		Name: proto.String(t.Name()),
	}, vagrant.Endpoint)
	if _, err := f.driver.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.driver.Stop(false)
		if _, err := f.driver.Join(); err != nil {
			t.Errorf("the framework's driver ended with: %v", err)
		}
	})
	return f
}

// ResourceOffers keeps the offers.
func (f *framework) ResourceOffers(_ scheduler.Driver, offers []*mesos.Offer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range offers {
		f.offers[o.GetId().GetValue()] = o
	}
}

// OfferRescinded forgets an offer.
func (f *framework) OfferRescinded(_ scheduler.Driver, id *mesos.OfferID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.offers, id.GetValue())
}

// Disconnected forgets all offers, which are void now.
func (f *framework) Disconnected(scheduler.Driver) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.offers)
}

// StatusUpdate keeps the update.
func (f *framework) StatusUpdate(_ scheduler.Driver, status *mesos.TaskStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := status.GetTaskId().GetValue()
	f.updates[id] = append(f.updates[id], status)
}

// ExecutorLost keeps the wait status.
func (f *framework) ExecutorLost(_ scheduler.Driver, executor *mesos.ExecutorID, _ *mesos.AgentID, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.executors[executor.GetValue()] = status
}

// Error keeps the message.
func (f *framework) Error(_ scheduler.Driver, message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.problem = message
}

// launch waits for an offer of the agent m and launches tasks with it.
func (f *framework) launch(t *testing.T, m vagrant.Machine, tasks ...*mesos.TaskInfo) {
	t.Helper()
	var offer *mesos.Offer
	eventually(t, patience, func(context.Context) error {
		offer = f.take(m)
		if offer == nil {
			return fmt.Errorf("no offer of %s; offered: %s", m.Name, f.hosts())
		}
		return nil
	})
	for _, task := range tasks {
		task.AgentId = offer.GetAgentId()
	}
	// What is left over comes back at once, for the next launch.
	none := &mesos.Filters{RefuseSeconds: proto.Float64(0)}
	if _, err := f.driver.LaunchTasks([]*mesos.OfferID{offer.GetId()}, tasks, none); err != nil {
		t.Fatal(err)
	}
}

func (f *framework) take(m vagrant.Machine) *mesos.Offer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, o := range f.offers {
		if o.GetHostname() == m.IP {
			delete(f.offers, id)
			return o
		}
	}
	return nil
}

// hosts tells which machines' offers the framework holds, for messages.
func (f *framework) hosts() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	hosts := []string{}
	for _, o := range f.offers {
		hosts = append(hosts, o.GetHostname())
	}
	slices.Sort(hosts)
	return fmt.Sprintf("%q, error %q", hosts, f.problem)
}

// await waits until the last update of task is in state, and returns it.
func (f *framework) await(t *testing.T, task string, state mesos.TaskState) *mesos.TaskStatus {
	t.Helper()
	var last *mesos.TaskStatus
	eventually(t, patience, func(context.Context) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		updates := f.updates[task]
		if len(updates) == 0 {
			return fmt.Errorf("no update of task %s, want %v; error %q", task, state, f.problem)
		}
		last = updates[len(updates)-1]
		if last.GetState() != state {
			return fmt.Errorf("task %s is in %v (%v: %s), want %v",
				task, last.GetState(), last.GetReason(), last.GetMessage(), state)
		}
		return nil
	})
	return last
}

// ended returns the wait status of an executor that has ended.
func (f *framework) ended(executor string) (int, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	status, ok := f.executors[executor]
	return status, ok
}

// quantities are resources as a task or executor asks for them.
func quantities(cpus, mem float64) []*mesos.Resource {
	scalar := func(name string, v float64) *mesos.Resource {
		return &mesos.Resource{
			Name:   proto.String(name),
			Type:   mesos.Value_SCALAR.Enum(),
			Scalar: &mesos.Value_Scalar{Value: proto.Float64(v)},
		}
	}
	return []*mesos.Resource{scalar("cpus", cpus), scalar("mem", mem)}
}

// commandTask is a task that runs a shell command.
func commandTask(id, command string, cpus, mem float64) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name:      proto.String(id),
		TaskId:    taskID(id),
		Resources: quantities(cpus, mem),
		Command:   &mesos.CommandInfo{Value: proto.String(command)},
	}
}

func taskID(id string) *mesos.TaskID {
	return &mesos.TaskID{Value: proto.String(id)}
}
