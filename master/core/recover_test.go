// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
)

// record returns what is remembered of the framework.
func (s *sched) record() *registry.Framework {
	s.w.t.Helper()
	r, ok := s.w.records[recordKey{core.RecordFramework, s.id.GetValue()}].(*registry.Framework)
	if !ok {
		s.w.t.Fatalf("nothing is remembered of framework %s", s.id.GetValue())
	}
	return r
}

// remembered returns what is durable, in no particular order.
func (w *world) remembered() []core.Record {
	var list []core.Record
	for k, v := range w.records {
		list = append(list, core.Record{Kind: k.kind, Key: k.key, Value: proto.Clone(v)})
	}
	return list
}

// successor returns the world of a new master that knows what this one has made
// durable. Everybody is disconnected. Its first step is done.
func (w *world) successor(id string, options ...func(*core.Config)) *world {
	w.t.Helper()
	next := newWorld(w.t, append(options, withMaster(id), func(c *core.Config) { c.Remembered = w.remembered() })...)
	next.now, next.conns = w.now, w.conns
	next.records = maps.Clone(w.records)
	if len(w.records) > 0 {
		if at, ok := next.core.Deadline(); !ok || at.After(next.now) {
			w.t.Fatalf("a new master is due at %v, %v: it would not begin to count", at, ok)
		}
	}
	next.do(core.Tick{})
	return next
}

func TestAFrameworkThatWasConnectedIsWaitedForFromTheStartOfTheNewMaster(t *testing.T) {
	w := newWorld(t)
	w.subscribe(withFailoverTimeout(3600))
	w.subscribe() // failover_timeout 0
	next := w.successor("m2")
	next.pass(10*time.Minute - 1)
	if s := next.subscribe(withID("m-0001")); s.id.GetValue() != "m-0001" {
		t.Errorf("id is %v", s.id)
	}
	next.pass(50*time.Minute + 1)
	next.dial(frameworkInfo(withID("m-0000"))).ended("has been removed")
}

func TestOfAFrameworkThatWasDisconnectedTheRestOfItsFailoverTimeoutIsLeft(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(3600))
	late := w.subscribe(withFailoverTimeout(1800))
	s.close()
	late.close()
	w.pass(30*time.Minute - time.Second)
	next := w.successor("m2")
	next.pass(time.Minute - 1)
	next.subscribe(withID(late.id.GetValue())) // it had a minute, though only a second was left
	next.pass(29*time.Minute + 2*time.Second)
	next.dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed")
}

func TestAClockThatWasSetBackDoesNotLengthenAFailoverTimeout(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(3600))
	s.close()
	w.now = w.now.Add(-24 * time.Hour)
	next := w.successor("m2")
	next.pass(time.Hour)
	next.dial(frameworkInfo(withID(s.id.GetValue()))).ended("has been removed")
}

func TestARemovedFrameworkIsRefusedByTheNextMasterToo(t *testing.T) {
	w := newWorld(t)
	w.subscribe().close()
	next := w.successor("m2").successor("m3")
	next.dial(frameworkInfo(withID("m-0000"))).ended("has been removed")
}

func TestTheOldestRemovedFrameworksAreForgottenByTheRegistryToo(t *testing.T) {
	const most = 1 << 14
	w := newWorld(t)
	for i := range most + 2 {
		w.now = w.now.Add(time.Second)
		w.dial(frameworkInfo(withID(fmt.Sprint("f", i)))).close()
	}
	if len(w.records) != most {
		t.Errorf("%d frameworks are remembered, want %d", len(w.records), most)
	}
	next := w.successor("m2")
	next.dial(frameworkInfo(withID("f2"))).ended("has been removed")
	if s := next.subscribe(withID("f1")); s.id.GetValue() != "f1" {
		t.Errorf("id is %v, want the one that was forgotten", s.id)
	}
	next.dial(frameworkInfo(withID("f3"))).ended("has been removed")
	next.subscribe(withID("f1")).close() // one more: f2 goes
	if next.subscribe(withID("f2")) == nil {
		t.Error("the oldest is not forgotten first")
	}
}

func TestAFrameworkThatOnlyAnAgentKnowsIsRememberedAsWell(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	n := w.node("cpus:2;mem:100")
	launched(t, s, n, "t", "cpus:1")
	fresh := newWorld(t, withMaster("m2"))
	fresh.now = w.now
	n.w, s.w = fresh, fresh
	n.back("cpus:2;mem:100", []*mesos.FrameworkInfo{frameworkInfo(withID("m-0000"))}, nil,
		listed(s, n, "t", mesos.TaskState_TASK_RUNNING, "cpus:1"))
	if s.record().GetCompleted() || s.record().GetInfo().GetName() != "test" {
		t.Errorf("remembered is %v", s.record())
	}
}

