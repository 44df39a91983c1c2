// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package registrytest has the tests that every registry of a master must pass.
package registrytest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/maintenance"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// Registry is what is tested: what a master wants, and that it ends.
type Registry interface {
	Load() ([]core.Record, error)
	Persist(records []core.Record) error
	Close() error
}

// Run tests registries. storage makes a place for one, in which nothing is yet;
// what it returns opens the registry there, again after a Close.
func Run(t *testing.T, storage func(t *testing.T) (open func() (Registry, error))) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, func() Registry){
		"a new one has nothing":                    testEmpty,
		"what was persisted is there again":        testAgain,
		"every kind of record comes back":          testKinds,
		"the last of a key counts":                 testLast,
		"nil forgets, also what was never known":   testForget,
		"keys are any text":                        testKeys,
		"a batch that cannot be leaves no trace":   testRefused,
		"Load is in the same order every time":     testOrder,
		"it keeps nothing of what it was given":    testOwnership,
		"a history ends as a map would":            testHistory,
		"a value of a megabyte, ten thousand keys": testLarge,
	} {
		t.Run(name, func(t *testing.T) {
			open := storage(t)
			test(t, func() Registry {
				t.Helper()
				r, err := open()
				if err != nil {
					t.Fatal(err)
				}
				return r
			})
		})
	}
}

// Weight returns a record for tests.
func Weight(role string, weight float64) core.Record {
	return core.Record{Kind: core.RecordWeight, Key: role, Value: &registry.Weight{
		Info: &mesos.WeightInfo{Role: &role, Weight: &weight},
	}}
}

// Same compares what two registries have, in any order.
func Same(want, got []core.Record) string {
	return gocmp.Diff(sorted(want), sorted(got), protocmp.Transform())
}

func sorted(records []core.Record) []core.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b core.Record) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
	})
}

func persist(t *testing.T, r Registry, records ...core.Record) {
	t.Helper()
	if err := r.Persist(records); err != nil {
		t.Fatal(err)
	}
}

// reopened closes r and checks that the next one has exactly these records.
func reopened(t *testing.T, r Registry, open func() Registry, want ...core.Record) {
	t.Helper()
	has(t, r, want...)
	closed(t, r)
	r = open()
	has(t, r, want...)
	closed(t, r)
}

func has(t *testing.T, r Registry, want ...core.Record) {
	t.Helper()
	got, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := Same(want, got); diff != "" {
		t.Fatalf("records (-want +got):\n%s", diff)
	}
}

func closed(t *testing.T, r Registry) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func testEmpty(t *testing.T, open func() Registry) {
	r := open()
	persist(t, r)
	reopened(t, r, open)
}

func testAgain(t *testing.T, open func() Registry) {
	r := open()
	persist(t, r, Weight("a", 2), Weight("b", 3))
	closed(t, r)
	r = open()
	persist(t, r, Weight("c", 4))
	reopened(t, r, open, Weight("a", 2), Weight("b", 3), Weight("c", 4))
}

func testKinds(t *testing.T, open func() Registry) {
	r := open()
	all := kinds()
	persist(t, r, all...)
	reopened(t, r, open, all...)
}

// kinds returns a record of each kind.
func kinds() []core.Record {
	machine := &mesos.MachineID{Hostname: new("h"), Ip: new("10.0.0.1")}
	return []core.Record{
		{Kind: core.RecordAgent, Key: "S1", Value: &registry.Agent{
			State: registry.AgentState_AGENT_UNREACHABLE.Enum(),
			Info:  &mesos.AgentInfo{Hostname: new("h"), Id: &mesos.AgentID{Value: new("S1")}},
			Since: &mesos.TimeInfo{Nanoseconds: new(int64(7))}, Deactivated: new(true),
			Drain: &mesos.DrainInfo{
				State:  mesos.DrainState_DRAINING.Enum(),
				Config: &mesos.DrainConfig{MarkGone: new(true)},
			},
		}},
		{Kind: core.RecordFramework, Key: "F1", Value: &registry.Framework{
			Info:            &mesos.FrameworkInfo{User: new("u"), Name: new("n"), Roles: []string{"a", "b"}},
			SuppressedRoles: []string{"b"}, Completed: new(true),
			Disconnected: &mesos.TimeInfo{Nanoseconds: new(int64(8))},
		}},
		Weight("a", 2.5),
		{Kind: core.RecordQuota, Key: "a", Value: &registry.Quota{Config: &quota.QuotaConfig{
			Role:       new("a"),
			Guarantees: map[string]*mesos.Value_Scalar{"cpus": {Value: new(1.5)}, "mem": {Value: new(64.0)}},
		}}},
		{Kind: core.RecordMaintenance, Key: "schedule", Value: &registry.Schedule{
			Schedule: &maintenance.Schedule{Windows: []*maintenance.Window{{
				MachineIds:     []*mesos.MachineID{machine},
				Unavailability: &mesos.Unavailability{Start: &mesos.TimeInfo{Nanoseconds: new(int64(9))}},
			}}},
		}},
		{Kind: core.RecordMaintenance, Key: "machines", Value: &registry.Machines{
			Machines: []*mesos.MachineInfo{{Id: machine, Mode: mesos.MachineInfo_DOWN.Enum()}},
		}},
	}
}

