// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/sessiontest"
	"github.com/tepui/tepui/sdk/scheduler"
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

// door is the service of a master that does what the test says.
type door struct {
	link.UnimplementedSchedulersServer
	*server
}

func (d door) Connect(stream grpc.BidiStreamingServer[wire.Call, wire.Event]) error {
	return d.Handle(stream)
}

func startMaster(t *testing.T) *server {
	return sessiontest.Start(t, func(g *grpc.Server, s *server) {
		link.RegisterSchedulersServer(g, door{server: s})
	})
}

// recorder writes callbacks down as text, and then does what a test wants done.
type recorder struct {
	heard chan string

	mu sync.Mutex
	on map[string]func(scheduler.Driver)
}

// when has f done in the callback of that name.
func (r *recorder) when(name string, f func(scheduler.Driver)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on[name] = f
}

func newRecorder() *recorder {
	return &recorder{heard: make(chan string, 100), on: map[string]func(scheduler.Driver){}}
}

func (r *recorder) note(d scheduler.Driver, name string, format string, args ...any) {
	r.heard <- strings.TrimSpace(name + " " + fmt.Sprintf(format, args...))
	r.mu.Lock()
	f := r.on[name]
	r.mu.Unlock()
	if f != nil {
		f(d)
	}
}

func (r *recorder) Registered(d scheduler.Driver, id *mesos.FrameworkID, m *mesos.MasterInfo) {
	r.note(d, "Registered", "%s by %s", id.GetValue(), m.GetId())
}

func (r *recorder) Reregistered(d scheduler.Driver, m *mesos.MasterInfo) {
	r.note(d, "Reregistered", "by %s", m.GetId())
}

func (r *recorder) Disconnected(d scheduler.Driver) { r.note(d, "Disconnected", "") }

func (r *recorder) ResourceOffers(d scheduler.Driver, offers []*mesos.Offer) {
	var ids []string
	for _, o := range offers {
		ids = append(ids, o.GetId().GetValue())
	}
	r.note(d, "ResourceOffers", "%v", ids)
}

func (r *recorder) OfferRescinded(d scheduler.Driver, id *mesos.OfferID) {
	r.note(d, "OfferRescinded", "%s", id.GetValue())
}

func (r *recorder) StatusUpdate(d scheduler.Driver, s *mesos.TaskStatus) {
	r.note(d, "StatusUpdate", "%s %v", s.GetTaskId().GetValue(), s.GetState())
}

func (r *recorder) FrameworkMessage(d scheduler.Driver, e *mesos.ExecutorID, a *mesos.AgentID, data []byte) {
	r.note(d, "FrameworkMessage", "%s on %s: %s", e.GetValue(), a.GetValue(), data)
}

func (r *recorder) SlaveLost(d scheduler.Driver, a *mesos.AgentID) {
	r.note(d, "SlaveLost", "%s", a.GetValue())
}

func (r *recorder) ExecutorLost(d scheduler.Driver, e *mesos.ExecutorID, a *mesos.AgentID, status int) {
	r.note(d, "ExecutorLost", "%s on %s: %d", e.GetValue(), a.GetValue(), status)
}

func (r *recorder) Error(d scheduler.Driver, message string) {
	r.note(d, "Error", "%s", message)
}

// bench is a driver, its scheduler and its master.
type bench struct {
	t      *testing.T
	master *server
	driver *scheduler.MesosDriver
	heard  *recorder
}

// inBubble runs f in virtual time with a driver that is not yet started.
func inBubble(t *testing.T, f func(b *bench), opts ...scheduler.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, master: startMaster(t), heard: newRecorder()}
		opts = append([]scheduler.Option{scheduler.WithDialer(b.master.Dial)}, opts...)
		b.driver = scheduler.NewDriver(b.heard, framework(), "master:5050", opts...)
		f(b)
		b.driver.Abort()
		b.driver.Join()
		b.master.Stop()
		select {
		case extra := <-b.heard.heard:
			t.Errorf("unexpected callback %q", extra)
		default:
		}
	})
}

