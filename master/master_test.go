// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/resource"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

func TestATaskFromSubscribeToAcknowledgement(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		a := cl.register("cpus:4;mem:1024", nil)
		s := cl.subscribe()
		o := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
		s.accept(o, task("t", o, resource.MustParse("cpus:1").Proto()))
		run := a.next().GetRun()
		if run.GetTask().GetTaskId().GetValue() != "t" {
			t.Fatalf("agent is told to run %v", run)
		}
		a.update(s.id, run.GetTask().GetTaskId(), mesos.TaskState_TASK_FINISHED, bytes.Repeat([]byte{7}, 16))
		s.acknowledge(s.next(scheduler.Event_UPDATE).GetUpdate().GetStatus())
		if got := a.next().GetAcknowledge().GetUuid(); !bytes.Equal(got, bytes.Repeat([]byte{7}, 16)) {
			t.Errorf("acknowledged is %x", got)
		}
		if got := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]; len(got.GetResources()) != 2 {
			t.Errorf("offer %v after the task, want all of the agent", got)
		}
	})
}

func TestHeartbeatsComeEvery15SecondsOverTheWire(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		s := c.dial().subscribe()
		s.next(scheduler.Event_HEARTBEAT)
		last := time.Now()
		for range 5 {
			s.next(scheduler.Event_HEARTBEAT)
			if d := time.Since(last); d != 15*time.Second {
				t.Errorf("%v between two heartbeats, want 15 s", d)
			}
			last = time.Now()
		}
	})
}

func TestAFilterHoldsForItsTimeOverTheWire(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		cl.register("cpus:4;mem:1024", nil)
		s := cl.subscribe()
		o := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
		declined := time.Now()
		s.send(&scheduler.Call{Type: scheduler.Call_DECLINE.Enum(), Decline: &scheduler.Call_Decline{
			OfferIds: []*mesos.OfferID{o.GetId()}, Filters: &mesos.Filters{RefuseSeconds: new(42.0)},
		}})
		s.next(scheduler.Event_OFFERS)
		if d := time.Since(declined); d != 42*time.Second {
			t.Errorf("offered again after %v, want 42 s", d)
		}
	})
}

func TestAFrameworkThatDoesNotComeBackIsShutDown(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		a := c.dial().register("cpus:4;mem:1024", nil)
		other := c.dial()
		s := other.subscribe(failoverTimeout(60))
		o := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
		s.accept(o, task("t", o, resource.MustParse("cpus:1").Proto()))
		a.next()
		synctest.Wait()
		gone := time.Now()
		other.close()
		if a.next().GetShutdownFramework().GetFrameworkId().GetValue() != s.id.GetValue() {
			t.Error("the agent is not told to shut the framework down")
		}
		if d := time.Since(gone); d != 60*time.Second {
			t.Errorf("that is %v after it disconnected, want 60 s", d)
		}
	})
}

func TestAFailoverEndsTheOldStreamWithAnErrorEvent(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		old := c.dial().subscribe(failoverTimeout(60))
		again := c.dial().subscribe(func(i *mesos.FrameworkInfo) { i.Id = old.id })
		if got := old.next(scheduler.Event_ERROR).GetError().GetMessage(); got != "Framework failed over" {
			t.Errorf("ERROR %q", got)
		}
		if err := old.end(); !errors.Is(err, io.EOF) {
			t.Errorf("the old stream ends with %v, want an orderly end", err)
		}
		if again.id.GetValue() != old.id.GetValue() {
			t.Errorf("id %v, want %v", again.id, old.id)
		}
	})
}

func TestARefusedSubscriptionIsOneErrorEventAndTheEnd(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		s := c.dial().scheduler()
		s.send(&scheduler.Call{Type: scheduler.Call_SUBSCRIBE.Enum(), Subscribe: &scheduler.Call_Subscribe{
			FrameworkInfo: &mesos.FrameworkInfo{User: new(""), Name: new(""), Roles: []string{"a"}},
		}})
		if got := s.next(scheduler.Event_ERROR).GetError().GetMessage(); !strings.Contains(got, "MULTI_ROLE") {
			t.Errorf("ERROR %q, want one that names MULTI_ROLE", got)
		}
		if err := s.end(); !errors.Is(err, io.EOF) {
			t.Errorf("the stream ends with %v, want an orderly end", err)
		}
	})
}