func testLast(t *testing.T, open func() Registry) {
	r := open()
	persist(t, r, Weight("a", 2), Weight("b", 3))
	persist(t, r, Weight("a", 5), Weight("b", 6), Weight("a", 7))
	reopened(t, r, open, Weight("a", 7), Weight("b", 6))
}

func testForget(t *testing.T, open func() Registry) {
	r := open()
	persist(t, r, Weight("a", 2), Weight("b", 3))
	persist(t, r, core.Record{Kind: core.RecordWeight, Key: "a"}, core.Record{Kind: core.RecordQuota, Key: "a"})
	persist(t, r, core.Record{Kind: core.RecordWeight, Key: "a"}, Weight("c", 1), core.Record{Kind: core.RecordWeight, Key: "c"})
	reopened(t, r, open, Weight("b", 3))
}

func testKeys(t *testing.T, open func() Registry) {
	long := strings.Repeat("role", 20_000)
	want := []core.Record{
		Weight("a/b", 2), Weight("*", 2), Weight("grüße", 3), Weight("x\x00y", 4),
		Weight(long, 5), Weight(long+"2", 6), Weight(long[:1024], 7), Weight(long[:1025], 8),
	}
	r := open()
	persist(t, r, want...)
	persist(t, r, core.Record{Kind: core.RecordWeight, Key: long + "2"})
	reopened(t, r, open, slices.Delete(want, 5, 6)...)
}

func testRefused(t *testing.T, open func() Registry) {
	for name, bad := range map[string]core.Record{
		"a kind that is none":       {Kind: "meta", Key: "format", Value: &registry.Weight{}},
		"a key that is none":        {Kind: core.RecordMaintenance, Key: "plan", Value: &registry.Schedule{}},
		"the message of another":    {Kind: core.RecordAgent, Key: "a", Value: Weight("a", 1).Value},
		"a required field is unset": {Kind: core.RecordAgent, Key: "a", Value: &registry.Agent{}},
		"an empty key":              Weight("", 1),
	} {
		t.Run(name, func(t *testing.T) {
			r := open()
			if err := r.Persist([]core.Record{Weight("new", 1), bad}); err == nil {
				t.Error("no error")
			}
			closed(t, r)
		})
	}
	r := open()
	reopened(t, r, open)
}

func testOrder(t *testing.T, open func() Registry) {
	r := open()
	persist(t, r, kinds()...)
	for i := range 50 {
		persist(t, r, Weight(fmt.Sprint(i*7919%50), 1))
	}
	first, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	r = open()
	second, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(first, second, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	closed(t, r)
}

func testOwnership(t *testing.T, open func() Registry) {
	r := open()
	record := Weight("a", 2)
	persist(t, r, record)
	record.Value.(*registry.Weight).Info.Weight = new(9.0)
	got, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	got[0].Value.(*registry.Weight).Info.Role = new("mine now")
	reopened(t, r, open, Weight("a", 2))
}

// testHistory plays random batches, with restarts, against a map.
func testHistory(t *testing.T, open func() Registry) {
	random := rand.New(rand.NewPCG(1, 2))
	model := make(map[string]core.Record)
	r := open()
	for range 200 {
		var batch []core.Record
		for range 1 + random.IntN(8) {
			record := Weight(fmt.Sprint(random.IntN(40)), float64(random.IntN(1000)))
			if random.IntN(3) == 0 {
				record.Value = nil
			}
			batch = append(batch, record)
			if delete(model, record.Key); record.Value != nil {
				model[record.Key] = record
			}
		}
		persist(t, r, batch...)
		if random.IntN(10) == 0 {
			closed(t, r)
			r = open()
		}
	}
	var want []core.Record
	for _, record := range model {
		want = append(want, record)
	}
	reopened(t, r, open, want...)
}

func testLarge(t *testing.T, open func() Registry) {
	name := strings.Repeat("n", 1<<20)
	want := []core.Record{{Kind: core.RecordFramework, Key: "F", Value: &registry.Framework{
		Info: &mesos.FrameworkInfo{User: new("u"), Name: &name},
	}}}
	for i := range 10_000 {
		want = append(want, Weight(fmt.Sprint(i), float64(i)))
	}
	r := open()
	persist(t, r, want...)
	got, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(sorted(want), sorted(got), func(a, b core.Record) bool { return a.Key == b.Key && proto.Equal(a.Value, b.Value) }) {
		t.Errorf("%d records came back otherwise, of %d", len(got), len(want))
	}
	closed(t, r)
}