// registered starts the driver and lets the master accept it.
func (b *bench) registered() *peer {
	b.t.Helper()
	if status, err := b.driver.Start(); err != nil || status != mesos.Status_DRIVER_RUNNING {
		b.t.Fatalf("Start = %v, %v", status, err)
	}
	p := b.accept("")
	b.expect("Registered F1 by M1")
	return p
}

// accept lets the master accept a subscription of the framework with id.
func (b *bench) accept(id string) *peer {
	b.t.Helper()
	p := b.master.Accept()
	call := p.Next()
	if call.GetType() != wire.Call_SUBSCRIBE {
		b.t.Fatalf("first call is %v", call.GetType())
	}
	if got := call.GetSubscribe().GetFrameworkInfo().GetId().GetValue(); got != id || call.GetFrameworkId().GetValue() != id {
		b.t.Fatalf("subscribed with id %q and %v, want %q", got, call.GetFrameworkId(), id)
	}
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

func same(t *testing.T, got, want proto.Message) {
	t.Helper()
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func ok(t *testing.T, status mesos.Status, err error) {
	t.Helper()
	if err != nil || status != mesos.Status_DRIVER_RUNNING {
		t.Fatalf("got %v, %v; want DRIVER_RUNNING", status, err)
	}
}

func framework() *mesos.FrameworkInfo {
	return &mesos.FrameworkInfo{User: proto.String("nobody"), Name: proto.String("test")}
}

func frameworkID() *mesos.FrameworkID { return &mesos.FrameworkID{Value: proto.String("F1")} }
func offerID(s string) *mesos.OfferID { return &mesos.OfferID{Value: proto.String(s)} }
func agentID() *mesos.AgentID         { return &mesos.AgentID{Value: proto.String("S1")} }
func taskID(s string) *mesos.TaskID   { return &mesos.TaskID{Value: proto.String(s)} }

func executorID(s string) *mesos.ExecutorID { return &mesos.ExecutorID{Value: proto.String(s)} }

func task(id string) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name: proto.String(id), TaskId: taskID(id), AgentId: agentID(),
		Executor: &mesos.ExecutorInfo{ExecutorId: executorID("E1")},
	}
}

func subscribed() *wire.Event {
	return &wire.Event{Type: wire.Event_SUBSCRIBED.Enum(), Subscribed: &wire.Event_Subscribed{
		FrameworkId:              frameworkID(),
		HeartbeatIntervalSeconds: proto.Float64(15),
		MasterInfo:               &mesos.MasterInfo{Id: proto.String("M1"), Ip: proto.Uint32(0), Port: proto.Uint32(5050)},
	}}
}

func offers(ids ...string) *wire.Event {
	e := &wire.Event{Type: wire.Event_OFFERS.Enum(), Offers: &wire.Event_Offers{}}
	for _, id := range ids {
		e.Offers.Offers = append(e.Offers.Offers, &mesos.Offer{
			Id: offerID(id), FrameworkId: frameworkID(), AgentId: agentID(), Hostname: proto.String("h"),
		})
	}
	return e
}

func update(id string, state mesos.TaskState, uuid []byte) *wire.Event {
	return &wire.Event{Type: wire.Event_UPDATE.Enum(), Update: &wire.Event_Update{Status: &mesos.TaskStatus{
		TaskId: taskID(id), State: state.Enum(), AgentId: agentID(), Uuid: uuid,
	}}}
}

func acknowledge(id string, uuid []byte) *wire.Call {
	return &wire.Call{
		FrameworkId: frameworkID(),
		Type:        wire.Call_ACKNOWLEDGE.Enum(),
		Acknowledge: &wire.Call_Acknowledge{AgentId: agentID(), TaskId: taskID(id), Uuid: uuid},
	}
}