func TestACallThatBreaksARuleEndsItsStreamWithACode(t *testing.T) {
	for name, c := range map[string]struct {
		subscribe bool
		call      *scheduler.Call
		want      codes.Code
	}{
		"no type":            {true, &scheduler.Call{}, codes.InvalidArgument},
		"no body":            {true, &scheduler.Call{Type: scheduler.Call_ACCEPT.Enum()}, codes.InvalidArgument},
		"not subscribed":     {false, &scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum(), FrameworkId: &mesos.FrameworkID{Value: new("f")}}, codes.FailedPrecondition},
		"no known type":      {false, &scheduler.Call{Type: scheduler.Call_UNKNOWN.Enum()}, codes.Unimplemented},
		"a required is void": {true, nil, codes.Internal}, // gRPC itself refuses what does not decode
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, master.Config{}, func(t *testing.T, cluster *cluster) {
				cl := cluster.dial()
				s := cl.scheduler()
				if c.subscribe {
					s = cl.subscribe()
				}
				if c.call == nil {
					raw, err := cl.cc.NewStream(t.Context(), &link.Schedulers_ServiceDesc.Streams[0], link.Schedulers_Connect_FullMethodName, grpc.ForceCodecV2(rawCodec{}))
					if err != nil {
						t.Fatal(err)
					}
					if err := raw.SendMsg([]byte("\xff\xff garbage")); err != nil {
						t.Fatal(err)
					}
					var got []byte
					if err := raw.RecvMsg(&got); status.Code(err) != c.want {
						t.Errorf("the stream ends with %v, want %v", err, c.want)
					}
				} else {
					s.send(c.call)
					if err := s.end(); status.Code(err) != c.want {
						t.Errorf("the stream ends with %v, want %v", err, c.want)
					}
				}
				cl.subscribe() // the master lives, and so does the transport connection
			})
		})
	}
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, _ := v.([]byte)
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	p, _ := v.(*[]byte)
	*p = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return "proto" }

func TestGarbageOnThePortHarmsNobody(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		s := c.dial().subscribe()
		for _, garbage := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x00\x01\x02", strings.Repeat("x", 1<<20)} {
			conn, err := c.listen.DialContext(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			go func() { // the server may stop reading before all is written
				_, _ = conn.Write([]byte(garbage))
			}()
			_, _ = io.Copy(io.Discard, conn) // until the server has had enough
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
		}
		s.next(scheduler.Event_HEARTBEAT)
		c.dial().subscribe()
	})
}

func TestAMessageThatIsTooLargeEndsItsStream(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		s := cl.subscribe()
		s.send(&scheduler.Call{Type: scheduler.Call_MESSAGE.Enum(), Message: &scheduler.Call_Message{
			AgentId: &mesos.AgentID{Value: new("a")}, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: make([]byte, 17<<20),
		}})
		if err := s.end(); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("the stream ends with %v, want RESOURCE_EXHAUSTED", err)
		}
		cl.subscribe()
	})
}

func TestASchedulerThatDoesNotReadIsCutOff(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		a := c.dial().register("cpus:4;mem:1024", nil)
		slow, quick := c.dial().subscribe(failoverTimeout(60)), c.dial().subscribe()
		for range 80 { // a MB each, more than may wait
			a.send(&link.FromAgent{Message: &link.FromAgent_Update{Update: &link.Update{
				FrameworkId: slow.id, LatestState: mesos.TaskState_TASK_RUNNING.Enum(),
				Status: &mesos.TaskStatus{
					TaskId: &mesos.TaskID{Value: new("t")}, State: mesos.TaskState_TASK_RUNNING.Enum(), Data: make([]byte, 1<<20),
				},
			}}})
		}
		// What the slow one was offered goes to the other, before the slow one
		// has read anything.
		quick.next(scheduler.Event_OFFERS)
		if err := slow.end(); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("the stream ends with %v, want RESOURCE_EXHAUSTED", err)
		}
		again := c.dial().subscribe(func(i *mesos.FrameworkInfo) { i.Id = slow.id })
		again.next(scheduler.Event_HEARTBEAT)
	})
}

func TestAFloodOfMessagesIsDroppedAndCutsNobodyOff(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		a := c.dial().register("cpus:4;mem:1024", nil)
		slow := c.dial().subscribe()
		slow.next(scheduler.Event_OFFERS)
		for range 80 { // a MB each
			a.send(&link.FromAgent{Message: &link.FromAgent_ExecutorMessage{ExecutorMessage: &link.ExecutorMessage{
				FrameworkId: slow.id, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: make([]byte, 1<<20),
			}}})
		}
		a.update(slow.id, &mesos.TaskID{Value: new("t")}, mesos.TaskState_TASK_RUNNING, make([]byte, 16))
		synctest.Wait()
		for n := 0; ; n++ {
			e, err := slow.Recv()
			if err != nil || n == 40 {
				t.Fatalf("after %d messages: %v, want few of them and the update", n, err)
			}
			if e.GetType() == scheduler.Event_UPDATE {
				return
			}
		}
	})
}

