// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sync"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// testScheduler launches tasks as offers allow, and counts.
type testScheduler struct {
	scheduler.Callbacks
	executor *mesos.ExecutorInfo
	need     resource.Resources // of one task
	base     resource.Resources // of one executor

	mu       sync.Mutex // main reads when the driver has ended, or is ending
	tasks    int
	launched int
	finished int
	reported int
	failed   string // why a task did not finish
}

func newScheduler(f flags, command *mesos.CommandInfo) (*testScheduler, error) {
	need, err := resource.Parse(fmt.Sprintf("cpus:%g;mem:%g", f.cpus, f.mem))
	if err != nil {
		return nil, fmt.Errorf("resources of a task: %w", err)
	}
	s := &testScheduler{tasks: f.tasks, need: need, base: resource.MustParse("cpus:0.1;mem:32")}
	s.executor = &mesos.ExecutorInfo{
		ExecutorId: &mesos.ExecutorID{Value: proto.String("default")},
		Type:       mesos.ExecutorInfo_CUSTOM.Enum(),
		Name:       proto.String("Test Executor (Go)"),
		Command:    command,
		Resources:  s.base.Proto(),
		Data:       []byte("hello from the scheduler"),
	}
	return s, nil
}

// Registered says so.
func (s *testScheduler) Registered(_ scheduler.Driver, id *mesos.FrameworkID, m *mesos.MasterInfo) {
	fmt.Printf("registered as %s with master %s\n", id.GetValue(), m.GetId())
}

// ResourceOffers launches as many tasks as fit, and declines what is left.
func (s *testScheduler) ResourceOffers(d scheduler.Driver, offers []*mesos.Offer) {
	for _, offer := range offers {
		tasks, err := s.fit(offer)
		if err == nil {
			_, err = d.LaunchTasks([]*mesos.OfferID{offer.GetId()}, tasks, nil)
		}
		if err != nil {
			s.fail(d, err.Error())
			return
		}
		fmt.Printf("offer %s of %s: launching %d tasks\n", offer.GetId().GetValue(), offer.GetHostname(), len(tasks))
	}
}

// fit makes the tasks that an offer has room for. All tasks on an agent share one
// executor.
func (s *testScheduler) fit(offer *mesos.Offer) ([]*mesos.TaskInfo, error) {
	free, err := resource.FromProto(offer.GetResources())
	if err != nil {
		return nil, fmt.Errorf("offer %s: %w", offer.GetId().GetValue(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var tasks []*mesos.TaskInfo
	for wanted := s.base.Add(s.need); s.launched < s.tasks && free.Contains(wanted); wanted = wanted.Add(s.need) {
		id := fmt.Sprint(s.launched)
		s.launched++
		tasks = append(tasks, &mesos.TaskInfo{
			Name:      proto.String("task " + id),
			TaskId:    &mesos.TaskID{Value: proto.String(id)},
			AgentId:   offer.GetAgentId(),
			Resources: s.need.Proto(),
			Executor:  s.executor,
		})
	}
	return tasks, nil
}

// StatusUpdate counts tasks that finished; any other end is a failure.
func (s *testScheduler) StatusUpdate(d scheduler.Driver, status *mesos.TaskStatus) {
	fmt.Printf("task %s: %v\n", status.GetTaskId().GetValue(), status.GetState())
	switch {
	case status.GetState() == mesos.TaskState_TASK_FINISHED:
		s.mu.Lock()
		s.finished++
		s.mu.Unlock()
		s.end(d)
	case mesos.Terminal(status.GetState()):
		s.fail(d, fmt.Sprintf("task %s: %v: %s", status.GetTaskId().GetValue(), status.GetState(), status.GetMessage()))
	}
}

// FrameworkMessage counts what tasks report.
func (s *testScheduler) FrameworkMessage(d scheduler.Driver, _ *mesos.ExecutorID, _ *mesos.AgentID, data []byte) {
	fmt.Printf("message: %s\n", data)
	s.mu.Lock()
	s.reported++
	s.mu.Unlock()
	s.end(d)
}

// end stops the framework when there is nothing left to wait for.
func (s *testScheduler) end(d scheduler.Driver) {
	if s.complete() {
		d.Stop(false)
	}
}

func (s *testScheduler) fail(d scheduler.Driver, why string) {
	s.mu.Lock()
	s.failed = why
	s.mu.Unlock()
	d.Stop(false)
}

func (s *testScheduler) complete() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finished == s.tasks && s.reported == s.tasks
}

func (s *testScheduler) summary() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d of %d tasks finished, %d reported", s.finished, s.tasks, s.reported)
}

func (s *testScheduler) verdict() error {
	if s.complete() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == "" {
		s.failed = "the driver was stopped"
	}
	return fmt.Errorf("not all tasks finished: %s", s.failed)
}
