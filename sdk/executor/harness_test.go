// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/executor"
	"github.com/tepui/tepui/sdk/internal/sessiontest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

type (
	server = sessiontest.Server[wire.Call, wire.Event]
	peer   = sessiontest.Peer[wire.Call, wire.Event]
)

// door is the service of an agent that does what the test says.
type door struct {
	link.UnimplementedExecutorsServer
	*server
}

func (d door) Connect(stream grpc.BidiStreamingServer[wire.Call, wire.Event]) error {
	return d.Handle(stream)
}

// recorder writes callbacks down as text, and then does what a test wants done.
type recorder struct {
	heard chan string

	mu sync.Mutex
	on map[string]func(executor.Driver)
}

// when has f done in the callback of that name.
func (r *recorder) when(name string, f func(executor.Driver)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on[name] = f
}

func (r *recorder) note(d executor.Driver, name string, format string, args ...any) {
	r.heard <- strings.TrimSpace(name + " " + fmt.Sprintf(format, args...))
	r.mu.Lock()
	f := r.on[name]
	r.mu.Unlock()
	if f != nil {
		f(d)
	}
}

func (r *recorder) Registered(d executor.Driver, e *mesos.ExecutorInfo, f *mesos.FrameworkInfo, a *mesos.AgentInfo) {
	r.note(d, "Registered", "%s of %s on %s", e.GetExecutorId().GetValue(), f.GetName(), a.GetHostname())
}

func (r *recorder) Reregistered(d executor.Driver, a *mesos.AgentInfo) {
	r.note(d, "Reregistered", "on %s", a.GetHostname())
}

func (r *recorder) Disconnected(d executor.Driver) { r.note(d, "Disconnected", "") }

func (r *recorder) LaunchTask(d executor.Driver, t *mesos.TaskInfo) {
	r.note(d, "LaunchTask", "%s", t.GetTaskId().GetValue())
}

func (r *recorder) KillTask(d executor.Driver, id *mesos.TaskID) {
	r.note(d, "KillTask", "%s", id.GetValue())
}

func (r *recorder) FrameworkMessage(d executor.Driver, data []byte) {
	r.note(d, "FrameworkMessage", "%s", data)
}

func (r *recorder) Shutdown(d executor.Driver) { r.note(d, "Shutdown", "") }

func (r *recorder) Error(d executor.Driver, message string) { r.note(d, "Error", "%s", message) }

// bench is a driver, its executor and its agent.
type bench struct {
	t      *testing.T
	agent  *server
	driver *executor.MesosDriver
	heard  *recorder
	exits  chan int
}

// plain is the environment of an executor whose framework does not checkpoint.
func plain() map[string]string {
	return map[string]string{
		"MESOS_FRAMEWORK_ID":                   "F1",
		"MESOS_EXECUTOR_ID":                    "E1",
		"MESOS_AGENT_ENDPOINT":                 "agent:5051",
		"MESOS_EXECUTOR_AUTHENTICATION_TOKEN":  "secret",
		"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "10secs",
		"MESOS_CHECKPOINT":                     "0",
	}
}

// checkpointing is that of one whose framework does.
func checkpointing() map[string]string {
	env := plain()
	maps.Copy(env, map[string]string{
		"MESOS_CHECKPOINT":               "1",
		"MESOS_RECOVERY_TIMEOUT":         "15mins",
		"MESOS_SUBSCRIPTION_BACKOFF_MAX": "2secs",
	})
	return env
}

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// inBubble runs f in virtual time with a driver that is not yet started.
func inBubble(t *testing.T, env map[string]string, f func(b *bench), opts ...executor.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{
			t: t,
			agent: sessiontest.Start(t, func(g *grpc.Server, s *server) {
				link.RegisterExecutorsServer(g, door{server: s})
			}),
			heard: &recorder{heard: make(chan string, 100), on: map[string]func(executor.Driver){}},
			exits: make(chan int, 10),
		}
		opts = append([]executor.Option{
			executor.WithDialer(b.agent.Dial),
			executor.WithEnvironment(getenv(env)),
			executor.WithExit(func(code int) { b.exits <- code }),
		}, opts...)
		b.driver = executor.NewDriver(b.heard, opts...)
		f(b)
		b.driver.Abort()
		b.driver.Join()
		b.agent.Stop()
		select {
		case extra := <-b.heard.heard:
			t.Errorf("unexpected callback %q", extra)
		case code := <-b.exits:
			t.Errorf("the process would have been ended with %d", code)
		default:
		}
	})
}

