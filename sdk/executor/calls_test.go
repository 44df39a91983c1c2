// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/protobuf/proto"
)

func TestSendStatusUpdate(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		mine := &mesos.TaskStatus{TaskId: taskID("T1"), State: mesos.TaskState_TASK_FINISHED.Enum(), Data: []byte("42")}
		if s, err := b.driver.SendStatusUpdate(mine); s != mesos.Status_DRIVER_RUNNING || err != nil {
			t.Fatalf("SendStatusUpdate = %v, %v", s, err)
		}
		mine.Data = []byte("changed after the call")
		got := p.Next()
		uuid := got.GetUpdate().GetStatus().GetUuid()
		if len(uuid) != 16 {
			t.Errorf("uuid %x: want 16 bytes", uuid)
		}
		same(t, got, call(wire.Call_UPDATE, func(c *wire.Call) {
			c.Update = &wire.Call_Update{Status: &mesos.TaskStatus{
				TaskId:     taskID("T1"),
				State:      mesos.TaskState_TASK_FINISHED.Enum(),
				Data:       []byte("42"),
				Source:     mesos.TaskStatus_SOURCE_EXECUTOR.Enum(),
				ExecutorId: executorID(),
				Timestamp:  proto.Float64(946684800), // when a bubble begins
				Uuid:       uuid,
			}}
		}))
		if mine.Uuid != nil {
			t.Error("the caller's status was changed")
		}
		b.send("T1", mesos.TaskState_TASK_FINISHED)
		if again := p.Next().GetUpdate().GetStatus().GetUuid(); string(again) == string(uuid) {
			t.Errorf("two updates have the uuid %x", uuid)
		}
	})
}

func TestSendStatusUpdateRefuses(t *testing.T) {
	tests := map[string]*mesos.TaskStatus{
		"status":       nil,
		"task_id":      {State: mesos.TaskState_TASK_RUNNING.Enum()},
		"TASK_STAGING": {TaskId: taskID("T1"), State: mesos.TaskState_TASK_STAGING.Enum()},
	}
	for want, status := range tests {
		t.Run(want, func(t *testing.T) {
			inBubble(t, plain(), func(b *bench) {
				p := b.registered()
				s, err := b.driver.SendStatusUpdate(status)
				if s != mesos.Status_DRIVER_RUNNING || err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("SendStatusUpdate = %v, %v; want %q", s, err, want)
				}
				p.Silent(time.Minute)
			})
		})
	}
}

// As many updates are kept as may be, and no more.
func TestSendStatusUpdateIsBounded(t *testing.T) {
	inBubble(t, checkpointing(), func(b *bench) {
		p := b.registered()
		b.send("T1", mesos.TaskState_TASK_RUNNING)
		b.send("T2", mesos.TaskState_TASK_RUNNING)
		third := func() error {
			_, err := b.driver.SendStatusUpdate(&mesos.TaskStatus{TaskId: taskID("T3"), State: mesos.TaskState_TASK_RUNNING.Enum()})
			return err
		}
		if err := third(); !errors.Is(err, executor.ErrBusy) {
			t.Errorf("third update: %v, want ErrBusy", err)
		}
		first := p.Next()
		p.Next()
		p.Send(acknowledge(first))
		time.Sleep(time.Second)
		if err := third(); err != nil {
			t.Errorf("third update after an acknowledgement: %v", err)
		}
		if id := p.Next().GetUpdate().GetStatus().GetTaskId().GetValue(); id != "T3" {
			t.Errorf("update of %s, want T3", id)
		}
	}, executor.WithQueue(2))
}

func TestSendFrameworkMessage(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		data := []byte("hello")
		if s, err := b.driver.SendFrameworkMessage(data); s != mesos.Status_DRIVER_RUNNING || err != nil {
			t.Fatalf("SendFrameworkMessage = %v, %v", s, err)
		}
		data[0] = 'j'
		same(t, p.Next(), call(wire.Call_MESSAGE, func(c *wire.Call) {
			c.Message = &wire.Call_Message{Data: []byte("hello")}
		}))
	})
}

func TestSendFrameworkMessageRefuses(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		s, err := b.driver.SendFrameworkMessage(make([]byte, 5<<20))
		if s != mesos.Status_DRIVER_RUNNING || err == nil || !strings.Contains(err.Error(), "must have at most 4194304") {
			t.Errorf("SendFrameworkMessage = %v, %v", s, err)
		}
		p.Silent(time.Minute)
	})
}

func TestSendFrameworkMessageWhileDisconnected(t *testing.T) {
	inBubble(t, checkpointing(), func(b *bench) {
		p := b.registered()
		b.agent.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		if s, err := b.driver.SendFrameworkMessage(nil); s != mesos.Status_DRIVER_RUNNING || !errors.Is(err, executor.ErrDisconnected) {
			t.Errorf("SendFrameworkMessage = %v, %v", s, err)
		}
	})
}

// An agent that does not read makes calls fail, and does not make them wait.
func TestCallsDoNotWait(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		b.registered()
		data := make([]byte, 1<<20)
		begin := time.Now()
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			_, err = b.driver.SendFrameworkMessage(data)
		}
		if !errors.Is(err, executor.ErrBusy) || time.Since(begin) != 0 {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	}, executor.WithQueue(10))
}
