// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

const agentID = "m-S0"

// host is an agent that serves, with a fake master and fake containers.
type host struct {
	t          testing.TB
	workDir    string
	containers *fakeContainers
	master     *fakeMaster
	listener   *bufconn.Listener
	client     *grpc.ClientConn // to the agent
	cancel     context.CancelFunc
	served     chan error
}

// newHost starts an agent; it is stopped, and must stop well, with the test.
func newHost(t testing.TB, mods ...func(*agent.Config)) *host {
	t.Helper()
	h := &host{
		t: t, workDir: t.TempDir(), containers: newFakes(), master: newFakeMaster(),
		listener: bufconn.Listen(1 << 20), served: make(chan error, 1),
	}
	cfg := agent.Config{
		Master: "master:5050", Hostname: "host", Advertise: netip.MustParseAddrPort("10.0.0.1:5051"),
		WorkDir: h.workDir, MesosHome: "/opt/tepui",
		Resources: resource.MustParse("cpus:64;mem:65536;ports:[31000-32000]"),
		Isolator:  h.containers, Version: "test",
		Dial: func(ctx context.Context, _ string) (net.Conn, error) { return h.master.listener.DialContext(ctx) },
	}
	for _, m := range mods {
		m(&cfg)
	}
	h.workDir = cfg.WorkDir
	a, err := agent.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	go func() { h.served <- a.Serve(ctx, h.listener) }()
	h.client, err = grpc.NewClient("passthrough:///agent",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return h.listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.stop)
	return h
}

// stop ends the agent and everything of the test.
func (h *host) stop() {
	if h.cancel == nil {
		return
	}
	h.cancel()
	h.cancel = nil
	if err := next(h.t, h.served); err != nil {
		h.t.Errorf("Serve: %v", err)
	}
	if err := h.client.Close(); err != nil {
		h.t.Error(err)
	}
	h.master.server.Stop()
}

// next waits for what is to come over a channel, but not for ever: a test that
// hangs says where. In a synctest bubble the time is virtual.
func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Hour):
		t.Fatal("nothing comes")
		panic("unreachable")
	}
}

// register waits for the agent to come, and lets it in.
func (h *host) register() *masterLink {
	h.t.Helper()
	l := next(h.t, h.master.links)
	if m := l.recv(h.t); m.GetRegister() == nil {
		h.t.Fatalf("the agent begins with %v", m)
	}
	l.send(&link.FromMaster{Message: &link.FromMaster_Registered{Registered: &link.Registered{
		AgentId: &mesos.AgentID{Value: new(agentID)},
		Master:  &mesos.MasterInfo{Id: new("m"), Ip: new(uint32(0)), Port: new(uint32(5050))},
	}}})
	return l
}

// fakeMaster takes links of agents.
type fakeMaster struct {
	link.UnimplementedAgentsServer
	listener *bufconn.Listener
	server   *grpc.Server
	links    chan *masterLink
}

func newFakeMaster() *fakeMaster {
	m := &fakeMaster{
		listener: bufconn.Listen(1 << 20),
		server: grpc.NewServer(grpc.KeepaliveEnforcementPolicy(
			keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true},
		)),
		links: make(chan *masterLink, 10000),
	}
	link.RegisterAgentsServer(m.server, m)
	go func() { _ = m.server.Serve(m.listener) }() // until Stop
	return m
}

// masterLink is one link, as the master has it.
type masterLink struct {
	received chan *link.FromAgent
	toSend   chan *link.FromMaster
	close    chan struct{}
}

func (m *fakeMaster) Connect(stream grpc.BidiStreamingServer[link.FromAgent, link.FromMaster]) error {
	l := &masterLink{
		received: make(chan *link.FromAgent, 100000),
		toSend:   make(chan *link.FromMaster, 100000),
		close:    make(chan struct{}),
	}
	m.links <- l
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			msg, err := stream.Recv()
			if err != nil {
				return
			}
			l.received <- msg
		}
	}()
	for {
		select {
		case msg := <-l.toSend:
			if err := stream.Send(msg); err != nil {
				return err
			}
		case <-l.close:
			return errors.New("closed by the master")
		case <-done:
			return nil
		}
	}
}

func (l *masterLink) send(m *link.FromMaster) { l.toSend <- m }

func (l *masterLink) recv(t testing.TB) *link.FromAgent {
	t.Helper()
	select {
	case m := <-l.received:
		return m
	case <-time.After(time.Hour):
		t.Fatal("the agent says nothing")
		return nil
	}
}

