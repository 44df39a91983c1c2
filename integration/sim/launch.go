// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// launch accepts offers with some tasks.
func (s *sched) launch(draw *rand.Rand, offers []*mesos.Offer) {
	if len(offers) == 0 || !s.ready {
		return
	}
	l := &launcher{s: s, draw: draw, offer: offers[0]}
	for _, o := range offers {
		for _, r := range o.GetResources() {
			l.pool = append(l.pool, proto.CloneOf(r))
		}
	}
	if l.role = l.offer.GetAllocationInfo().GetRole(); l.role == "" {
		l.role = s.roles[0]
	}
	accept := &scheduler.Call_Accept{OfferIds: idsOf(offers), Filters: filters(draw)}
	for range max(0, draw.IntN(6)-3) {
		if op := l.operation(); op != nil {
			accept.Operations = append(accept.Operations, op)
		}
	}
	if op := l.tasks(); op != nil {
		accept.Operations = append(accept.Operations, op)
	}
	s.call(&scheduler.Call{Type: scheduler.Call_ACCEPT.Enum(), Accept: accept})
}

// launcher cuts offers into tasks.
type launcher struct {
	s     *sched
	draw  *rand.Rand
	offer *mesos.Offer
	role  string
	pool  []*mesos.Resource
	fresh []string // executors that this ACCEPT brings
}

// tasks makes some tasks of what is left, each for itself or as a group; nil for
// none.
func (l *launcher) tasks() *mesos.Offer_Operation {
	if l.draw.IntN(8) == 0 {
		return l.group()
	}
	var infos []*mesos.TaskInfo
	for range 1 + l.draw.IntN(4) {
		var executor *mesos.ExecutorInfo
		if l.draw.IntN(2) == 0 {
			executor = l.executor(fmt.Sprintf("e%d", l.draw.IntN(3)))
		}
		if t := l.task(executor); t != nil {
			infos = append(infos, t)
		}
	}
	if len(infos) == 0 {
		return nil
	}
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_LAUNCH.Enum(), Launch: &mesos.Offer_Operation_Launch{TaskInfos: infos},
	}
}

// group makes some tasks that start together, in an executor that is large enough
// for it.
func (l *launcher) group() *mesos.Offer_Operation {
	executor := l.executor("g")
	if executor == nil {
		return nil
	}
	group := &mesos.TaskGroupInfo{}
	for range 1 + l.draw.IntN(3) {
		if t := l.task(executor); t != nil {
			t.Executor = nil
			group.Tasks = append(group.Tasks, t)
		}
	}
	if len(group.Tasks) == 0 {
		return nil
	}
	return &mesos.Offer_Operation{
		Type:        mesos.Offer_Operation_LAUNCH_GROUP.Enum(),
		LaunchGroup: &mesos.Offer_Operation_LaunchGroup{Executor: executor, TaskGroup: group},
	}
}

// task makes one task of what is left, or none; without an executor it is a
// command.
func (l *launcher) task(executor *mesos.ExecutorInfo) *mesos.TaskInfo {
	s, agent := l.s, l.offer.GetAgentId()
	list := l.cut("cpus", 0.1*float64(1+l.draw.IntN(20)))
	list = append(list, l.cut("mem", float64(32*(1+l.draw.IntN(16))))...)
	if len(list) == 0 {
		return nil
	}
	if l.draw.IntN(4) == 0 {
		list = append(list, l.port()...)
	}
	s.tasks++
	id := fmt.Sprintf("s%d-t%d", s.index, s.tasks)
	info := &mesos.TaskInfo{
		Name: new(id), TaskId: &mesos.TaskID{Value: new(id)}, AgentId: agent, Resources: list,
	}
	if executor != nil {
		info.Executor = executor
	} else {
		info.Command = &mesos.CommandInfo{Value: new("sleep")}
	}
	if l.draw.IntN(10) == 0 {
		info.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: new(int64(l.draw.IntN(20)) * int64(second))}}
	}
	if l.draw.IntN(10) == 0 {
		info.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: new(int64(l.draw.IntN(60)) * int64(second))}
	}
	s.w.tasks.launched(s, info)
	return info
}

// executor describes an executor of the framework, always the same for an id, and
// sets aside what it needs if it is not there; nil if it cannot be had.
func (l *launcher) executor(id string) *mesos.ExecutorInfo {
	e := &mesos.ExecutorInfo{
		Type: mesos.ExecutorInfo_CUSTOM.Enum(), ExecutorId: &mesos.ExecutorID{Value: &id},
		Command: &mesos.CommandInfo{Value: new("./executor")},
	}
	if id == "e0" {
		return e // one without resources of its own
	}
	there := slices.Contains(l.fresh, id) || slices.ContainsFunc(l.offer.GetExecutorIds(), func(x *mesos.ExecutorID) bool {
		return x.GetValue() == id
	})
	e.Resources = []*mesos.Resource{scalar("cpus", 0.1), scalar("mem", 32)}
	if id == "g" {
		e.Resources = append(e.Resources, scalar("disk", 1))
	}
	if there {
		return e
	}
	for _, want := range e.Resources {
		if !l.has(want) {
			return nil
		}
	}
	for _, want := range e.Resources {
		l.reserve(want)
	}
	l.fresh = append(l.fresh, id)
	return e
}

func scalar(name string, v float64) *mesos.Resource {
	return &mesos.Resource{Name: &name, Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: &v}}
}

// plain tells whether a resource is reserved for nobody.
func plain(r *mesos.Resource) bool {
	//lint:ignore SA1019 frameworks without RESERVATION_REFINEMENT see it
	return len(r.GetReservations()) == 0 && (r.Role == nil || r.GetRole() == "*")
}

func (l *launcher) has(want *mesos.Resource) bool {
	return slices.ContainsFunc(l.pool, func(r *mesos.Resource) bool {
		return r.GetName() == want.GetName() && plain(r) && r.GetScalar().GetValue() >= want.GetScalar().GetValue()
	})
}

// reserve takes from the pool what has says is there.
func (l *launcher) reserve(want *mesos.Resource) {
	for _, r := range l.pool {
		if r.GetName() == want.GetName() && plain(r) && r.GetScalar().GetValue() >= want.GetScalar().GetValue() {
			r.Scalar.Value = new(round(r.GetScalar().GetValue() - want.GetScalar().GetValue()))
			return
		}
	}
}

// round keeps a quantity at thousandths.
func round(v float64) float64 { return float64(int64(v*1000+0.5)) / 1000 }

// cut takes so much of a scalar, or less, from one resource of the pool.
func (l *launcher) cut(name string, v float64) []*mesos.Resource {
	for _, r := range l.pool {
		left := r.GetScalar().GetValue()
		if r.GetName() != name || left < 0.01 {
			continue
		}
		v = round(min(v, left))
		r.Scalar.Value = new(round(left - v))
		part := proto.CloneOf(r)
		part.Scalar.Value = &v
		return []*mesos.Resource{part}
	}
	return nil
}

// port takes one port from the pool.
func (l *launcher) port() []*mesos.Resource {
	for _, r := range l.pool {
		if list := r.GetRanges().GetRange(); r.GetName() == "ports" && len(list) > 0 && list[0].GetBegin() < list[0].GetEnd() {
			n := list[0].GetBegin()
			list[0].Begin = new(n + 1)
			part := proto.CloneOf(r)
			part.Ranges.Range = []*mesos.Value_Range{{Begin: &n, End: &n}}
			return []*mesos.Resource{part}
		}
	}
	return nil
}
