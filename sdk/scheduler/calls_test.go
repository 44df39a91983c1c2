// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// sends checks what the master receives for a call of the driver.
func sends(t *testing.T, call func(d scheduler.Driver) (mesos.Status, error), want *wire.Call) {
	t.Helper()
	inBubble(t, func(b *bench) {
		p := b.registered()
		status, err := call(b.driver)
		ok(t, status, err)
		want.FrameworkId = frameworkID()
		same(t, p.Next(), want)
	})
}

func TestRequestResources(t *testing.T) {
	requests := []*mesos.Request{{AgentId: agentID()}}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.RequestResources(requests) },
		&wire.Call{Type: wire.Call_REQUEST.Enum(), Request: &wire.Call_Request{Requests: requests}})
}

func TestLaunchTasks(t *testing.T) {
	filters := &mesos.Filters{RefuseSeconds: proto.Float64(1)}
	launched := task("T1")
	launched.Executor.FrameworkId = frameworkID() // set by the driver
	sends(t, func(d scheduler.Driver) (mesos.Status, error) {
		mine := task("T1")
		defer func() { mine.Name = proto.String("changed after the call") }()
		return d.LaunchTasks([]*mesos.OfferID{offerID("O1"), offerID("O2")}, []*mesos.TaskInfo{mine}, filters)
	}, &wire.Call{Type: wire.Call_ACCEPT.Enum(), Accept: &wire.Call_Accept{
		OfferIds: []*mesos.OfferID{offerID("O1"), offerID("O2")},
		Operations: []*mesos.Offer_Operation{{
			Type:   mesos.Offer_Operation_LAUNCH.Enum(),
			Launch: &mesos.Offer_Operation_Launch{TaskInfos: []*mesos.TaskInfo{launched}},
		}},
		Filters: filters,
	}})
}

func TestLaunchTasksOfNoneDeclines(t *testing.T) {
	ids := []*mesos.OfferID{offerID("O1"), offerID("O2")}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.LaunchTasks(ids, nil, nil) },
		&wire.Call{Type: wire.Call_DECLINE.Enum(), Decline: &wire.Call_Decline{OfferIds: ids}})
}

func TestLaunchTasksWhileDisconnected(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		b.master.SetDown(true)
		p.Hangup(nil)
		b.expect("Disconnected")
		launch := func() { // twice: the loss of one must not be stuck behind the wait for the master
			status, err := b.driver.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{task("T1"), task("T2")}, nil)
			ok(t, status, err)
			begin := time.Now()
			b.expect("StatusUpdate T1 TASK_LOST", "StatusUpdate T2 TASK_LOST")
			if took := time.Since(begin); took != 0 {
				t.Errorf("told after %v", took)
			}
		}
		launch()
		launch()
		b.master.SetDown(false)
		p = b.accept("F1")
		b.expect("Reregistered by M1")
		p.Silent(time.Minute) // neither a launch nor an acknowledgement
	})
}

// What waits to be sent when the master is lost was not launched.
func TestLaunchTasksLostOnTheWay(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		b.heard.when("ResourceOffers", func(d scheduler.Driver) {
			b.master.SetDown(true)
			b.master.Stop()
			time.Sleep(time.Second) // until the driver's sender has noticed too
			status, err := d.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{task("T1")}, nil)
			ok(t, status, err)
			_, err = d.KillTask(taskID("T0"))
			if err != nil {
				t.Errorf("KillTask: %v", err)
			}
		})
		p.Send(offers("O1"))
		b.expect("ResourceOffers [O1]", "Disconnected", "StatusUpdate T1 TASK_LOST")
	})
}

func TestLostStatus(t *testing.T) {
	inBubble(t, func(b *bench) {
		var got *mesos.TaskStatus
		s := &keeper{recorder: b.heard, status: &got}
		b.driver = scheduler.NewDriver(s, framework(), "master:5050", scheduler.WithDialer(b.master.Dial))
		b.master.SetDown(true)
		b.driver.Start()
		status, err := b.driver.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{task("T1")}, nil)
		ok(t, status, err)
		b.expect("StatusUpdate T1 TASK_LOST")
		same(t, got, &mesos.TaskStatus{
			TaskId:     taskID("T1"),
			State:      mesos.TaskState_TASK_LOST.Enum(),
			Source:     mesos.TaskStatus_SOURCE_MASTER.Enum(),
			Reason:     mesos.TaskStatus_REASON_MASTER_DISCONNECTED.Enum(),
			Message:    proto.String("Master disconnected: the task was not launched"),
			AgentId:    agentID(),
			ExecutorId: executorID("E1"),
			Timestamp:  proto.Float64(946684800), // when a bubble begins
		})
	})
}

