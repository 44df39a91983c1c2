// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func TestRegistered(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		md, _ := metadata.FromIncomingContext(p.Context())
		if got := md.Get("authorization"); len(got) != 1 || got[0] != "Bearer secret" {
			t.Errorf("authorization is %q", got)
		}
	})
}

// What the agent does not know yet is in the next SUBSCRIBE: tasks of which it
// has acknowledged no update, and updates that it has not acknowledged.
func TestReregistered(t *testing.T) {
	inBubble(t, checkpointing(), func(b *bench) {
		p := b.registered()
		for _, id := range []string{"T1", "T2", "T3"} {
			p.Send(launch(id))
			b.expect("LaunchTask " + id)
		}
		b.send("T1", mesos.TaskState_TASK_RUNNING)
		b.send("T2", mesos.TaskState_TASK_RUNNING)
		b.send("T1", mesos.TaskState_TASK_FINISHED)
		running1, running2, finished1 := p.Next(), p.Next(), p.Next()
		p.Send(acknowledge(running1))
		b.agent.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		b.send("T3", mesos.TaskState_TASK_FAILED)
		time.Sleep(10 * time.Minute) // virtual
		b.agent.SetDown(false)

		p = b.agent.Accept()
		got := p.Next().GetSubscribe()
		updates := got.GetUnacknowledgedUpdates()
		if len(updates) != 3 {
			t.Fatalf("%d unacknowledged updates, want 3: %v", len(updates), updates)
		}
		same(t, updates[0], running2.GetUpdate())
		same(t, updates[1], finished1.GetUpdate())
		if id := updates[2].GetStatus().GetTaskId().GetValue(); id != "T3" {
			t.Errorf("third unacknowledged update is of %s, want T3", id)
		}
		same(t, &wire.Call_Subscribe{UnacknowledgedTasks: got.GetUnacknowledgedTasks()},
			&wire.Call_Subscribe{UnacknowledgedTasks: []*mesos.TaskInfo{task("T2"), task("T3")}})

		// An update between SUBSCRIBE and SUBSCRIBED is in neither, and must not be lost.
		b.send("T2", mesos.TaskState_TASK_FINISHED)
		p.Send(subscribed())
		b.expect("Reregistered on h")
		if s := p.Next().GetUpdate().GetStatus(); s.GetTaskId().GetValue() != "T2" || s.GetState() != mesos.TaskState_TASK_FINISHED {
			t.Errorf("after SUBSCRIBED came %v, want T2 finished", s)
		}
		p.Silent(time.Minute)
	})
}

// SUBSCRIBE is no larger than an agent takes. What does not fit in it follows.
func TestReregisteredWithMoreThanOneCallHolds(t *testing.T) {
	inBubble(t, checkpointing(), func(b *bench) {
		p := b.registered()
		const count = 7
		data := make([]byte, 1<<20)
		send := func(i int) {
			_, err := b.driver.SendStatusUpdate(&mesos.TaskStatus{
				TaskId: taskID("T1"), State: mesos.TaskState_TASK_RUNNING.Enum(),
				Message: proto.String(strconv.Itoa(i)), Data: data,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range 5 {
			send(i)
			p.Next() // sent, not acknowledged
		}
		b.agent.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		for i := 5; i < count; i++ {
			send(i)
		}
		b.agent.SetDown(false)
		p = b.agent.Accept()
		subscribe := p.Next()
		if size := proto.Size(subscribe); size > 4<<20 || size < 3<<20 {
			t.Errorf("SUBSCRIBE has %d bytes, want 3 to 4 MiB", size)
		}
		p.Send(subscribed())
		b.expect("Reregistered on h")
		updates := subscribe.GetSubscribe().GetUnacknowledgedUpdates()
		for len(updates) < count {
			updates = append(updates, p.Next().GetUpdate())
		}
		for i, u := range updates {
			if got := u.GetStatus().GetMessage(); got != strconv.Itoa(i) {
				t.Errorf("update %d is %q: want them in order", i, got)
			}
		}
		p.Silent(time.Minute) // each once
	})
}

func TestDisconnected(t *testing.T) {
	t.Run("without checkpointing the executor ends", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			begin := time.Now()
			p.Hangup(nil)
			b.expect("Disconnected", "Shutdown")
			if err := b.joined(mesos.Status_DRIVER_ABORTED, begin, 0); !errors.Is(err, executor.ErrAborted) {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("and gives its tasks the grace period", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			begin := time.Now()
			p.Hangup(nil)
			b.expect("Disconnected", "Shutdown")
			time.Sleep(3 * time.Second)
			b.send("T1", mesos.TaskState_TASK_KILLED)
			if err := b.joined(mesos.Status_DRIVER_ABORTED, begin, 3*time.Second); !errors.Is(err, executor.ErrAborted) {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("with checkpointing only after the recovery timeout", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			p := b.registered()
			b.agent.SetDown(true)
			begin := time.Now()
			p.Hangup(nil)
			b.expect("Disconnected", "Shutdown")
			if took := time.Since(begin); took < 15*time.Minute-2*time.Second || took > 15*time.Minute {
				t.Errorf("shut down after %v", took)
			}
			if n := b.agent.Dials(); n < 450 || n > 920 { // a wait of 1 to 2 s between
				t.Errorf("%d attempts in 15 minutes", n)
			}
			if _, err := b.driver.Join(); !errors.Is(err, executor.ErrAborted) {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("not before a first registration, which is tried for a minute", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			b.agent.SetDown(true)
			begin := time.Now()
			b.driver.Start()
			b.expect("Shutdown")
			if took := time.Since(begin); took < 58*time.Second || took > time.Minute {
				t.Errorf("gave up after %v", took)
			}
		})
	})
}

func TestLaunchTask(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		p.Send(launch("T1"))
		p.Send(&wire.Event{Type: wire.Event_LAUNCH_GROUP.Enum(), LaunchGroup: &wire.Event_LaunchGroup{
			TaskGroup: &mesos.TaskGroupInfo{Tasks: []*mesos.TaskInfo{task("T2"), task("T3")}},
		}})
		b.expect("LaunchTask T1", "LaunchTask T2", "LaunchTask T3")
	})
}

// Callbacks are serial: a kill waits for the launch.
func TestCallbacksAreSerial(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		release := make(chan struct{})
		b.heard.when("LaunchTask", func(executor.Driver) { <-release })
		p.Send(launch("T1"))
		p.Send(&wire.Event{Type: wire.Event_KILL.Enum(), Kill: &wire.Event_Kill{TaskId: taskID("T1")}})
		b.expect("LaunchTask T1")
		time.Sleep(time.Hour)
		select {
		case got := <-b.heard.heard:
			t.Errorf("callback %q while another runs", got)
		default:
		}
		close(release)
		b.expect("KillTask T1")
	})
}

func TestKillTask(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_KILL.Enum(), Kill: &wire.Event_Kill{TaskId: taskID("T1")}})
		b.expect("KillTask T1")
		p.Silent(time.Minute) // nothing is reported on the executor's behalf
	})
}

