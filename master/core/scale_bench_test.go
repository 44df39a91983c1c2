// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
)

// The largest cluster of the benchmarks: agents, and tasks on each of them.
const (
	scaleAgents = 50_000
	scaleTasks  = 10
)

// heap returns how much memory is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held on to
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fill launches scaleTasks tasks on each agent of which there is an offer, and has
// them run.
func (b *bench) fill() int {
	launched := 0
	for len(b.offers) > 0 {
		offers := b.offers
		b.offers = nil
		for _, o := range offers {
			b.acceptTasks(o, scaleTasks)
			b.flush()
			launched += len(b.runs)
			b.report(mesos.TaskState_TASK_RUNNING)
			b.runs = b.runs[:0]
			b.flush()
			b.acknowledgeAll()
			b.flush()
		}
	}
	return launched
}

// acceptTasks accepts an offer for n command tasks of a hundredth of a cpu.
func (b *bench) acceptTasks(o *mesos.Offer, n int) {
	var tasks []*mesos.TaskInfo
	for range n {
		b.uuids++
		id := fmt.Sprint("task", b.uuids)
		tasks = append(tasks, &mesos.TaskInfo{
			Name: &id, TaskId: &mesos.TaskID{Value: &id}, AgentId: o.GetAgentId(),
			Resources: resource.MustParse("cpus:0.01;mem:32").Proto(), Command: &mesos.CommandInfo{Value: new("true")},
		})
	}
	b.step(core.Call{Conn: benchScheduler, Call: &scheduler.Call{
		Type: scheduler.Call_ACCEPT.Enum(), FrameworkId: b.framework,
		Accept: &scheduler.Call_Accept{
			OfferIds:   []*mesos.OfferID{o.GetId()},
			Operations: []*mesos.Offer_Operation{launch(tasks...)},
			Filters:    &mesos.Filters{RefuseSeconds: new(float64(1 << 20))},
		},
	}})
}

// BenchmarkMemory is what a master's core and allocator hold for 50,000 agents,
// and then for 500,000 tasks that run on them.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		c := newBench(b, scaleAgents)
		empty := heap()
		tasks := c.fill()
		full := heap()
		if tasks != scaleAgents*scaleTasks {
			b.Fatalf("%d tasks run, want %d", tasks, scaleAgents*scaleTasks)
		}
		b.ReportMetric(float64(empty-before)/scaleAgents, "B/agent")
		b.ReportMetric(float64(full-empty)/float64(tasks), "B/task")
		b.ReportMetric(float64(full-before)/(1<<20), "MiB")
		runtime.KeepAlive(c)
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFailover is a new master to which 40,000 agents with 400,000 tasks come
// back, until all of them are known again.
func BenchmarkFailover(b *testing.B) {
	const agents = 40_000
	frameworkID := &mesos.FrameworkID{Value: new("old-F")}
	info := frameworkInfo()
	info.Id = frameworkID
	messages := make([]*link.Register, agents)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range messages {
			messages[i] = returning(i, info)
		}
		c := newBench(b, 0)
		b.StartTimer()
		for i, m := range messages {
			c.step(core.AgentMessage{Conn: benchAgent + core.ConnID(i), Message: registerMessage(m)})
			if i%256 == 0 {
				c.flush()
			}
		}
		c.flush()
	}
	b.ReportMetric(float64(agents)*float64(b.N)/b.Elapsed().Seconds(), "agents/s")
}

// returning is what the i-th agent says that comes back with its tasks.
func returning(i int, framework *mesos.FrameworkInfo) *link.Register {
	id := &mesos.AgentID{Value: new(fmt.Sprint("old-S", i))}
	m := &link.Register{
		Agent: &mesos.AgentInfo{
			Hostname: new(fmt.Sprint("host", i)), Id: id,
			Resources: resource.MustParse("cpus:4;mem:4096;disk:10000;ports:[31000-32000]").Proto(),
		},
		Frameworks: []*mesos.FrameworkInfo{framework},
	}
	for n := range scaleTasks {
		m.Tasks = append(m.Tasks, &mesos.Task{
			Name: new("task"), TaskId: &mesos.TaskID{Value: new(fmt.Sprintf("task%d-%d", i, n))},
			FrameworkId: framework.GetId(), AgentId: id, State: mesos.TaskState_TASK_RUNNING.Enum(),
			Resources:         resource.MustParse("cpus:0.01;mem:32").Proto(),
			StatusUpdateState: mesos.TaskState_TASK_RUNNING.Enum(), StatusUpdateUuid: make([]byte, 16),
		})
	}
	return m
}