func TestASubscriptionThatChangesNothingWritesNothing(t *testing.T) {
	w := newWorld(t)
	s := w.subscribe(withFailoverTimeout(60))
	w.records = map[recordKey]proto.Message{}
	w.subscribe(withID(s.id.GetValue()), withFailoverTimeout(60))
	if len(w.records) != 0 {
		t.Errorf("records %v, want none", w.records)
	}
}

func TestWeightsAndQuotasOutliveTheMaster(t *testing.T) {
	w := newWorld(t)
	w.must(weightsCall(map[string]float64{"a": 2, "b/c": 0.5}))
	w.must(quotaCall(true, config("a", map[string]float64{"cpus": 2}, map[string]float64{"cpus": 4, "mem": 0})))
	w.must(quotaCall(true, config("gone", nil, map[string]float64{"cpus": 4})))
	w.must(quotaCall(true, config("gone", nil, nil)))
	w.must(weightsCall(map[string]float64{"a": 2, "b/c": 1}))
	next := w.successor("m2")
	for _, call := range []func() proto.Message{
		func() proto.Message { return next.must(getCall(getWeights)).GetGetWeights() },
		func() proto.Message { return next.must(getCall(getQuota)).GetGetQuota() },
	} {
		got := call()
		next, w = w, next
		if want := call(); !proto.Equal(got, want) {
			t.Errorf("the new master says %v, the old one %v", got, want)
		}
		next, w = w, next
	}
	if !slices.Equal(keysOf(next.records), keysOf(w.records)) || len(next.records) != 2 {
		t.Errorf("remembered is %v, want the weight and the quota of a", keysOf(next.records))
	}
}

func keysOf(m map[recordKey]proto.Message) []string {
	var list []string
	for k := range m {
		list = append(list, string(k.kind)+" "+k.key)
	}
	slices.Sort(list)
	return list
}

func TestABadRecordIsAnErrorThatNamesItAndWhatToDo(t *testing.T) {
	framework := func(id, role string) *registry.Framework {
		return &registry.Framework{Info: frameworkInfo(withID(id), withRole(role))}
	}
	weight := func(role string, w float64) *registry.Weight {
		return &registry.Weight{Info: &mesos.WeightInfo{Role: &role, Weight: &w}}
	}
	for name, c := range map[string]struct {
		record core.Record
		words  []string
	}{
		"a kind of a newer master":    {core.Record{Kind: "wishes", Key: "k"}, []string{`wishes "k"`, "version"}},
		"another type":                {core.Record{Kind: core.RecordFramework, Key: "f", Value: weight("a", 1)}, []string{`frameworks "f"`, "registry.Weight", "registry.Framework"}},
		"no value":                    {core.Record{Kind: core.RecordWeight, Key: "a"}, []string{`weights "a"`, "registry.Weight"}},
		"a required field is missing": {core.Record{Kind: core.RecordFramework, Key: "f", Value: &registry.Framework{}}, []string{`frameworks "f"`, "info"}},
		"a framework of another key":  {core.Record{Kind: core.RecordFramework, Key: "f", Value: framework("g", "*")}, []string{`frameworks "f"`, `"g"`}},
		"a framework of a bad role":   {core.Record{Kind: core.RecordFramework, Key: "f", Value: framework("f", "a b")}, []string{`frameworks "f"`, `"a b"`}},
		"a weight of another key":     {core.Record{Kind: core.RecordWeight, Key: "a", Value: weight("b", 1)}, []string{`weights "a"`, `"b"`}},
		"a bad weight":                {core.Record{Kind: core.RecordWeight, Key: "a", Value: weight("a", -1)}, []string{`weights "a"`, "-1"}},
		"a quota of another key": {
			core.Record{Kind: core.RecordQuota, Key: "a", Value: &registry.Quota{Config: config("b", nil, map[string]float64{"cpus": 1})}},
			[]string{`quotas "a"`, `"b"`},
		},
		"an empty quota": {core.Record{Kind: core.RecordQuota, Key: "a", Value: &registry.Quota{Config: config("a", nil, nil)}}, []string{`quotas "a"`, "empty"}},
		"a bad quota": {
			core.Record{Kind: core.RecordQuota, Key: "a/b", Value: &registry.Quota{Config: &quota.QuotaConfig{Role: new("a/b")}}},
			[]string{`quotas "a/b"`, "top-level"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := core.New(core.Config{
				Master:    &mesos.MasterInfo{Id: new("m")},
				Allocator: allocator.New(allocator.Config{}), Remembered: []core.Record{c.record},
			})
			for _, word := range append(c.words, "restore the registry", "remove this record") {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("error %v does not say %q", err, word)
				}
			}
		})
	}
}
