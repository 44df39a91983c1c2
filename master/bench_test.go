// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/resource"
)

// benchAgents is how many agents a benchmark's cluster has, each with a link of
// its own and room for benchTasks tasks.
const (
	benchAgents = 50
	benchTasks  = 16
)

// BenchmarkTasks is tasks from ACCEPT to the acknowledgement of their end, over
// gRPC in memory, with agents that run everything in no time. The agents and the
// scheduler take their part of the processor too.
func BenchmarkTasks(b *testing.B) {
	c := start(b, master.Config{})
	defer c.stop()
	for range benchAgents {
		a := c.dial().register(fmt.Sprintf("cpus:%d;mem:65536", benchTasks), nil)
		go a.serve(mesos.TaskState_TASK_FINISHED)
	}
	s := c.dial().subscribe()
	launched, ended := 0, 0
	for b.Loop() {
		for before := ended; ended == before; {
			ended += s.step(b, &launched)
		}
	}
	b.ReportMetric(float64(ended)/b.Elapsed().Seconds(), "tasks/s")
}

// step handles one event: offers are filled with tasks, updates acknowledged. It
// returns how many tasks have ended.
func (s *schedulerStream) step(tb testing.TB, launched *int) int {
	e, err := s.Recv()
	if err != nil {
		tb.Fatal(err)
	}
	for _, o := range e.GetOffers().GetOffers() {
		room := int(scalarOf(o, "cpus"))
		tasks := make([]*mesos.TaskInfo, 0, room)
		for range room {
			*launched++
			tasks = append(tasks, task(fmt.Sprint(*launched), o, resource.MustParse("cpus:1;mem:64").Proto()))
		}
		s.accept(o, tasks...)
	}
	if u := e.GetUpdate().GetStatus(); u != nil {
		s.acknowledge(u)
		return 1
	}
	return 0
}

func scalarOf(o *mesos.Offer, name string) float64 {
	for _, r := range o.GetResources() {
		if r.GetName() == name {
			return r.GetScalar().GetValue()
		}
	}
	return 0
}

// serve answers each Run with an update, until the link ends.
func (a *agentStream) serve(state mesos.TaskState) {
	var uuid uint64
	for {
		m, err := a.Recv()
		if err != nil {
			return
		}
		run := m.GetRun()
		if run == nil {
			continue
		}
		uuid++
		if err := a.Send(&link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
			FrameworkId: run.GetFramework().GetId(),
			Status: &mesos.TaskStatus{
				TaskId: run.GetTask().GetTaskId(), State: &state, AgentId: a.id,
				Uuid: binary.BigEndian.AppendUint64([]byte(run.GetTask().GetTaskId().GetValue() + "--------")[:8:8], uuid),
			},
			LatestState: &state,
		}}}); err != nil {
			return
		}
	}
}

// BenchmarkUpdates is status updates with their acknowledgements, over gRPC in
// memory: each agent has one task and keeps one update in flight, as real ones
// do.
func BenchmarkUpdates(b *testing.B) {
	c := start(b, master.Config{})
	defer c.stop()
	for range benchAgents {
		a := c.dial().register("cpus:1;mem:64", nil)
		go a.report()
	}
	s := c.dial().subscribe()
	launched, updates := 0, 0
	for launched < benchAgents {
		updates += s.step(b, &launched)
	}
	for b.Loop() {
		for before := updates; updates == before; {
			updates += s.step(b, &launched)
		}
	}
	b.ReportMetric(float64(updates)/b.Elapsed().Seconds(), "updates/s")
}

// report answers a Run and every acknowledgement with another update.
func (a *agentStream) report() {
	var uuid uint64
	var framework *mesos.FrameworkID
	var id *mesos.TaskID
	for {
		m, err := a.Recv()
		if err != nil {
			return
		}
		if run := m.GetRun(); run != nil {
			framework, id = run.GetFramework().GetId(), run.GetTask().GetTaskId()
		}
		uuid++
		state := mesos.TaskState_TASK_RUNNING
		if err := a.Send(&link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
			FrameworkId: framework,
			Status:      &mesos.TaskStatus{TaskId: id, State: &state, AgentId: a.id, Uuid: binary.BigEndian.AppendUint64(make([]byte, 8), uuid)},
			LatestState: &state,
		}}}); err != nil {
			return
		}
	}
}