func TestAConnectionThatSaysNothingIsEnded(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		began := time.Now()
		err := c.dial().scheduler().end()
		if d := time.Since(began); status.Code(err) != codes.DeadlineExceeded || d != 30*time.Second {
			t.Errorf("the stream ends after %v with %v, want DEADLINE_EXCEEDED after 30 s", d, err)
		}
	})
}

func TestALostLinkRescindsAtOnceAndTheAgentComesBack(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		lost := c.dial()
		a := lost.register("cpus:4;mem:1024", nil)
		s := c.dial().subscribe()
		s.next(scheduler.Event_OFFERS)
		lost.close()
		s.next(scheduler.Event_RESCIND)
		if again := c.dial().register("cpus:4;mem:1024", a.id); again.id.GetValue() != a.id.GetValue() {
			t.Errorf("agent is now %v, want %v", again.id, a.id)
		}
		s.next(scheduler.Event_OFFERS)
	})
}

func TestAnAgentThatFallsSilentIsFoundOut(t *testing.T) {
	inBubble(t, master.Config{AgentReregisterTimeout: time.Minute}, func(t *testing.T, c *cluster) {
		lost := c.dial()
		lost.register("cpus:4;mem:1024", nil)
		s := c.dial().subscribe()
		s.next(scheduler.Event_OFFERS)
		synctest.Wait()
		cut := time.Now()
		lost.net.cut.Store(true)
		s.next(scheduler.Event_RESCIND)
		if d := time.Since(cut); d > 31*time.Second {
			t.Errorf("found out after %v, want at most 30 s", d)
		}
		s.next(scheduler.Event_FAILURE)
		if d := time.Since(cut); d > 91*time.Second {
			t.Errorf("given up after %v, want at most 30 s and the reregister timeout", d)
		}
	})
}

func TestASecondLinkOfAnAgentEndsTheFirst(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		first := c.dial().register("cpus:4;mem:1024", nil)
		c.dial().register("cpus:4;mem:1024", first.id)
		if _, err := first.Recv(); status.Code(err) != codes.Aborted {
			t.Errorf("the first link ends with %v, want ABORTED", err)
		}
	})
}

func TestAnInvalidRegistrationEndsTheLink(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		s, err := link.NewAgentsClient(c.dial().cc).Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&link.FromAgent{Message: &link.FromAgent_Register{Register: &link.Register{
			Agent: &mesos.AgentInfo{Hostname: new("")}, Version: new(""),
		}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "hostname") {
			t.Errorf("the link ends with %v, want INVALID_ARGUMENT that names hostname", err)
		}
	})
}

func TestTheEndOfServeEndsAllStreams(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		s, a := cl.subscribe(), cl.register("cpus:1;mem:64", nil)
		began := time.Now()
		c.stop()
		if d := time.Since(began); d != 0 {
			t.Errorf("the end took %v with peers that read", d)
		}
		if err := s.end(); status.Code(err) != codes.Unavailable {
			t.Errorf("the scheduler's stream ends with %v, want UNAVAILABLE", err)
		}
		if _, err := a.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("the agent's link ends with %v, want UNAVAILABLE", err)
		}
	})
}

