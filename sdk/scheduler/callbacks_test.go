// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

var uuid = []byte("0123456789abcdef")

func TestRegistered(t *testing.T) {
	inBubble(t, func(b *bench) { b.registered() })
}

// A driver for a framework that has an id takes it over; for the driver it is
// the first registration all the same.
func TestRegisteredWithID(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := framework()
		f.Id = frameworkID()
		b.driver = scheduler.NewDriver(b.heard, f, "master:5050", scheduler.WithDialer(b.master.Dial))
		b.driver.Start()
		b.accept("F1")
		b.expect("Registered F1 by M1")
	})
}

func TestReregistered(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.registered().Hangup(nil)
		b.expect("Disconnected")
		b.accept("F1").Hangup(status.Error(codes.Unavailable, "gone"))
		b.expect("Reregistered by M1", "Disconnected")
		b.accept("F1")
		b.expect("Reregistered by M1")
	})
}

func TestDisconnected(t *testing.T) {
	t.Run("once, however often the master cannot be reached", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.master.SetDown(true)
			p.Hangup(nil)
			b.expect("Disconnected")
			time.Sleep(time.Minute) // virtual: attempts fail meanwhile
			if n := b.master.Dials(); n < 6 || n > 20 {
				t.Errorf("%d attempts in a minute, want some 10", n)
			}
			b.master.SetDown(false)
			b.accept("F1")
			b.expect("Reregistered by M1")
		})
	})
	t.Run("when heartbeats stay away", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			begin := time.Now()
			for range 3 {
				time.Sleep(70 * time.Second)
				p.Send(&wire.Event{Type: wire.Event_HEARTBEAT.Enum()})
			}
			b.expect("Disconnected")
			if got := time.Since(begin); got != 3*70*time.Second+5*15*time.Second {
				t.Errorf("lost after %v", got)
			}
			b.accept("F1")
			b.expect("Reregistered by M1")
		})
	})
	t.Run("not before a first registration, whose answer is awaited for 30 s", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.driver.Start()
			begin := time.Now()
			b.master.Accept()
			b.accept("")
			b.expect("Registered F1 by M1")
			if got := time.Since(begin); got < 30*time.Second || got > 31*time.Second {
				t.Errorf("tried again after %v", got)
			}
		})
	})
}

func TestResourceOffers(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(offers("O1", "O2"))
		p.Send(offers())
		p.Send(offers("O3"))
		b.expect("ResourceOffers [O1 O2]", "ResourceOffers [O3]")
	})
}

func TestOfferRescinded(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_RESCIND.Enum(), Rescind: &wire.Event_Rescind{OfferId: offerID("O1")}})
		b.expect("OfferRescinded O1")
	})
}

func TestStatusUpdate(t *testing.T) {
	t.Run("its return acknowledges", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.heard.when("StatusUpdate", func(scheduler.Driver) { p.Silent(time.Minute) })
			p.Send(update("T1", mesos.TaskState_TASK_RUNNING, uuid))
			same(t, p.Next(), acknowledge("T1", uuid))
			b.expect("StatusUpdate T1 TASK_RUNNING")
		})
	})
	t.Run("not without a uuid", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			p.Send(update("T1", mesos.TaskState_TASK_LOST, nil))
			b.expect("StatusUpdate T1 TASK_LOST")
			p.Silent(time.Minute)
		})
	})
	t.Run("not when aborted in the callback", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.heard.when("StatusUpdate", func(d scheduler.Driver) { d.Abort() })
			p.Send(update("T1", mesos.TaskState_TASK_RUNNING, uuid))
			p.Closed()
			b.expect("StatusUpdate T1 TASK_RUNNING")
		})
	})
	t.Run("not when aborted in the callback and then stopped", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.heard.when("StatusUpdate", func(d scheduler.Driver) {
				d.Abort()
				d.Stop(true)
			})
			p.Send(update("T1", mesos.TaskState_TASK_RUNNING, uuid))
			p.Closed()
			b.expect("StatusUpdate T1 TASK_RUNNING")
		})
	})
	t.Run("also when stopped in the callback, and before the teardown", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.heard.when("StatusUpdate", func(d scheduler.Driver) { d.Stop(false) })
			p.Send(update("T1", mesos.TaskState_TASK_FINISHED, uuid))
			same(t, p.Next(), acknowledge("T1", uuid))
			if call := p.Next(); call.GetType() != wire.Call_TEARDOWN {
				t.Errorf("got %v, want TEARDOWN", call)
			}
			p.Closed()
			p.Hangup(nil)
			b.expect("StatusUpdate T1 TASK_FINISHED")
		})
	})
}

