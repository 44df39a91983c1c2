// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/resource"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is a master that serves on a listener in memory.
type cluster struct {
	tb     testing.TB
	listen *bufconn.Listener
	stop   func() // ends Serve and waits for it
}

// inBubble runs a test against a master in virtual time.
func inBubble(t *testing.T, cfg master.Config, test func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, cfg)
		defer c.stop()
		test(t, c)
	})
}

func start(tb testing.TB, cfg master.Config) *cluster {
	tb.Helper()
	if cfg.ID == "" {
		cfg.ID = "m"
	}
	m, err := master.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &cluster{tb: tb, listen: bufconn.Listen(1 << 16)}
	served := make(chan error, 1)
	go func() { served <- m.Serve(ctx, c.listen) }()
	var stopped atomic.Bool
	c.stop = func() {
		cancel()
		if stopped.Swap(true) {
			return
		}
		if err := <-served; err != nil {
			tb.Errorf("Serve: %v", err)
		}
	}
	return c
}

// client is one transport connection.
type client struct {
	tb  testing.TB
	cc  *grpc.ClientConn
	net *wire
}

// dial opens a transport connection, which ends with the test.
func (c *cluster) dial(options ...grpc.DialOption) *client {
	c.tb.Helper()
	cl := &client{tb: c.tb, net: &wire{}}
	options = append(
		options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := c.listen.DialContext(ctx)
			cl.net.Conn = conn
			return cl.net, err
		}),
	)
	cc, err := grpc.NewClient("passthrough:///master", options...)
	if err != nil {
		c.tb.Fatal(err)
	}
	cl.cc = cc
	c.tb.Cleanup(cl.close)
	return cl
}

func (cl *client) close() { _ = cl.cc.Close() } // a second close is no matter

// wire is a network connection that can be cut without either end being told.
type wire struct {
	net.Conn
	cut atomic.Bool
}

func (w *wire) Write(p []byte) (int, error) {
	if w.cut.Load() {
		return len(p), nil
	}
	return w.Conn.Write(p)
}

// scheduler is the client's end of a scheduler's stream.
type schedulerStream struct {
	tb testing.TB
	grpc.BidiStreamingClient[scheduler.Call, scheduler.Event]
	id *mesos.FrameworkID
}

func (cl *client) scheduler() *schedulerStream {
	cl.tb.Helper()
	s, err := link.NewSchedulersClient(cl.cc).Connect(context.Background())
	if err != nil {
		cl.tb.Fatal(err)
	}
	return &schedulerStream{tb: cl.tb, BidiStreamingClient: s}
}

// subscribe opens a stream and subscribes on it.
func (cl *client) subscribe(options ...func(*mesos.FrameworkInfo)) *schedulerStream {
	cl.tb.Helper()
	s := cl.scheduler()
	info := &mesos.FrameworkInfo{User: new("nobody"), Name: new("test")}
	for _, o := range options {
		o(info)
	}
	s.send(&scheduler.Call{
		Type: scheduler.Call_SUBSCRIBE.Enum(), FrameworkId: info.Id,
		Subscribe: &scheduler.Call_Subscribe{FrameworkInfo: info},
	})
	s.id = s.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetFrameworkId()
	return s
}

// subscribeCall is the first call of a new framework.
func subscribeCall() *scheduler.Call {
	return &scheduler.Call{Type: scheduler.Call_SUBSCRIBE.Enum(), Subscribe: &scheduler.Call_Subscribe{
		FrameworkInfo: &mesos.FrameworkInfo{User: new("nobody"), Name: new("test")},
	}}
}

func failoverTimeout(seconds float64) func(*mesos.FrameworkInfo) {
	return func(i *mesos.FrameworkInfo) { i.FailoverTimeout = &seconds }
}

func (s *schedulerStream) send(c *scheduler.Call) {
	s.tb.Helper()
	if c.FrameworkId == nil {
		c.FrameworkId = s.id
	}
	if err := s.Send(c); err != nil {
		s.tb.Fatal(err)
	}
}

