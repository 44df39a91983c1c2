// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// subscribed has an executor run that is connected and has a task, t1.
func (h *host) subscribed(m *masterLink) (e *fakeExecutor, token string) {
	h.t.Helper()
	m.run(custom("t1", "e"))
	token = environment(next(h.t, h.containers.started))["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]
	e = h.connect("e", token)
	e.subscribe()
	e.expect(executor.Event_LAUNCH)
	return e, token
}

func message(data []byte) *link.FromMaster {
	return &link.FromMaster{Message: &link.FromMaster_ExecutorMessage{ExecutorMessage: &link.ExecutorMessage{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: data,
	}}}
}

// TestSlowExecutorIsCutOff: it is not waited for, nothing else waits with it,
// and it may come back.
func TestSlowExecutorIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		e, token := h.subscribed(m)
		for range 80 { // of a MiB, more than may wait
			m.send(message(make([]byte, 1<<20)))
		}
		synctest.Wait()
		m.run(command("t2"))
		c := next(t, h.containers.started)
		m.update(t, "t2", taskRunning)
		m.kill("t2")
		next(t, c.signals)
		var err error
		for err == nil {
			_, err = e.stream.Recv()
		}
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("the executor's stream ends with %v", err)
		}
		again := h.connect("e", token)
		again.subscribe()
		m.send(message([]byte("hello")))
		again.expect(executor.Event_MESSAGE)
	})
}

func TestConnectionsOfOneExecutorAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		_, token := h.subscribed(m)
		var last *fakeExecutor
		for range 20 {
			last = h.connect("e", token)
			synctest.Wait()
		}
		if _, err := last.stream.Recv(); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("the last of many connections ends with %v", err)
		}
	})
}

// TestExecutorComesAndGoes: an executor that closes its side is gone, its
// container and tasks are not.
func TestExecutorComesAndGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		e, token := h.subscribed(m)
		e.update("t1", "1", taskRunning)
		e.expect(executor.Event_ACKNOWLEDGED)
		m.update(t, "t1", taskRunning)
		if err := e.stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if ev, err := e.stream.Recv(); err == nil {
			t.Errorf("got %v after closing", ev)
		}
		m.run(custom("t2", "e"))
		again := h.connect("e", token)
		again.subscribe()
		again.expect(executor.Event_LAUNCH)
		again.update("t1", "2", taskFinished)
		again.expect(executor.Event_ACKNOWLEDGED)
		m.update(t, "t1", taskFinished)
	})
}

func TestDuplicateUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		e, _ := h.subscribed(m)
		e.update("t1", "1", taskRunning)
		e.update("t1", "1", taskRunning)
		e.update("t1", "2", taskFinished)
		for range 3 {
			e.expect(executor.Event_ACKNOWLEDGED)
		}
		m.update(t, "t1", taskRunning)
		m.update(t, "t1", taskFinished)
	})
}

// TestLastWords: what an executor has sent before its end counts, however soon
// the agent learns of the end.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(custom("t1", "e"))
		c := next(t, h.containers.started)
		e := h.connect("e", environment(c)["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"])
		e.subscribe()
		e.expect(executor.Event_LAUNCH)
		c.end(core.Exit{})
		synctest.Wait()
		e.update("t1", "1", taskFinished) // was on its way
		if err := e.stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		m.update(t, "t1", taskFinished)
	})
}

// TestGarbageFromTheMaster: what makes no sense is refused, and the link goes on.
func TestGarbageFromTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		e, _ := h.subscribed(m)
		bad := command("t1")
		bad.AgentId.Value = new("another")
		m.send(&link.FromMaster{})
		m.run(bad)
		m.run(custom("../..", "e"))
		m.kill("..")
		m.send(&link.FromMaster{Message: &link.FromMaster_Registered{Registered: &link.Registered{
			AgentId: &mesos.AgentID{Value: new("another")},
			Master:  &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
		}}})
		m.send(message([]byte("still here")))
		e.expect(executor.Event_MESSAGE)
	})
}