// Callbacks are serial: the second event waits for the first callback.
func TestCallbacksAreSerial(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		release := make(chan struct{})
		b.heard.when("ResourceOffers", func(scheduler.Driver) { <-release })
		p.Send(offers("O1"))
		p.Send(&wire.Event{Type: wire.Event_RESCIND.Enum(), Rescind: &wire.Event_Rescind{OfferId: offerID("O1")}})
		b.expect("ResourceOffers [O1]")
		time.Sleep(10 * time.Minute) // virtual; the master's silence is not to blame for it
		select {
		case got := <-b.heard.heard:
			t.Errorf("callback %q while another runs", got)
		default:
		}
		close(release)
		b.expect("OfferRescinded O1")
	})
}

func TestFrameworkMessage(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_MESSAGE.Enum(), Message: &wire.Event_Message{
			AgentId: agentID(), ExecutorId: executorID("E1"), Data: []byte("hello"),
		}})
		b.expect("FrameworkMessage E1 on S1: hello")
	})
}

func TestSlaveLost(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_FAILURE.Enum(), Failure: &wire.Event_Failure{AgentId: agentID()}})
		b.expect("SlaveLost S1")
	})
}

func TestExecutorLost(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_FAILURE.Enum(), Failure: &wire.Event_Failure{
			AgentId: agentID(), ExecutorId: executorID("E1"), Status: proto.Int32(9),
		}})
		b.expect("ExecutorLost E1 on S1: 9")
	})
}

func TestError(t *testing.T) {
	tests := map[string]struct {
		fail func(p *peer)
		want string
	}{
		"an ERROR event": {
			fail: func(p *peer) {
				p.Send(&wire.Event{Type: wire.Event_ERROR.Enum(), Error: &wire.Event_Error{Message: proto.String("Framework failed over")}})
			},
			want: "Framework failed over",
		},
		"a stream that cannot be tried again": {
			fail: func(p *peer) { p.Hangup(status.Error(codes.InvalidArgument, "kill.task_id is missing")) },
			want: "master at master:5050: kill.task_id is missing",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				b.heard.when("Error", func(d scheduler.Driver) {
					if s := d.Abort(); s != mesos.Status_DRIVER_ABORTED {
						t.Errorf("driver is %v in Error, want it aborted before", s)
					}
				})
				tt.fail(b.registered())
				b.expect("Error " + tt.want)
				got, err := b.driver.Join()
				if got != mesos.Status_DRIVER_ABORTED || !errors.Is(err, scheduler.ErrAborted) {
					t.Errorf("Join = %v, %v", got, err)
				}
			})
		})
	}
}

// Error may stop the driver, as in Mesos: that ends nothing of the framework.
func TestStopInError(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.heard.when("Error", func(d scheduler.Driver) { d.Stop(false) })
		p := b.registered()
		p.Send(&wire.Event{Type: wire.Event_ERROR.Enum(), Error: &wire.Event_Error{Message: proto.String("no")}})
		p.Closed()
		b.expect("Error no")
		if got, err := b.driver.Join(); got != mesos.Status_DRIVER_STOPPED || !errors.Is(err, scheduler.ErrAborted) {
			t.Errorf("Join = %v, %v", got, err)
		}
	})
}

// An event that makes no sense is not the end of the scheduler.
func TestMalformedEvents(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		p.Send(&wire.Event{})
		p.Send(&wire.Event{Type: wire.Event_UPDATE_OPERATION_STATUS.Enum()})
		p.Send(&wire.Event{Type: wire.Event_OFFERS.Enum()})
		p.Send(&wire.Event{Type: wire.Event_RESCIND.Enum()})
		p.Send(&wire.Event{Type: wire.Event_FAILURE.Enum()})
		b.expect("OfferRescinded", "SlaveLost")
	})
}
