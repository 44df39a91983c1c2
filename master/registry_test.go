// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/master/registry"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/testing/protocmp"
)

// diary is a registry in memory that keeps each batch, and holds or fails a write
// as it is told.
type diary struct {
	mu      sync.Mutex
	batches [][]core.Record
	fail    error
	hold    chan struct{} // not nil: the next write waits for it
}

func (d *diary) Load() ([]core.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := make(map[[2]string]core.Record)
	for _, batch := range d.batches {
		for _, r := range batch {
			if delete(last, [2]string{string(r.Kind), r.Key}); r.Value != nil {
				last[[2]string{string(r.Kind), r.Key}] = r
			}
		}
	}
	var records []core.Record
	for _, r := range last {
		records = append(records, r)
	}
	return records, nil
}

func (d *diary) Persist(records []core.Record) error {
	d.mu.Lock()
	hold := d.hold
	d.mu.Unlock()
	if hold != nil {
		<-hold
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	d.batches = append(d.batches, append([]core.Record(nil), records...))
	return nil
}

func (d *diary) set(fail error, hold chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail, d.hold = fail, hold
}

func (d *diary) kinds() (kinds []core.RecordKind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, batch := range d.batches {
		for _, r := range batch {
			kinds = append(kinds, r.Kind)
		}
	}
	return kinds
}

func (cl *client) setWeight(ctx context.Context, role string, weight float64) error {
	_, err := cl.operators().Call(ctx, &operator.Call{
		Type:          operator.Call_UPDATE_WEIGHTS.Enum(),
		UpdateWeights: &operator.Call_UpdateWeights{WeightInfos: []*mesos.WeightInfo{{Role: &role, Weight: &weight}}},
	})
	return err
}

func (cl *client) weights(t *testing.T) map[string]float64 {
	t.Helper()
	answer, err := cl.ask(t.Context(), operator.Call_GET_WEIGHTS)
	if err != nil {
		t.Fatal(err)
	}
	weights := make(map[string]float64)
	for _, i := range answer.GetGetWeights().GetWeightInfos() {
		weights[i.GetRole()] = i.GetWeight()
	}
	return weights
}

func TestNothingLeavesTheMasterBeforeItIsDurable(t *testing.T) {
	d := &diary{}
	var log lockedBuffer
	inBubble(t, master.Config{Registry: d, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		hold := make(chan struct{})
		d.set(nil, hold)
		answered, subscribed := make(chan error, 1), make(chan *scheduler.Event, 1)
		go func() { answered <- cl.setWeight(t.Context(), "a", 2) }()
		s := c.dial().scheduler()
		s.send(subscribeCall())
		go func() { e, _ := s.Recv(); subscribed <- e }()
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case err := <-answered:
			t.Errorf("answered before it was durable: %v", err)
		case e := <-subscribed:
			t.Errorf("told before it was durable: %v", e)
		default:
		}
		d.set(nil, nil)
		close(hold)
		if err := <-answered; err != nil {
			t.Error(err)
		}
		if e := <-subscribed; e.GetType() != scheduler.Event_SUBSCRIBED {
			t.Errorf("event %v", e)
		}
	})
	if want := "the registry is slow, and everybody waits for it\" took=1m0s records="; !strings.Contains(log.String(), want) {
		t.Errorf("it does not log %s: %s", want, log.String())
	}
}

// lockedBuffer takes a log.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestAMasterThatCannotRememberEndsWithoutAWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		m, err := master.New(master.Config{ID: "m", Registry: d})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		c := &cluster{tb: t, listen: bufconn.Listen(1 << 16)}
		go func() { served <- m.Serve(t.Context(), c.listen) }()
		cl := c.dial()
		s := cl.scheduler()
		if err := cl.setWeight(t.Context(), "a", 2); err != nil {
			t.Fatal(err)
		}
		full := errors.New("no space left on device")
		d.set(full, nil)
		s.send(subscribeCall())
		if e, err := s.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("the framework hears %v, error %v", e, err)
		}
		if err := <-served; !errors.Is(err, full) || !strings.HasPrefix(err.Error(), "master: cannot remember what it decided") {
			t.Errorf("Serve: %v", err)
		}
		cl.close()
	})
}

func TestUpdatesOfTasksWriteNothing(t *testing.T) {
	d := &diary{}
	inBubble(t, master.Config{Registry: d}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		a := cl.register("cpus:4;mem:1024", nil)
		s := cl.subscribe()
		o := s.next(scheduler.Event_OFFERS).GetOffers().GetOffers()[0]
		before := len(d.kinds())
		if before == 0 {
			t.Error("neither the agent nor the framework is remembered")
		}
		s.accept(o, task("t", o, o.GetResources()))
		run := a.next().GetRun()
		a.update(s.id, run.GetTask().GetTaskId(), mesos.TaskState_TASK_RUNNING, make([]byte, 16))
		s.acknowledge(s.next(scheduler.Event_UPDATE).GetUpdate().GetStatus())
		a.next()
		if got := d.kinds()[before:]; len(got) > 0 {
			t.Errorf("a task wrote %v", got)
		}
	})
}

// A second master with what the first one remembered, here in a file, goes on where
// that one ended.
func TestAMasterGoesOnWhereTheLastOneEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "registry.db")
	open := func(t *testing.T) *registry.Registry {
		t.Helper()
		r, err := registry.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	var framework *mesos.FrameworkID
	var agent *mesos.AgentID
	first := open(t)
	inBubble(t, master.Config{ID: "m1", Registry: first, Weights: map[string]float64{"a": 2, "b": 3}}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		if err := cl.setWeight(t.Context(), "b", 4); err != nil {
			t.Fatal(err)
		}
		agent = cl.register("cpus:4;mem:1024", nil).id
		framework = cl.subscribe(failoverTimeout(3600)).id
	})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t)
	inBubble(t, master.Config{ID: "m2", Registry: second, Weights: map[string]float64{"c": 9}}, func(t *testing.T, c *cluster) {
		cl := c.dial()
		if diff := cmp.Diff(map[string]float64{"a": 2, "b": 4}, cl.weights(t)); diff != "" {
			t.Errorf("weights (-want +got):\n%s", diff)
		}
		agents, err := cl.ask(t.Context(), operator.Call_GET_AGENTS)
		if err != nil {
			t.Fatal(err)
		}
		if got := agents.GetGetAgents().GetRecoveredAgents(); len(got) != 1 || got[0].GetId().GetValue() != agent.GetValue() {
			t.Errorf("it waits for %v, want %v", got, agent)
		}
		again := cl.subscribe(failoverTimeout(3600), func(i *mesos.FrameworkInfo) { i.Id = framework })
		if diff := cmp.Diff(framework, again.id, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
	})
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFirstWeightsAreCheckedAsAnOperatorsAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, err := master.New(master.Config{ID: "m", Weights: map[string]float64{"a//b": 2}})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Serve(t.Context(), bufconn.Listen(1)); err == nil || !strings.HasPrefix(err.Error(), "master: Weights: ") || !strings.Contains(err.Error(), "a//b") {
			t.Errorf("Serve: %v", err)
		}
	})
}

func TestARegistryThatCannotBeReadIsNoMaster(t *testing.T) {
	broken := errors.New("broken")
	if _, err := master.New(master.Config{Registry: unreadable{broken}}); !errors.Is(err, broken) {
		t.Errorf("New: %v", err)
	}
}

type unreadable struct{ error }

func (u unreadable) Load() ([]core.Record, error) { return nil, u.error }
func (u unreadable) Persist([]core.Record) error  { return u.error }
