// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tepui/tepui/agent"
	mesos "github.com/tepui/tepui/api/v1"
)

// TestTheMasterOfAStoppedAgentHearsThatItStopped: otherwise it would take its tasks
// for running until the agent has missed its pings.
func TestTheMasterOfAStoppedAgentHearsThatItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 { // what is sent last must not depend on who comes first
			h := newHost(t)
			m := h.register()
			m.run(command("t1"))
			next(t, h.containers.started)
			m.update(t, "t1", mesos.TaskState_TASK_RUNNING)
			h.cancel()
			m.update(t, "t1", mesos.TaskState_TASK_KILLED)
			if msg := m.recv(t); msg.GetUnregister() == nil {
				t.Errorf("got %v, want Unregister", msg)
			}
			h.stop0()
		}
	})
}

// mute is a connection on which, once it is cut, nothing arrives any more.
type mute struct {
	net.Conn
	cut *atomic.Bool
}

func (m mute) Write(b []byte) (int, error) {
	if m.cut.Load() {
		return len(b), nil
	}
	return m.Conn.Write(b)
}

func TestAStoppingAgentDoesNotWaitLongForItsMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cut atomic.Bool
		h := newHost(t, func(c *agent.Config) {
			dial := c.Dial
			c.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				conn, err := dial(ctx, addr)
				return mute{conn, &cut}, err
			}
		})
		h.register()
		cut.Store(true)
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("stopping took %v", took)
		}
	})
}

// TestAnAgentWithoutMasterStopsAtOnce: nobody is there to be told.
func TestAnAgentWithoutMasterStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, func(c *agent.Config) {
			c.Dial = func(ctx context.Context, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		})
		time.Sleep(time.Minute)
		began := time.Now()
		h.stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("stopping took %v", took)
		}
	})
}
