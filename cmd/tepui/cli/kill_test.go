// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

func (d *fakeDriver) KillTask(task *mesos.TaskID) (mesos.Status, error) {
	d.asked = append(d.asked, "kill "+task.GetValue())
	return mesos.Status_DRIVER_RUNNING, d.killing
}

// giveUp interrupts a run and returns its exit status, with the time it took.
func giveUp(t *testing.T, o *oneOff, d *fakeDriver, code int) (status func() (int, time.Duration)) {
	begin, done := time.Now(), make(chan error, 1)
	a := &app{stderr: o.out}
	go func() { done <- a.giveUp(o, d, "interrupt", code) }()
	synctest.Wait()
	return func() (int, time.Duration) {
		var exit *exitError
		if err := <-done; !errors.As(err, &exit) {
			t.Fatalf("it ends with %v", err)
		}
		return exit.status, time.Since(begin)
	}
}

func TestInterruptedRunWaitsForItsMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, out := newTestOneOff()
		d := &fakeDriver{}
		o.Registered(d, &mesos.FrameworkID{}, nil)
		o.ResourceOffers(d, []*mesos.Offer{offer("O1", "cpus:1;mem:64")})
		o.Disconnected(d)
		d.killing = scheduler.ErrDisconnected
		status := giveUp(t, o, d, exitSignal+2)
		time.Sleep(killPatience / 2)
		d.killing = nil
		o.Reregistered(d, nil)
		synctest.Wait()
		o.StatusUpdate(d, &mesos.TaskStatus{TaskId: o.task.TaskId, State: mesos.TaskState_TASK_KILLED.Enum()})
		if code, took := status(); code != exitSignal+2 || took != killPatience/2 {
			t.Errorf("it ends with %d after %v:\n%s", code, took, out)
		}
		want := []string{"launch run with cpus:1;mem:64 on agent-of-O1 of O1", "kill run", "reconcile run on agent-of-O1", "kill run"}
		if diff := cmp.Diff(want, d.asked); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		if !strings.Contains(out.String(), "interrupt: the master is away, waiting up to 20s for it to kill the task\n") {
			t.Errorf("it says %q", out)
		}
	})
}

func TestInterruptedRunTellsThatTheTaskMayStillRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, out := newTestOneOff()
		d := &fakeDriver{}
		o.Registered(d, &mesos.FrameworkID{}, nil)
		o.ResourceOffers(d, []*mesos.Offer{offer("O1", "cpus:1;mem:64")})
		o.Disconnected(d)
		d.killing = scheduler.ErrDisconnected
		status := giveUp(t, o, d, exitSignal+2)
		if code, took := status(); code != exitLost || took != killPatience {
			t.Errorf("it ends with %d after %v", code, took)
		}
		if want := "the master cannot be reached: the task may still run on host-of-O1\n"; !strings.HasSuffix(out.String(), want) {
			t.Errorf("it says %q, want %q last", out, want)
		}
	})
}

func TestNothingIsKilledThatWasNotLaunched(t *testing.T) {
	for name, tc := range map[string]struct {
		registered bool
		code, want int
		says       string
	}{
		"no master":                  {code: exitSignal + 2, want: exitSignal + 2, says: "there is no master, the task was not launched"},
		"no master in time":          {code: exitTimeout, want: exitNoCluster, says: "there is no master, the task was not launched"},
		"no offer that fits in time": {registered: true, code: exitTimeout, want: exitTimeout, says: "no offer had room for the task"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, out := newTestOneOff()
				d := &fakeDriver{}
				if tc.registered {
					o.Registered(d, &mesos.FrameworkID{Value: proto.String("F")}, nil)
				}
				code, took := giveUp(t, o, d, tc.code)()
				if code != tc.want || took != 0 || !strings.HasSuffix(out.String(), "interrupt: "+tc.says+"\n") {
					t.Errorf("it ends with %d after %v and says %q", code, took, out)
				}
				if len(d.asked) > 0 {
					t.Errorf("it asks for %q", d.asked)
				}
			})
		})
	}
}