// registered starts the driver and lets the agent accept it.
func (b *bench) registered() *peer {
	b.t.Helper()
	if status, err := b.driver.Start(); err != nil || status != mesos.Status_DRIVER_RUNNING {
		b.t.Fatalf("Start = %v, %v", status, err)
	}
	p := b.accept(&wire.Call_Subscribe{})
	b.expect("Registered E1 of test on h")
	return p
}

// accept lets the agent accept a subscription that says what it should.
func (b *bench) accept(want *wire.Call_Subscribe) *peer {
	b.t.Helper()
	p := b.agent.Accept()
	same(b.t, p.Next(), call(wire.Call_SUBSCRIBE, func(c *wire.Call) { c.Subscribe = want }))
	p.Send(subscribed())
	return p
}

func (b *bench) expect(callbacks ...string) {
	b.t.Helper()
	for _, want := range callbacks {
		select {
		case got := <-b.heard.heard:
			if got != want {
				b.t.Fatalf("callback %q, want %q", got, want)
			}
		case <-time.After(time.Hour):
			b.t.Fatalf("no callback, want %q", want)
		}
	}
}

// send sends an update that must be accepted.
func (b *bench) send(id string, state mesos.TaskState) {
	b.t.Helper()
	status, err := b.driver.SendStatusUpdate(&mesos.TaskStatus{TaskId: taskID(id), State: state.Enum()})
	if err != nil || status != mesos.Status_DRIVER_RUNNING {
		b.t.Fatalf("SendStatusUpdate = %v, %v", status, err)
	}
}

// joined checks how the driver ended, and how long that took from begin.
func (b *bench) joined(want mesos.Status, begin time.Time, took time.Duration) error {
	b.t.Helper()
	status, err := b.driver.Join()
	if status != want {
		b.t.Errorf("Join = %v, want %v", status, want)
	}
	if got := time.Since(begin); got != took {
		b.t.Errorf("ended after %v, want %v", got, took)
	}
	return err
}

func same(t *testing.T, got, want proto.Message) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func executorID() *mesos.ExecutorID { return &mesos.ExecutorID{Value: proto.String("E1")} }

func taskID(id string) *mesos.TaskID { return &mesos.TaskID{Value: proto.String(id)} }

func task(id string) *mesos.TaskInfo {
	return &mesos.TaskInfo{Name: proto.String(id), TaskId: taskID(id), AgentId: &mesos.AgentID{Value: proto.String("S1")}}
}

// call is a call of the executor of the tests.
func call(t wire.Call_Type, fill func(*wire.Call)) *wire.Call {
	c := &wire.Call{Type: t.Enum(), ExecutorId: executorID(), FrameworkId: &mesos.FrameworkID{Value: proto.String("F1")}}
	fill(c)
	return c
}

func subscribed() *wire.Event {
	return &wire.Event{Type: wire.Event_SUBSCRIBED.Enum(), Subscribed: &wire.Event_Subscribed{
		ExecutorInfo:  &mesos.ExecutorInfo{ExecutorId: executorID()},
		FrameworkInfo: &mesos.FrameworkInfo{User: proto.String("u"), Name: proto.String("test")},
		AgentInfo:     &mesos.AgentInfo{Hostname: proto.String("h")},
	}}
}

func launch(id string) *wire.Event {
	return &wire.Event{Type: wire.Event_LAUNCH.Enum(), Launch: &wire.Event_Launch{Task: task(id)}}
}

func shutdown() *wire.Event { return &wire.Event{Type: wire.Event_SHUTDOWN.Enum()} }

// acknowledge answers an UPDATE.
func acknowledge(c *wire.Call) *wire.Event {
	s := c.GetUpdate().GetStatus()
	return &wire.Event{Type: wire.Event_ACKNOWLEDGED.Enum(), Acknowledged: &wire.Event_Acknowledged{
		TaskId: s.GetTaskId(), Uuid: s.GetUuid(),
	}}
}
