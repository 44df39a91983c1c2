// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"testing"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

// BenchmarkTasksInOneExecutor plays whole tasks (launch, running, finished,
// acknowledged) in one executor that keeps so many others alive: the cost of a
// task must not grow with them.
func BenchmarkTasksInOneExecutor(b *testing.B) {
	for _, alive := range []int{0, 500, 5000} {
		b.Run(fmt.Sprintf("alive=%d", alive), func(b *testing.B) {
			r := newBenchRig(b)
			for i := range alive {
				r.launch(fmt.Sprintf("old-%d", i))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				r.cycle(fmt.Sprintf("t%d", i), i)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
		})
	}
}

// benchRig is a core with one executor, without the checks of a rig.
type benchRig struct {
	*rig
	exec  core.Launch
	shape *mesos.TaskInfo
}

func newBenchRig(b *testing.B) *benchRig {
	c, err := core.New(core.Config{
		Agent: &mesos.AgentInfo{Hostname: new("h")}, Total: resource.MustParse("cpus:10000;mem:1000000"), RegistrationTimeout: 1, MaxGrace: 1,
	})
	if err != nil {
		b.Fatal(err)
	}
	r := &benchRig{rig: newRig(b), shape: custom("t", "e", "cpus:1;mem:32")}
	r.core = c
	r.in(core.LinkUp{})
	r.in(fromMaster(registeredMessage(agentID)))
	r.in(run(custom("first", "e", "cpus:1;mem:32")))
	r.ready()
	r.exec = r.launches["c1"]
	for _, in := range []core.Input{r.fetched("c1"), r.started("c1"), r.subscribe(1, "c1")} {
		r.in(in)
	}
	r.drain()
	return r
}

func (r *benchRig) in(in core.Input) {
	if err := r.core.Step(r.now, in); err != nil {
		r.t.Fatalf("%T: %v", in, err)
	}
}

// drain takes what the core wants, and answers changes of limits.
func (r *benchRig) drain() {
	for {
		out := r.core.Ready()
		updates := 0
		for _, a := range out.Do {
			if u, ok := a.(core.Update); ok {
				r.in(core.LimitsUpdated{Container: u.Container})
				updates++
			}
		}
		if updates == 0 {
			return
		}
	}
}

func (r *benchRig) launch(id string) {
	r.in(core.FromMaster{Message: &link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
		Framework: framework(),
		Task: &mesos.TaskInfo{
			Name: r.shape.Name, TaskId: &mesos.TaskID{Value: &id}, AgentId: r.shape.AgentId,
			Resources: r.shape.Resources, Executor: r.shape.Executor,
		},
	}}}})
	r.drain()
}

func (r *benchRig) cycle(id string, n int) {
	r.launch(id)
	for i, state := range []mesos.TaskState{taskRunning, taskFinished} {
		uuid := fmt.Sprintf("%015d%d", n, i)
		r.in(core.ExecutorCall{Conn: 1, Container: r.exec.Container, Call: &executor.Call{
			FrameworkId: &mesos.FrameworkID{Value: new("f")}, ExecutorId: &mesos.ExecutorID{Value: new("e")},
			Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: status(id, state, uuid)},
		}})
		r.in(core.FromMaster{Message: &link.FromMaster{Message: &link.FromMaster_Acknowledge{Acknowledge: &link.Acknowledge{
			FrameworkId: &mesos.FrameworkID{Value: new("f")}, TaskId: &mesos.TaskID{Value: &id}, Uuid: []byte(uuid),
		}}}})
		r.drain()
	}
}

// BenchmarkRegister builds the message of an agent that comes back with many
// tasks.
func BenchmarkRegister(b *testing.B) {
	r := newBenchRig(b)
	for i := range 5000 {
		r.launch(fmt.Sprintf("t%d", i))
	}
	for b.Loop() {
		r.in(core.LinkDown{})
		r.in(core.LinkUp{})
		r.in(fromMaster(registeredMessage(agentID)))
		r.core.Ready()
	}
}
