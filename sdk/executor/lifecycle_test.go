// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/protobuf/proto"
)

func TestStart(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		b.registered()
		if s, err := b.driver.Start(); s != mesos.Status_DRIVER_RUNNING || err != nil { // once more does nothing
			t.Errorf("Start = %v, %v", s, err)
		}
	})
}

func TestStartOutsideOfAnAgent(t *testing.T) {
	for name, bad := range map[string]struct{ variable, value, want string }{
		"no framework":   {"MESOS_FRAMEWORK_ID", "", "MESOS_FRAMEWORK_ID: must be set"},
		"no executor":    {"MESOS_EXECUTOR_ID", "", "MESOS_EXECUTOR_ID: must be set"},
		"no agent":       {"MESOS_AGENT_ENDPOINT", "", "MESOS_AGENT_ENDPOINT: one must be set"},
		"no port":        {"MESOS_AGENT_ENDPOINT", "agent", "MESOS_AGENT_ENDPOINT \"agent\": must be host:port"},
		"no unit":        {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: "},
		"below nothing":  {"MESOS_RECOVERY_TIMEOUT", "-1secs", "MESOS_RECOVERY_TIMEOUT: "},
		"not a duration": {"MESOS_SUBSCRIPTION_BACKOFF_MAX", "soon", "MESOS_SUBSCRIPTION_BACKOFF_MAX: "},
	} {
		t.Run(name, func(t *testing.T) {
			env := checkpointing()
			env[bad.variable] = bad.value
			d := executor.NewDriver(struct{ executor.Executor }{}, executor.WithEnvironment(getenv(env)))
			s, err := d.Start()
			if s != mesos.Status_DRIVER_NOT_STARTED || err == nil || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("Start = %v, %v; want %q", s, err, bad.want)
			}
		})
	}
}