// run launches a task.
func (l *masterLink) run(t *mesos.TaskInfo) {
	l.send(&link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
		Framework: &mesos.FrameworkInfo{User: new("nobody"), Name: new("f"), Id: &mesos.FrameworkID{Value: new("f")}},
		Task:      t,
	}}})
}

func (l *masterLink) kill(id string) {
	l.send(&link.FromMaster{Message: &link.FromMaster_Kill{Kill: &link.Kill{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, TaskId: &mesos.TaskID{Value: &id},
	}}})
}

// update expects an update of a task and acknowledges it.
func (l *masterLink) update(t testing.TB, id string, state mesos.TaskState) *mesos.TaskStatus {
	t.Helper()
	m := l.recv(t)
	s := m.GetUpdate().GetStatus()
	if s.GetTaskId().GetValue() != id || s.GetState() != state {
		t.Fatalf("got %v, want %v of %s", m, state, id)
	}
	l.ack(s)
	return s
}

func (l *masterLink) ack(s *mesos.TaskStatus) {
	l.send(&link.FromMaster{Message: &link.FromMaster_Acknowledge{Acknowledge: &link.Acknowledge{
		FrameworkId: &mesos.FrameworkID{Value: new("f")}, TaskId: s.GetTaskId(), Uuid: s.GetUuid(),
	}}})
}

func command(id string) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name: &id, TaskId: &mesos.TaskID{Value: &id}, AgentId: &mesos.AgentID{Value: new(agentID)},
		Resources: resource.MustParse("cpus:0.1;mem:16").Proto(),
		Command:   &mesos.CommandInfo{Value: new("echo hello")},
	}
}

func custom(id, exec string) *mesos.TaskInfo {
	t := command(id)
	t.Command = nil
	t.Executor = &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM.Enum(), ExecutorId: &mesos.ExecutorID{Value: &exec},
		Command:   &mesos.CommandInfo{Value: new("./executor"), Arguments: []string{"executor", "-v"}, Shell: new(false)},
		Resources: resource.MustParse("cpus:0.1;mem:32").Proto(),
	}
	return t
}

// environment is what a container was given.
func environment(c *fakeContainer) map[string]string {
	env := map[string]string{}
	for _, kv := range c.spec.Process.Env {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	return env
}

// fakeExecutor is an executor's side of the door.
type fakeExecutor struct {
	t      testing.TB
	id     string
	stream grpc.BidiStreamingClient[executor.Call, executor.Event]
	end    context.CancelFunc
}

// connect opens an executor's stream with a token.
func (h *host) connect(id, token string) *fakeExecutor {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h.t.Cleanup(cancel)
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	stream, err := link.NewExecutorsClient(h.client).Connect(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	return &fakeExecutor{h.t, id, stream, cancel}
}

func (e *fakeExecutor) call(c *executor.Call) {
	e.t.Helper()
	c.FrameworkId = &mesos.FrameworkID{Value: new("f")}
	c.ExecutorId = &mesos.ExecutorID{Value: &e.id}
	if err := e.stream.Send(c); err != nil && !errors.Is(err, io.EOF) {
		e.t.Fatal(err)
	}
}

func (e *fakeExecutor) subscribe() {
	e.t.Helper()
	e.call(&executor.Call{Type: executor.Call_SUBSCRIBE.Enum(), Subscribe: &executor.Call_Subscribe{}})
	e.expect(executor.Event_SUBSCRIBED)
}

func (e *fakeExecutor) update(task, uuid string, state mesos.TaskState) {
	e.t.Helper()
	e.call(&executor.Call{Type: executor.Call_UPDATE.Enum(), Update: &executor.Call_Update{Status: &mesos.TaskStatus{
		TaskId: &mesos.TaskID{Value: &task}, State: &state, Source: mesos.TaskStatus_SOURCE_EXECUTOR.Enum(),
		Uuid: append([]byte(uuid), make([]byte, 16-len(uuid))...),
	}}})
}

func (e *fakeExecutor) expect(want executor.Event_Type) *executor.Event {
	e.t.Helper()
	got, err := e.stream.Recv()
	if err != nil {
		e.t.Fatalf("instead of %v: %v", want, err)
	}
	if got.GetType() != want {
		e.t.Fatalf("got %v, want %v", got, want)
	}
	return got
}