// keeper keeps the last status.
type keeper struct {
	*recorder
	status **mesos.TaskStatus
}

func (k *keeper) StatusUpdate(d scheduler.Driver, s *mesos.TaskStatus) {
	*k.status = s
	k.recorder.StatusUpdate(d, s)
}

func TestAcceptOffers(t *testing.T) {
	ids := []*mesos.OfferID{offerID("O1")}
	operations := []*mesos.Offer_Operation{{
		Type:    mesos.Offer_Operation_RESERVE.Enum(),
		Reserve: &mesos.Offer_Operation_Reserve{},
	}}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.AcceptOffers(ids, operations, nil) },
		&wire.Call{Type: wire.Call_ACCEPT.Enum(), Accept: &wire.Call_Accept{OfferIds: ids, Operations: operations}})
}

func TestDeclineOffer(t *testing.T) {
	filters := &mesos.Filters{RefuseSeconds: proto.Float64(60)}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.DeclineOffer(offerID("O1"), filters) },
		&wire.Call{Type: wire.Call_DECLINE.Enum(), Decline: &wire.Call_Decline{OfferIds: []*mesos.OfferID{offerID("O1")}, Filters: filters}})
}

func TestKillTask(t *testing.T) {
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.KillTask(taskID("T1")) },
		&wire.Call{Type: wire.Call_KILL.Enum(), Kill: &wire.Call_Kill{TaskId: taskID("T1")}})
}

func TestReviveOffers(t *testing.T) {
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.ReviveOffers("a", "b") },
		&wire.Call{Type: wire.Call_REVIVE.Enum(), Revive: &wire.Call_Revive{Roles: []string{"a", "b"}}})
}

func TestSuppressOffers(t *testing.T) {
	sends(t, func(d scheduler.Driver) (mesos.Status, error) { return d.SuppressOffers() },
		&wire.Call{Type: wire.Call_SUPPRESS.Enum(), Suppress: &wire.Call_Suppress{}})
}

func TestSendFrameworkMessage(t *testing.T) {
	sends(t, func(d scheduler.Driver) (mesos.Status, error) {
		return d.SendFrameworkMessage(executorID("E1"), agentID(), []byte("hello"))
	}, &wire.Call{Type: wire.Call_MESSAGE.Enum(), Message: &wire.Call_Message{
		AgentId: agentID(), ExecutorId: executorID("E1"), Data: []byte("hello"),
	}})
}

func TestReconcileTasks(t *testing.T) {
	sends(t, func(d scheduler.Driver) (mesos.Status, error) {
		return d.ReconcileTasks([]*mesos.TaskStatus{
			{TaskId: taskID("T1"), AgentId: agentID(), State: mesos.TaskState_TASK_RUNNING.Enum()},
			{TaskId: taskID("T2")},
		})
	}, &wire.Call{Type: wire.Call_RECONCILE.Enum(), Reconcile: &wire.Call_Reconcile{Tasks: []*wire.Call_Reconcile_Task{
		{TaskId: taskID("T1"), AgentId: agentID()}, {TaskId: taskID("T2")},
	}}})
}

func TestSend(t *testing.T) {
	shutdown := &wire.Call_Shutdown{ExecutorId: executorID("E1"), AgentId: agentID()}
	sends(t, func(d scheduler.Driver) (mesos.Status, error) {
		return d.Send(&wire.Call{Type: wire.Call_SHUTDOWN.Enum(), Shutdown: shutdown})
	}, &wire.Call{Type: wire.Call_SHUTDOWN.Enum(), Shutdown: shutdown})
}

// Structural errors come back at once, and nothing is sent.
func TestInvalidCalls(t *testing.T) {
	tests := map[string]struct {
		call func(d scheduler.Driver) (mesos.Status, error)
		want string
	}{
		"kill nothing":    {func(d scheduler.Driver) (mesos.Status, error) { return d.KillTask(nil) }, "task_id"},
		"decline nothing": {func(d scheduler.Driver) (mesos.Status, error) { return d.DeclineOffer(nil, nil) }, "offer_ids"},
		"task with no id": {func(d scheduler.Driver) (mesos.Status, error) { return launchWithoutID(d) }, "task_id"},
		"too much": {func(d scheduler.Driver) (mesos.Status, error) {
			return d.SendFrameworkMessage(executorID("E1"), agentID(), make([]byte, 17<<20))
		}, "must have at most 16777216"},
		"no call":          {func(d scheduler.Driver) (mesos.Status, error) { return d.Send(nil) }, "call"},
		"no type":          {func(d scheduler.Driver) (mesos.Status, error) { return d.Send(&wire.Call{}) }, "type"},
		"the driver's own": {func(d scheduler.Driver) (mesos.Status, error) { return d.Send(acknowledge("T1", uuid)) }, "by the driver itself"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				p := b.registered()
				status, err := tt.call(b.driver)
				if err == nil || !strings.Contains(err.Error(), tt.want) || status != mesos.Status_DRIVER_RUNNING {
					t.Errorf("got %v, %v; want DRIVER_RUNNING and %q", status, err, tt.want)
				}
				p.Silent(time.Minute)
			})
		})
	}
}

