// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// reborn is a master that dies again and again, before or after what it has last
// decided is durable, with what operators and frameworks believe of it.
type reborn struct {
	w       *world
	lives   int
	scheds  []*sched                        // that are connected
	known   map[string]*mesos.FrameworkInfo // frameworks that are not removed, as they were told
	removed map[string]bool
	weights map[string]float64
	quotas  map[string]proto.Message
}

// believed is what must be true of every master that follows.
func (r *reborn) believed() string {
	var list []string
	for id, info := range r.known {
		list = append(list, fmt.Sprint("framework ", id, " ", info.GetName(), " ", info.GetRoles()))
	}
	for role, weight := range r.weights {
		list = append(list, fmt.Sprint("weight ", role, " ", weight))
	}
	for role, q := range r.quotas {
		list = append(list, fmt.Sprint("quota ", role, " ", q))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

// told is what the master says itself.
func (r *reborn) told() string {
	var list []string
	for _, f := range r.w.frameworks().GetFrameworks() {
		info := f.GetFrameworkInfo()
		list = append(list, fmt.Sprint("framework ", info.GetId().GetValue(), " ", info.GetName(), " ", info.GetRoles()))
	}
	for _, w := range r.w.must(getCall(getWeights)).GetGetWeights().GetWeightInfos() {
		list = append(list, fmt.Sprint("weight ", w.GetRole(), " ", w.GetWeight()))
	}
	for _, q := range r.w.must(getCall(getQuota)).GetGetQuota().GetStatus().GetConfigs() {
		list = append(list, fmt.Sprint("quota ", q.GetRole(), " ", q))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}

func (r *reborn) check(t *rapid.T) {
	if got, want := r.told(), r.believed(); got != want {
		t.Fatalf("master %d says\n%s, want\n%s", r.lives, got, want)
	}
}

// pick draws a framework that is connected, and takes it from the list.
func (r *reborn) pick(t *rapid.T) *sched {
	if len(r.scheds) == 0 {
		t.Skip("nobody is connected")
	}
	i := rapid.IntRange(0, len(r.scheds)-1).Draw(t, "framework")
	s := r.scheds[i]
	r.scheds = slices.Delete(r.scheds, i, i+1)
	return s
}

func (r *reborn) subscribe(t *rapid.T) {
	id := rapid.SampledFrom(append(slices.Sorted(maps.Keys(r.known)), "")).Draw(t, "id")
	info := frameworkInfo(withRoles(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "role")), withFailoverTimeout(86400))
	info.Name = new(fmt.Sprint("name", rapid.IntRange(0, 9).Draw(t, "name")))
	if id != "" {
		withID(id)(info)
		r.scheds = slices.DeleteFunc(r.scheds, func(s *sched) bool { return s.id.GetValue() == id })
	}
	kept := proto.CloneOf(info)
	s := r.w.dial(info)
	s.id = s.next(scheduler.Event_SUBSCRIBED).GetSubscribed().GetFrameworkId()
	r.scheds = append(r.scheds, s)
	r.known[s.id.GetValue()] = kept
}

func (r *reborn) update(t *rapid.T) {
	s := r.pick(t)
	r.scheds = append(r.scheds, s)
	info := frameworkInfo(withID(s.id.GetValue()), withRoles("a", "c"), withFailoverTimeout(86400))
	r.known[s.id.GetValue()] = proto.CloneOf(info)
	s.call(updateCall(info))
}

func (r *reborn) remove(s *sched) {
	delete(r.known, s.id.GetValue())
	r.removed[s.id.GetValue()] = true
}

func (r *reborn) setWeight(t *rapid.T) {
	role := rapid.SampledFrom([]string{"a", "b", "c/d"}).Draw(t, "role")
	r.weights[role] = rapid.SampledFrom([]float64{0.5, 1, 2}).Draw(t, "weight")
	r.w.must(weightsCall(map[string]float64{role: r.weights[role]}))
	if r.weights[role] == 1 {
		delete(r.weights, role)
	}
}

func (r *reborn) quotaCall(t *rapid.T) (role string, call *master.Call) {
	role = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "role")
	limits := map[string]float64{}
	if cpus := rapid.IntRange(0, 3).Draw(t, "cpus"); cpus > 0 {
		limits["cpus"] = float64(cpus)
	}
	return role, quotaCall(true, config(role, nil, limits))
}

func (r *reborn) setQuota(t *rapid.T) {
	role, call := r.quotaCall(t)
	r.quotas[role] = proto.Clone(call.GetUpdateQuota().GetQuotaConfigs()[0])
	if len(call.GetUpdateQuota().GetQuotaConfigs()[0].GetLimits()) == 0 {
		delete(r.quotas, role)
	}
	r.w.must(call)
}

// restart lets another master begin with what is durable.
func (r *reborn) restart(t *rapid.T) {
	r.lives++
	r.w = r.w.successor(fmt.Sprint("m", r.lives))
	r.scheds = nil
	for _, id := range slices.Sorted(maps.Keys(r.removed)) {
		r.w.dial(frameworkInfo(withID(id))).ended("has been removed")
	}
	r.check(t)
}

// dieBeforeTheWrite lets the master decide something more of which nothing leaves
// it: it dies before that is durable. Nobody has heard of it, so nobody believes it.
func (r *reborn) dieBeforeTheWrite(t *rapid.T) {
	var in core.Input
	switch rapid.IntRange(0, 3).Draw(t, "last") {
	case 0:
		in = core.Call{Conn: r.w.conn(), Call: subscribeCall(frameworkInfo())}
	case 1:
		_, call := r.quotaCall(t)
		in = core.OperatorCall{Request: 1 << 40, Call: call}
	case 2:
		in = core.OperatorCall{Request: 1 << 40, Call: weightsCall(map[string]float64{"a": 7})}
	default:
		s := r.pick(t)
		in = core.Call{Conn: s.conn, Call: &scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum(), FrameworkId: s.id}}
	}
	if err := r.w.core.Step(r.w.now, in); err != nil {
		t.Fatal(err)
	}
	r.restart(t)
}

func TestWhatAMasterSaidIsTrueOfEveryMasterAfterIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &reborn{
			w: newWorld(t), known: make(map[string]*mesos.FrameworkInfo), removed: make(map[string]bool),
			weights: make(map[string]float64), quotas: make(map[string]proto.Message),
		}
		t.Repeat(map[string]func(*rapid.T){
			"a framework subscribes":     r.subscribe,
			"a framework updates itself": r.update,
			"a framework disconnects":    func(t *rapid.T) { r.pick(t).close() },
			"a framework tears itself down": func(t *rapid.T) {
				s := r.pick(t)
				r.remove(s)
				s.call(&scheduler.Call{Type: scheduler.Call_TEARDOWN.Enum()})
			},
			"an operator tears one down":       func(t *rapid.T) { s := r.pick(t); r.remove(s); r.w.must(teardownCall(s.id.GetValue())) },
			"an operator sets a weight":        r.setWeight,
			"an operator sets a quota":         r.setQuota,
			"time passes":                      func(*rapid.T) { r.w.pass(time.Minute) },
			"the master restarts":              r.restart,
			"the master dies before the write": r.dieBeforeTheWrite,
			"":                                 r.check,
		})
	})
}
