// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"fmt"
	"testing"

	"github.com/tepui/tepui/agent"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

// window is how many tasks a benchmark has under way at a time.
const window = 64

func many(c *agent.Config) { c.Resources = resource.MustParse("cpus:1000;mem:1000000") }

// drive launches b.N tasks, so many at a time, and acknowledges all updates
// until the last one has finished.
func drive(b *testing.B, m *masterLink, task func(i int) *mesos.TaskInfo) {
	b.ResetTimer()
	launched := 0
	launch := func() {
		if launched < b.N {
			m.run(task(launched))
			launched++
		}
	}
	for range window {
		launch()
	}
	for finished := 0; finished < b.N; {
		s := m.recv(b).GetUpdate().GetStatus()
		if s == nil {
			continue
		}
		m.ack(s)
		switch s.GetState() {
		case taskRunning:
		case taskFinished:
			finished++
			launch()
		default:
			b.Fatalf("status %v", s)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	b.StopTimer()
}

// BenchmarkCommandTasks runs command tasks through the shell, in containers
// that end as soon as they start.
func BenchmarkCommandTasks(b *testing.B) {
	h := newHost(b, many)
	h.containers.quick = true
	drive(b, h.register(), func(i int) *mesos.TaskInfo { return command(fmt.Sprintf("t%d", i)) })
}

// BenchmarkNativeCommandTasks runs /bin/true in real containers, without
// cgroups.
func BenchmarkNativeCommandTasks(b *testing.B) {
	h := newNativeHost(b, many)
	drive(b, h.register(), func(i int) *mesos.TaskInfo {
		t := command(fmt.Sprintf("t%d", i))
		t.Command = &mesos.CommandInfo{Shell: new(false), Value: new("/bin/true"), Arguments: []string{"true"}}
		return t
	})
}

// BenchmarkTasksInOneExecutor runs tasks in an executor on the other side of a
// gRPC connection, which finishes each at once.
func BenchmarkTasksInOneExecutor(b *testing.B) {
	h := newHost(b, many)
	m := h.register()
	m.run(custom("first", "e"))
	c := next(b, h.containers.started)
	e := h.connect("e", environment(c)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"])
	e.subscribe()
	go e.finishEverything()
	m.update(b, "first", taskRunning)
	m.update(b, "first", taskFinished)
	drive(b, m, func(i int) *mesos.TaskInfo { return custom(fmt.Sprintf("t%d", i), "e") })
}

// finishEverything runs until the stream ends.
func (e *fakeExecutor) finishEverything() {
	n := 0
	for {
		event, err := e.stream.Recv()
		if err != nil {
			return
		}
		if event.GetType() != executor.Event_LAUNCH {
			continue
		}
		for _, state := range []mesos.TaskState{taskRunning, taskFinished} {
			n++
			e.update(event.GetLaunch().GetTask().GetTaskId().GetValue(), fmt.Sprintf("%016d", n), state)
		}
	}
}

// BenchmarkNativeKill measures a command task from its launch to its end by a kill.
func BenchmarkNativeKill(b *testing.B) {
	h := newNativeHost(b, many)
	m := h.register()
	for i := range b.N {
		id := fmt.Sprintf("t%d", i)
		t := command(id)
		t.Command = &mesos.CommandInfo{Shell: new(false), Value: new("/bin/sleep"), Arguments: []string{"sleep", "100"}}
		m.run(t)
		m.update(b, id, taskRunning)
		m.kill(id)
		m.update(b, id, taskKilled)
	}
}