func launchWithoutID(d scheduler.Driver) (mesos.Status, error) {
	bad := task("T1")
	bad.TaskId = nil
	return d.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{bad}, nil)
}

func TestCallsWhileDisconnected(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.SetDown(true)
		b.driver.Start()
		status, err := b.driver.ReviveOffers()
		if status != mesos.Status_DRIVER_RUNNING || !errors.Is(err, scheduler.ErrDisconnected) {
			t.Errorf("ReviveOffers = %v, %v", status, err)
		}
	})
}

// A master that does not read makes calls fail, and does not make them wait.
func TestCallsDoNotWait(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.registered()
		data := make([]byte, 1<<20)
		begin := time.Now()
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			_, err = b.driver.SendFrameworkMessage(executorID("E1"), agentID(), data)
		}
		if !errors.Is(err, scheduler.ErrBusy) || time.Since(begin) != 0 {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	}, scheduler.WithQueue(10))
}

func TestLostLaunchesAreBounded(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.master.SetDown(true)
		b.driver.Start()
		release := make(chan struct{})
		b.heard.when("StatusUpdate", func(scheduler.Driver) { <-release })
		launch := func(id string) error {
			_, err := b.driver.LaunchTasks([]*mesos.OfferID{offerID("O1")}, []*mesos.TaskInfo{task(id)}, nil)
			return err
		}
		if err := launch("T1"); err != nil {
			t.Fatal(err)
		}
		b.expect("StatusUpdate T1 TASK_LOST")
		if err := errors.Join(launch("T2"), launch("T3")); err != nil {
			t.Fatal(err)
		}
		if err := launch("T4"); !errors.Is(err, scheduler.ErrBusy) {
			t.Errorf("third waiting loss: %v", err)
		}
		close(release)
		b.expect("StatusUpdate T2 TASK_LOST", "StatusUpdate T3 TASK_LOST")
	}, scheduler.WithQueue(2))
}

// A master that takes nothing cannot keep the driver from its end, though it is
// in the midst of acknowledging an update.
func TestEndWhileTheMasterTakesNothing(t *testing.T) {
	stuck := func(b *bench) {
		p := b.registered()
		b.heard.when("StatusUpdate", func(d scheduler.Driver) {
			for range 10 { // until no more fits or leaves, so that the acknowledgement has to wait
				for err := error(nil); err == nil; {
					_, err = d.SendFrameworkMessage(executorID("E1"), agentID(), make([]byte, 1<<20))
				}
				time.Sleep(time.Millisecond) // virtual
			}
		})
		p.Send(update("T1", mesos.TaskState_TASK_RUNNING, uuid))
		p.Send(update("T2", mesos.TaskState_TASK_RUNNING, uuid)) // waits for the driver, which pauses its patience
		b.expect("StatusUpdate T1 TASK_RUNNING")
		time.Sleep(time.Second)
	}
	ends := map[string]struct {
		end  func(d scheduler.Driver)
		took time.Duration
	}{
		"Abort":         {func(d scheduler.Driver) { d.Abort() }, 0},
		"Stop":          {func(d scheduler.Driver) { d.Stop(false) }, 5 * time.Second},
		"Stop failover": {func(d scheduler.Driver) { d.Stop(true) }, 5 * time.Second},
	}
	for name, tt := range ends {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				stuck(b)
				begin := time.Now()
				tt.end(b.driver)
				b.driver.Join()
				if took := time.Since(begin); took != tt.took {
					t.Errorf("ended after %v, want %v", took, tt.took)
				}
			}, scheduler.WithQueue(2))
		})
	}
	t.Run("heartbeats stay away", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			stuck(b)
			begin := time.Now()
			b.expect("Disconnected")
			if took := time.Since(begin); took > 5*15*time.Second {
				t.Errorf("lost after %v, want %v at most", took, 5*15*time.Second)
			}
		}, scheduler.WithQueue(2))
	})
}
