// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"pgregory.net/rapid"
)

// benchAgents is how many agents a benchmark's cluster has; each has room for
// four of its tasks.
const benchAgents = 100

// bench is a cluster whose peers cost as little as possible.
type bench struct {
	tb        rapid.TB
	core      *core.Core
	now       time.Time
	framework *mesos.FrameworkID
	offers    []*mesos.Offer
	runs      []*mesos.TaskInfo
	updates   []*mesos.TaskStatus
	uuids     uint64
}

const (
	benchScheduler core.ConnID = 1
	benchAgent     core.ConnID = 2 // the first of many
)

func newBench(tb rapid.TB, agents int) *bench {
	c, err := core.New(core.Config{
		Master:    &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(0))},
		Allocator: allocator.New(allocator.Config{}),
	})
	if err != nil {
		tb.Fatal(err)
	}
	b := &bench{tb: tb, core: c, now: time.Unix(1_700_000_000, 0)}
	b.step(core.Call{Conn: benchScheduler, Call: subscribeCall(frameworkInfo())})
	for i := range agents {
		info := &mesos.AgentInfo{Hostname: new(fmt.Sprint("host", i)), Resources: resource.MustParse("cpus:4;mem:4096;disk:10000;ports:[31000-32000]").Proto()}
		b.step(core.AgentMessage{Conn: benchAgent + core.ConnID(i), Message: registerMessage(&link.Register{Agent: info})})
	}
	b.flush()
	return b
}

func (b *bench) step(in core.Input) {
	if err := b.core.Step(b.now, in); err != nil {
		b.tb.Fatal(err)
	}
}

// flush takes a Ready, and keeps what the peers are to react to.
func (b *bench) flush() {
	ready := b.core.Ready()
	for i := range ready.Send {
		switch m := &ready.Send[i]; {
		case m.Event.GetOffers() != nil:
			b.offers = append(b.offers, m.Event.GetOffers().GetOffers()...)
		case m.Event.GetUpdate() != nil:
			b.updates = append(b.updates, m.Event.GetUpdate().GetStatus())
		case m.Event.GetSubscribed() != nil:
			b.framework = m.Event.GetSubscribed().GetFrameworkId()
		case m.Down.GetRun() != nil:
			b.runs = append(b.runs, m.Down.GetRun().GetTask())
		}
	}
}

// launchAll accepts every offer for as many tasks as it has room for.
func (b *bench) launchAll() {
	for _, o := range b.offers {
		var tasks []*mesos.TaskInfo
		for range 4 {
			b.uuids++
			id := fmt.Sprint("task", b.uuids)
			tasks = append(tasks, &mesos.TaskInfo{
				Name: &id, TaskId: &mesos.TaskID{Value: &id}, AgentId: o.GetAgentId(),
				Resources: resource.MustParse("cpus:1;mem:128").Proto(), Command: &mesos.CommandInfo{Value: new("true")},
			})
		}
		b.step(core.Call{Conn: benchScheduler, Call: &scheduler.Call{
			Type: scheduler.Call_ACCEPT.Enum(), FrameworkId: b.framework,
			Accept: &scheduler.Call_Accept{OfferIds: []*mesos.OfferID{o.GetId()}, Operations: []*mesos.Offer_Operation{launch(tasks...)}},
		}})
	}
	b.offers = b.offers[:0]
}

// report sends an update of each task that runs, from its agent.
func (b *bench) report(state mesos.TaskState) {
	for _, t := range b.runs {
		var agent uint64
		if _, err := fmt.Sscanf(t.GetAgentId().GetValue(), "m-S%d", &agent); err != nil {
			b.tb.Fatal(err)
		}
		b.uuids++
		id := binary.BigEndian.AppendUint64(make([]byte, 8, 16), b.uuids)
		b.step(core.AgentMessage{
			Conn:    benchAgent + core.ConnID(agent),
			Message: updateMessage(b.framework, t.GetAgentId(), t.GetTaskId().GetValue(), state, id, state),
		})
	}
}

// acknowledgeAll acknowledges every update that came.
func (b *bench) acknowledgeAll() {
	for _, status := range b.updates {
		b.step(core.Call{Conn: benchScheduler, Call: &scheduler.Call{
			Type: scheduler.Call_ACKNOWLEDGE.Enum(), FrameworkId: b.framework,
			Acknowledge: &scheduler.Call_Acknowledge{AgentId: status.GetAgentId(), TaskId: status.GetTaskId(), Uuid: status.GetUuid()},
		}})
	}
	b.updates = b.updates[:0]
}

// BenchmarkTaskCycle is a task from ACCEPT to the acknowledgement of its end:
// a launch, one update and one acknowledgement each.
func BenchmarkTaskCycle(b *testing.B) {
	for _, agents := range []int{benchAgents, 10_000} {
		b.Run(fmt.Sprint("agents=", agents), func(b *testing.B) { benchmarkTaskCycle(b, agents) })
	}
}

func benchmarkTaskCycle(b *testing.B, agents int) {
	c := newBench(b, agents)
	b.ReportAllocs()
	tasks := 0
	for b.Loop() {
		c.launchAll()
		c.flush()
		tasks += len(c.runs)
		c.report(mesos.TaskState_TASK_FINISHED)
		c.runs = c.runs[:0]
		c.flush()
		c.acknowledgeAll()
		c.flush()
	}
	b.ReportMetric(float64(tasks)/b.Elapsed().Seconds(), "tasks/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkUpdates is updates of running tasks with their acknowledgements.
func BenchmarkUpdates(b *testing.B) {
	c := newBench(b, benchAgents)
	c.launchAll()
	c.flush()
	b.ReportAllocs()
	updates := 0
	for b.Loop() {
		c.report(mesos.TaskState_TASK_RUNNING)
		c.flush()
		updates += len(c.updates)
		c.acknowledgeAll()
		c.flush()
	}
	b.ReportMetric(float64(updates)/b.Elapsed().Seconds(), "updates/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDecline is an offer that is made and declined, with its filter
// expiring, on a cluster of 1000 agents.
func BenchmarkDecline(b *testing.B) {
	c := newBench(b, 1000)
	b.ReportAllocs()
	offers := 0
	for b.Loop() {
		for _, o := range c.offers {
			c.step(core.Call{Conn: benchScheduler, Call: &scheduler.Call{
				Type: scheduler.Call_DECLINE.Enum(), FrameworkId: c.framework,
				Decline: &scheduler.Call_Decline{OfferIds: []*mesos.OfferID{o.GetId()}},
			}})
		}
		offers += len(c.offers)
		c.offers = c.offers[:0]
		c.now = c.now.Add(time.Minute)
		c.step(core.Tick{})
		c.flush()
	}
	b.ReportMetric(float64(offers)/b.Elapsed().Seconds(), "offers/s")
	b.ReportMetric(0, "ns/op")
}