func TestFrameworkMessage(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_MESSAGE.Enum(), Message: &wire.Event_Message{Data: []byte("hello")}})
		b.expect("FrameworkMessage hello")
	})
}

func TestShutdown(t *testing.T) {
	t.Run("ends at once when nothing runs", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			begin := time.Now()
			p.Send(shutdown())
			p.Closed()
			p.Hangup(nil)
			b.expect("Shutdown")
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("waits for tasks and their acknowledgements", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			begin := time.Now()
			p.Send(shutdown())
			b.expect("Shutdown")
			time.Sleep(2 * time.Second)
			b.send("T1", mesos.TaskState_TASK_KILLED)
			update := p.Next()
			time.Sleep(time.Second)
			p.Send(acknowledge(update))
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 3*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("tells an agent that does not take it back how its tasks ended", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			p.Hangup(nil)
			b.expect("Disconnected")
			p = b.agent.Accept()
			p.Next() // SUBSCRIBE
			begin := time.Now()
			p.Send(shutdown())
			b.expect("Shutdown")
			b.send("T1", mesos.TaskState_TASK_KILLED)
			p.Send(acknowledge(p.Next()))
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("but not longer than the grace period", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			begin := time.Now()
			p.Send(shutdown())
			b.expect("Shutdown")
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 10*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("ends at once when the callback stops the driver, whatever runs", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			b.heard.when("Shutdown", func(d executor.Driver) {
				b.send("T1", mesos.TaskState_TASK_RUNNING)
				d.Stop()
			})
			begin := time.Now()
			p.Send(shutdown())
			update := p.Next()
			b.expect("Shutdown")
			time.Sleep(time.Second)
			p.Send(acknowledge(update)) // of what was sent before Stop
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("a callback that does not return ends with the process", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			release := make(chan struct{})
			b.heard.when("Shutdown", func(executor.Driver) { <-release })
			begin := time.Now()
			p.Send(shutdown())
			b.expect("Shutdown")
			if code := <-b.exits; code != 1 || time.Since(begin) != 10*time.Second {
				t.Errorf("exit with %d after %v", code, time.Since(begin))
			}
			close(release)
			p.Closed()
			p.Hangup(nil)
			b.driver.Join()
		})
	})
}

func TestError(t *testing.T) {
	tests := map[string]struct {
		fail func(p *peer)
		want string
	}{
		"an ERROR event": {
			fail: func(p *peer) {
				p.Send(&wire.Event{Type: wire.Event_ERROR.Enum(), Error: &wire.Event_Error{Message: proto.String("no")}})
			},
			want: "no",
		},
		"another process took its place": {
			fail: func(p *peer) { p.Hangup(status.Error(codes.Aborted, "replaced")) },
			want: "agent at agent:5051: replaced",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, checkpointing(), func(b *bench) {
				b.heard.when("Error", func(d executor.Driver) {
					if s := d.Abort(); s != mesos.Status_DRIVER_ABORTED {
						t.Errorf("driver is %v in Error, want it aborted before", s)
					}
				})
				begin := time.Now()
				tt.fail(b.registered())
				b.expect("Error " + tt.want)
				if err := b.joined(mesos.Status_DRIVER_ABORTED, begin, 0); !errors.Is(err, executor.ErrAborted) {
					t.Errorf("Join: %v", err)
				}
			})
		})
	}
}

// Events that make no sense are not the end of the executor.
func TestMalformedEvents(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{})
		p.Send(&wire.Event{Type: wire.Event_HEARTBEAT.Enum()})
		p.Send(&wire.Event{Type: wire.Event_ACKNOWLEDGED.Enum()})
		p.Send(&wire.Event{Type: wire.Event_LAUNCH_GROUP.Enum()})
		p.Send(&wire.Event{Type: wire.Event_MESSAGE.Enum()})
		b.expect("FrameworkMessage")
	})
}