func TestReadConfig(t *testing.T) {
	env := plain()
	env["MESOS_DOMAIN_SOCKET"] = "/run/tepui/agent.sock"
	env["MESOS_SANDBOX"] = "/sandbox"
	env["MESOS_HOME"] = "/opt/tepui"
	got, err := executor.ReadConfig(getenv(env))
	if err != nil {
		t.Fatal(err)
	}
	want := executor.Config{
		FrameworkID: "F1", ExecutorID: "E1", Socket: "/run/tepui/agent.sock", Agent: "agent:5051",
		Token: "secret", Sandbox: "/sandbox", Home: "/opt/tepui",
		RecoveryTimeout: 15 * time.Minute, BackoffMax: 2 * time.Second, ShutdownGrace: 10 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

// The unix socket goes before the TCP address.
func TestAddress(t *testing.T) {
	for want, socket := range map[string]string{"agent:5051": "", "/run/a b?.sock": "/run/a b?.sock"} {
		env := plain()
		env["MESOS_DOMAIN_SOCKET"] = socket
		dialed := make(chan string, 1)
		d := executor.NewDriver(struct{ executor.Executor }{}, executor.WithEnvironment(getenv(env)),
			executor.WithDialer(func(_ context.Context, address string) (net.Conn, error) {
				select {
				case dialed <- address:
				default:
				}
				return nil, errors.New("no one here")
			}))
		if _, err := d.Start(); err != nil {
			t.Fatal(err)
		}
		if got := <-dialed; got != want {
			t.Errorf("dialed %q, want %q", got, want)
		}
		d.Abort()
		d.Join()
	}
}

// Without a dialer of the test's, the socket is really a unix socket.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	env := plain()
	env["MESOS_DOMAIN_SOCKET"] = path
	d := executor.NewDriver(struct{ executor.Executor }{}, executor.WithEnvironment(getenv(env)))
	if _, err := d.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	d.Abort()
	d.Join()
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestStop(t *testing.T) {
	t.Run("delivers what was sent", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			b.heard.when("LaunchTask", func(d executor.Driver) {
				b.send("T1", mesos.TaskState_TASK_RUNNING)
				b.send("T1", mesos.TaskState_TASK_FINISHED)
				if _, err := d.SendFrameworkMessage([]byte("bye")); err != nil {
					t.Error(err)
				}
				if s := d.Stop(); s != mesos.Status_DRIVER_STOPPED {
					t.Errorf("Stop = %v", s)
				}
			})
			begin := time.Now()
			p.Send(launch("T1"))
			running := p.Next()
			finished := p.Next()
			if c := p.Next(); c.GetType() != wire.Call_MESSAGE {
				t.Errorf("got %v, want the message", c)
			}
			time.Sleep(time.Second)
			p.Send(acknowledge(running))
			p.Silent(time.Second) // not yet
			p.Send(acknowledge(finished))
			p.Closed()
			p.Hangup(nil)
			b.expect("LaunchTask T1")
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 2*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("does not wait for ever", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			b.registered()
			b.send("T1", mesos.TaskState_TASK_FINISHED)
			begin := time.Now()
			b.driver.Stop()
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 5*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("makes calls do nothing", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			b.driver.Stop()
			status, err := b.driver.SendStatusUpdate(&mesos.TaskStatus{TaskId: taskID("T1"), State: mesos.TaskState_TASK_FINISHED.Enum()})
			if status != mesos.Status_DRIVER_STOPPED || err != nil {
				t.Errorf("SendStatusUpdate = %v, %v", status, err)
			}
			p.Closed()
			p.Hangup(nil)
		})
	})
}

// What was sent before Stop is told to an agent that is away at the time, if it
// comes back soon, and no callback is made for it.
func TestStopWhileDisconnected(t *testing.T) {
	lose := func(b *bench) {
		p := b.registered()
		b.agent.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		b.send("T1", mesos.TaskState_TASK_FINISHED)
		b.driver.Stop()
	}
	t.Run("delivers to an agent that comes back", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			lose(b)
			time.Sleep(2 * time.Second)
			b.agent.SetDown(false)
			p := b.agent.Accept()
			updates := p.Next().GetSubscribe().GetUnacknowledgedUpdates()
			if len(updates) != 1 || updates[0].GetStatus().GetState() != mesos.TaskState_TASK_FINISHED {
				t.Fatalf("told again is %v, want one TASK_FINISHED", updates)
			}
			p.Send(subscribed())
			begin := time.Now()
			p.Send(acknowledge(call(wire.Call_UPDATE, func(c *wire.Call) { c.Update = updates[0] })))
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("waits 5 s for one that does not", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			begin := time.Now()
			lose(b)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 5*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("waits 5 s for one that comes back and says nothing", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			begin := time.Now()
			lose(b)
			b.agent.SetDown(false)
			b.agent.Accept()
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 5*time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("ends at once with nothing to tell", func(t *testing.T) {
		inBubble(t, checkpointing(), func(b *bench) {
			p := b.registered()
			b.agent.SetDown(true)
			p.Hangup(nil)
			b.expect("Disconnected")
			begin := time.Now()
			b.driver.Stop()
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
}

// An agent that is lost while Stop waits for its acknowledgement gets the update
// again, within the same 5 s.
func TestDisconnectedInStop(t *testing.T) {
	inBubble(t, checkpointing(), func(b *bench) {
		p := b.registered()
		b.send("T1", mesos.TaskState_TASK_FINISHED)
		p.Next()
		begin := time.Now()
		b.driver.Stop()
		time.Sleep(3 * time.Second)
		p.Hangup(nil)
		if n := len(b.agent.Accept().Next().GetSubscribe().GetUnacknowledgedUpdates()); n != 1 {
			t.Errorf("%d updates told again, want 1", n)
		}
		if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 5*time.Second); err != nil {
			t.Errorf("Join: %v", err)
		}
	})
}

// An acknowledgement that is there when Stop is called counts, whichever the
// driver sees first.
func TestStopWithAcknowledgementUnderWay(t *testing.T) {
	for range 20 {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			stopped := make(chan struct{})
			b.heard.when("LaunchTask", func(d executor.Driver) {
				b.send("T1", mesos.TaskState_TASK_FINISHED)
				p.Send(acknowledge(p.Next()))
				time.Sleep(time.Second) // virtual: the acknowledgement waits for this callback
				d.Stop()
				close(stopped)
			})
			begin := time.Now()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			<-stopped
			p.Closed()
			p.Hangup(nil)
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, time.Second); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	}
}

func TestAbort(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		p := b.registered()
		if s := b.driver.Abort(); s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Abort = %v", s)
		}
		p.Closed()
		if s, err := b.driver.Join(); s != mesos.Status_DRIVER_ABORTED || err != nil {
			t.Errorf("Join = %v, %v", s, err)
		}
		if s, err := b.driver.SendFrameworkMessage(nil); s != mesos.Status_DRIVER_ABORTED || err != nil {
			t.Errorf("SendFrameworkMessage = %v, %v", s, err)
		}
		if s := b.driver.Stop(); s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Stop = %v, want DRIVER_ABORTED for the last time", s)
		}
		if s := b.driver.Stop(); s != mesos.Status_DRIVER_STOPPED {
			t.Errorf("Stop = %v", s)
		}
	})
}

// A driver that was aborted stays so for the agent, whoever stops it then.
func TestStopAfterAbort(t *testing.T) {
	t.Run("waits for no acknowledgement", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			b.heard.when("LaunchTask", func(d executor.Driver) {
				b.send("T1", mesos.TaskState_TASK_RUNNING)
				p.Next()
				d.Abort()
				d.Stop()
			})
			begin := time.Now()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("nor when it was aborted in Shutdown", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			p.Send(launch("T1"))
			b.expect("LaunchTask T1")
			b.heard.when("Shutdown", func(d executor.Driver) { d.Abort() })
			begin := time.Now()
			p.Send(shutdown())
			b.expect("Shutdown")
			if err := b.joined(mesos.Status_DRIVER_ABORTED, begin, 0); err != nil {
				t.Errorf("Join: %v", err)
			}
		})
	})
	t.Run("nor in Error", func(t *testing.T) {
		inBubble(t, plain(), func(b *bench) {
			p := b.registered()
			b.send("T1", mesos.TaskState_TASK_RUNNING)
			p.Next()
			b.heard.when("Error", func(d executor.Driver) { d.Stop() })
			begin := time.Now()
			p.Send(&wire.Event{Type: wire.Event_ERROR.Enum(), Error: &wire.Event_Error{Message: proto.String("no")}})
			b.expect("Error no")
			if err := b.joined(mesos.Status_DRIVER_STOPPED, begin, 0); !errors.Is(err, executor.ErrAborted) {
				t.Errorf("Join: %v", err)
			}
		})
	})
}

func TestJoin(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		if s, err := b.driver.Join(); s != mesos.Status_DRIVER_NOT_STARTED || err != nil {
			t.Errorf("Join before Start = %v, %v", s, err)
		}
		b.registered()
		joined := make(chan mesos.Status)
		go func() {
			s, _ := b.driver.Join()
			joined <- s
		}()
		select {
		case s := <-joined:
			t.Fatalf("Join returned %v while running", s)
		case <-time.After(24 * time.Hour): // an agent may be silent for so long
		}
		b.driver.Abort()
		if s := <-joined; s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Join = %v", s)
		}
	})
}

func TestRun(t *testing.T) {
	inBubble(t, plain(), func(b *bench) {
		b.heard.when("Registered", func(d executor.Driver) { d.Stop() })
		ran := make(chan mesos.Status)
		go func() {
			s, _ := b.driver.Run()
			ran <- s
		}()
		p := b.accept(&wire.Call_Subscribe{})
		b.expect("Registered E1 of test on h")
		p.Closed()
		p.Hangup(nil)
		if s := <-ran; s != mesos.Status_DRIVER_STOPPED {
			t.Errorf("Run = %v", s)
		}
	})
}
