// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/grpc"
)

// panicMaster names the master of the process that TestPanic starts.
const panicMaster = "TEPUI_TEST_PANIC_MASTER"

// fragile panics on the first update.
type fragile struct{ scheduler.Callbacks }

func (fragile) StatusUpdate(scheduler.Driver, *mesos.TaskStatus) { panic("cannot take it") }

// lone is a master for one framework that sends one update and notes what comes
// back until the framework hangs up.
type lone struct {
	link.UnimplementedSchedulersServer
	calls chan []wire.Call_Type
}

func (l lone) Connect(stream grpc.BidiStreamingServer[wire.Call, wire.Event]) error {
	var calls []wire.Call_Type
	defer func() { l.calls <- calls }()
	for {
		call, err := stream.Recv()
		if err != nil {
			return err
		}
		calls = append(calls, call.GetType())
		if call.GetType() == wire.Call_SUBSCRIBE {
			err = errors.Join(stream.Send(subscribed()), stream.Send(update("T1", mesos.TaskState_TASK_RUNNING, uuid)))
		}
		if err != nil {
			return err
		}
	}
}

// A callback that panics ends the process, and nothing is acknowledged. It takes
// a process to see that: this test starts itself as one.
func TestPanic(t *testing.T) {
	if master := os.Getenv(panicMaster); master != "" {
		_, err := scheduler.NewDriver(fragile{}, framework(), master).Run()
		t.Fatalf("Run returned: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := lone{calls: make(chan []wire.Call_Type, 1)}
	server := grpc.NewServer()
	link.RegisterSchedulersServer(server, m)
	go func() { _ = server.Serve(l) }() // ends with Stop
	defer server.Stop()

	child := exec.Command(os.Args[0], "-test.run=^TestPanic$")
	child.Env = append(os.Environ(), panicMaster+"="+l.Addr().String())
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "panic: cannot take it") {
		t.Fatalf("the scheduler ended with %v:\n%s", err, out)
	}
	select {
	case calls := <-m.calls:
		if len(calls) != 1 || calls[0] != wire.Call_SUBSCRIBE {
			t.Errorf("the master got %v, want SUBSCRIBE alone", calls)
		}
	case <-time.After(10 * time.Second):
		t.Error("the master still waits for the framework")
	}
}