func TestServeCanBeCalledOnce(t *testing.T) {
	inBubble(t, master.Config{}, func(t *testing.T, c *cluster) {
		m, err := master.New(master.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Serve(ctx, bufconn.Listen(1)); err != nil {
			t.Errorf("first Serve: %v", err)
		}
		if err := m.Serve(ctx, bufconn.Listen(1)); err == nil {
			t.Error("second Serve returns no error")
		}
	})
}

func TestServeTellsOfABrokenListener(t *testing.T) {
	m, err := master.New(master.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("Serve returns %v, want an error that names %v", err, l.Addr())
	}
}

func TestConfigThatCannotBeIsRefused(t *testing.T) {
	for name, cfg := range map[string]master.Config{
		"negative interval":           {AllocationInterval: -1},
		"negative reregister timeout": {AgentReregisterTimeout: -1},
		"negative offer timeout":      {OfferTimeout: -1},
		"id with a slash":             {ID: "a/b"},
	} {
		if _, err := master.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestFrameworksAreToldWhereTheMasterIs(t *testing.T) {
	cfg := master.Config{Advertise: netip.MustParseAddrPort("127.0.0.2:5050"), Version: "9.9"}
	inBubble(t, cfg, func(t *testing.T, c *cluster) {
		s := c.dial().scheduler()
		s.send(&scheduler.Call{Type: scheduler.Call_SUBSCRIBE.Enum(), Subscribe: &scheduler.Call_Subscribe{
			FrameworkInfo: &mesos.FrameworkInfo{User: new(""), Name: new("")},
		}})
		got := s.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetMasterInfo()
		if got.GetPid() != "master@127.0.0.2:5050" || got.GetIp() != 0x0200007f || got.GetPort() != 5050 ||
			got.GetHostname() != "127.0.0.2" || got.GetVersion() != "9.9" || got.GetAddress().GetIp() != "127.0.0.2" {
			t.Errorf("master info %v", got)
		}
	})
}

func TestWhatHappensIsLogged(t *testing.T) {
	var text bytes.Buffer
	cfg := master.Config{Log: slog.New(slog.NewTextHandler(&text, nil))}
	inBubble(t, cfg, func(t *testing.T, c *cluster) {
		cl := c.dial()
		cl.register("cpus:1;mem:64", nil)
		s := cl.subscribe()
		s.send(&scheduler.Call{Type: scheduler.Call_MESSAGE.Enum(), Message: &scheduler.Call_Message{
			AgentId: &mesos.AgentID{Value: new("a")}, ExecutorId: &mesos.ExecutorID{Value: new("e")}, Data: make([]byte, 16<<20),
		}})
		_ = s.end() // too large a call
	})
	for _, want := range []string{
		`msg="agent added" agent_id=m-S0`, `msg="framework added" framework_id=m-0000 detail=test`,
		`msg="message not received" conn=2 agent=false`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("log does not say %s:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "level=DEBUG") {
		t.Error("debug notes are logged to a logger that does not want them")
	}
}

func TestTheSameResourcesAreOfferedToAllWhereThatIsAskedFor(t *testing.T) {
	for name, optimistic := range map[string]bool{"one at a time": false, "optimistic": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, master.Config{OptimisticOffers: optimistic}, func(t *testing.T, c *cluster) {
				cl := c.dial()
				a := cl.register("cpus:4;mem:1024", nil)
				first, second := cl.subscribe(), make(chan *scheduler.Event, 1)
				o := first.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
				other := cl.subscribe()
				go func() {
					for {
						e, err := other.Recv()
						if err != nil {
							return
						}
						if e.GetOffers() != nil || e.GetRescind() != nil {
							second <- e
						}
					}
				}()
				synctest.Wait()
				if got := len(second) > 0; got != optimistic {
					t.Fatalf("the second framework is offered the agent too: %v", got)
				}
				if !optimistic {
					return
				}
				theirs := (<-second).GetOffers().GetOffers()[0].GetId()
				first.accept(o, task("t", o, o.GetResources()))
				if id := a.next().GetRun().GetTask().GetTaskId().GetValue(); id != "t" {
					t.Errorf("the agent is to run %q", id)
				}
				if e := <-second; e.GetRescind().GetOfferId().GetValue() != theirs.GetValue() {
					t.Errorf("the second framework hears %v", e)
				}
			})
		})
	}
}

func TestTheLeastThatIsOfferedIsTheOperators(t *testing.T) {
	minimum := []resource.Resources{resource.MustParse("cpus:8")}
	for name, tc := range map[string]struct {
		config  master.Config
		agent   string
		offered bool
	}{
		"the usual minimum":       {master.Config{}, "cpus:4;mem:1024", true},
		"below the usual minimum": {master.Config{}, "cpus:0.001;mem:1", false},
		"a minimum of his own":    {master.Config{MinAllocatable: minimum}, "cpus:4;mem:1024", false},
		"GPUs are kept":           {master.Config{}, "cpus:4;mem:1024;gpus:1", false},
		"GPUs are for everybody":  {master.Config{OfferGPUs: true}, "cpus:4;mem:1024;gpus:1", true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.config, func(t *testing.T, c *cluster) {
				cl := c.dial()
				cl.register(tc.agent, nil)
				s := cl.subscribe()
				offered := make(chan struct{}, 1)
				go func() {
					for {
						e, err := s.Recv()
						if err != nil {
							return
						}
						if e.GetOffers() != nil {
							offered <- struct{}{}
						}
					}
				}()
				time.Sleep(10 * time.Second)
				if got := len(offered) > 0; got != tc.offered {
					t.Errorf("offered: %v, want %v", got, tc.offered)
				}
			})
		})
	}
}