// next returns the next event of this type; HEARTBEATs are skipped unless one
// is asked for.
func (s *schedulerStream) next(want scheduler.Event_Type) *scheduler.Event {
	s.tb.Helper()
	for {
		e, err := s.Recv()
		if err != nil {
			s.tb.Fatalf("want %v: %v", want, err)
		}
		if e.GetType() == scheduler.Event_HEARTBEAT && want != scheduler.Event_HEARTBEAT {
			continue
		}
		if e.GetType() != want {
			s.tb.Fatalf("event %v, want %v", e, want)
		}
		return e
	}
}

// end returns the error that ends the stream, after whatever comes before.
func (s *schedulerStream) end() error {
	for {
		if _, err := s.Recv(); err != nil {
			return err
		}
	}
}

func (s *schedulerStream) accept(o *mesos.Offer, tasks ...*mesos.TaskInfo) {
	s.tb.Helper()
	s.send(&scheduler.Call{Type: scheduler.Call_ACCEPT.Enum(), Accept: &scheduler.Call_Accept{
		OfferIds: []*mesos.OfferID{o.GetId()},
		Operations: []*mesos.Offer_Operation{{
			Type:   mesos.Offer_Operation_LAUNCH.Enum(),
			Launch: &mesos.Offer_Operation_Launch{TaskInfos: tasks},
		}},
	}})
}

func (s *schedulerStream) acknowledge(status *mesos.TaskStatus) {
	s.tb.Helper()
	s.send(&scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE.Enum(), Acknowledge: &scheduler.Call_Acknowledge{
		AgentId: status.GetAgentId(), TaskId: status.GetTaskId(), Uuid: status.GetUuid(),
	}})
}

func task(id string, o *mesos.Offer, resources []*mesos.Resource) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name: &id, TaskId: &mesos.TaskID{Value: &id}, AgentId: o.GetAgentId(), Resources: resources,
		Command: &mesos.CommandInfo{Value: new("true")},
	}
}

// agentStream is the client's end of an agent's link.
type agentStream struct {
	tb testing.TB
	grpc.BidiStreamingClient[link.FromAgent, link.FromMaster]
	id *mesos.AgentID
}

// register opens a link and registers on it.
func (cl *client) register(resources string, id *mesos.AgentID) *agentStream {
	cl.tb.Helper()
	s, err := link.NewAgentsClient(cl.cc).Connect(context.Background())
	if err != nil {
		cl.tb.Fatal(err)
	}
	a := &agentStream{tb: cl.tb, BidiStreamingClient: s}
	a.send(&link.FromAgent{Message: &link.FromAgent_Register{Register: &link.Register{
		Agent:   &mesos.AgentInfo{Id: id, Hostname: new("host"), Resources: resource.MustParse(resources).Proto()},
		Version: new("test"),
	}}})
	a.id = a.next().GetRegistered().GetAgentId()
	return a
}

func (a *agentStream) send(m *link.FromAgent) {
	a.tb.Helper()
	if err := a.Send(m); err != nil {
		a.tb.Fatal(err)
	}
}

// next takes the next message of the master. Pings are answered.
func (a *agentStream) next() *link.FromMaster {
	a.tb.Helper()
	for {
		m, err := a.Recv()
		if err != nil {
			a.tb.Fatal(err)
		}
		if m.GetPing() == nil {
			return m
		}
		a.send(&link.FromAgent{Message: &link.FromAgent_Pong{Pong: &link.Pong{}}})
	}
}

func (a *agentStream) update(f *mesos.FrameworkID, task *mesos.TaskID, state mesos.TaskState, uuid []byte) {
	a.tb.Helper()
	a.send(&link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
		FrameworkId: f,
		Status:      &mesos.TaskStatus{TaskId: task, State: &state, AgentId: a.id, Uuid: uuid},
		LatestState: &state,
	}}})
}
