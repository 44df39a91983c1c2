// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"maps"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// modelSched is a framework's scheduler, with books of its own. It is
// PARTITION_AWARE, so that it can tell a task that was lost (DROPPED, LOST) from
// one that was asked for and is not there (GONE, UNKNOWN).
type modelSched struct {
	m    *model
	info *mesos.FrameworkInfo // with id once it has one
	conn core.ConnID          // 0 while it is disconnected
	over bool                 // the master refuses its id

	offers  map[string]*mesos.Offer // that stand
	past    []*mesos.Offer          // some that do not
	open    map[string]bool         // tasks that were launched and have not ended
	blurred map[string]bool         // tasks that were launched a second time while the first was open
	removed map[string]bool         // tasks that were lost with their agent: only a master that knows of that keeps it out
	unacked []*mesos.TaskStatus
	inverse map[string]*mesos.InverseOffer // that stand
	ends    map[string]bool                // uuids of ends

	ordered map[string]bool          // operations that are to be told: whether no end was told yet
	ended   []*mesos.OperationStatus // that are not acknowledged

	answers map[string]mesos.TaskState
	filters []modelFilter
	refused map[string]bool // tasks of the ACCEPT that is going on which were refused
}

// modelFilter is what the scheduler does not want to be offered.
type modelFilter struct {
	agent     string
	resources resource.Resources
	until     time.Time
}

func (s *modelSched) connect() {
	s.drop()
	s.conn = s.m.w.conn()
	s.m.w.do(core.Call{Conn: s.conn, Call: subscribeCall(s.info)})
	s.m.settle()
}

// drop forgets what ends with a connection.
func (s *modelSched) drop() {
	for _, o := range s.offers {
		s.past = append(s.past, o)
	}
	s.past = s.past[max(0, len(s.past)-10):]
	s.offers = make(map[string]*mesos.Offer)
	s.inverse = make(map[string]*mesos.InverseOffer)
	s.filters = nil
}

func (s *modelSched) disconnect() {
	conn := s.conn
	s.conn = 0
	s.drop()
	s.m.w.do(core.SchedulerClosed{Conn: conn})
	s.m.settle()
}

func (s *modelSched) call(c *scheduler.Call) {
	c.FrameworkId = s.info.Id
	s.m.w.do(core.Call{Conn: s.conn, Call: c})
	s.m.settle()
}

// update replaces what the master knows of the framework. Offers in a role that it
// leaves are gone, and its filters in it.
func (s *modelSched) update(info *mesos.FrameworkInfo) {
	before := s.info
	s.info = proto.CloneOf(info)
	//lint:ignore SA1019 it is what frameworks without MULTI_ROLE have
	left := before.GetRole() != info.GetRole()
	if left {
		s.filters = nil
	}
	stood := maps.Clone(s.offers)
	s.call(updateCall(info))
	for id := range stood {
		if left && s.offers[id] != nil {
			s.m.w.t.Fatalf("framework %s left its role, and keeps the offer %s in it", info.GetId(), id)
		}
	}
}

// refusedUpdate is one that the master has to refuse: the framework may subscribe
// again as it was.
func (s *modelSched) refusedUpdate(info *mesos.FrameworkInfo) {
	s.call(updateCall(info))
	if s.conn != 0 || !s.over {
		s.m.w.t.Fatalf("framework %s is not told that its update was refused", info.GetId())
	}
	s.over = false
}

// take handles the events that have come.
func (s *modelSched) take() {
	w := s.m.w
	for len(w.events[s.conn]) > 0 && s.conn != 0 {
		e := w.events[s.conn][0]
		w.events[s.conn] = w.events[s.conn][1:]
		switch e.GetType() {
		case scheduler.Event_SUBSCRIBED:
			s.info.Id = e.GetSubscribed().GetFrameworkId()
		case scheduler.Event_OFFERS:
			for _, o := range e.GetOffers().GetOffers() {
				s.offered(o)
			}
		case scheduler.Event_RESCIND:
			s.forget(e.GetRescind().GetOfferId().GetValue())
		case scheduler.Event_INVERSE_OFFERS:
			s.asked(e.GetInverseOffers().GetInverseOffers())
		case scheduler.Event_RESCIND_INVERSE_OFFER:
			id := e.GetRescindInverseOffer().GetInverseOfferId().GetValue()
			if s.inverse[id] == nil {
				w.t.Fatalf("inverse offer %s, which does not stand, is rescinded", id)
			}
			delete(s.inverse, id)
		case scheduler.Event_UPDATE:
			s.updated(e.GetUpdate().GetStatus())
		case scheduler.Event_UPDATE_OPERATION_STATUS:
			s.operationUpdated(e.GetUpdateOperationStatus().GetStatus())
		case scheduler.Event_ERROR:
			s.over = true
		}
	}
	if s.conn != 0 && w.closed[s.conn] != core.CloseNot {
		s.conn = 0
		s.drop()
	}
}

// asked takes inverse offers, one at a time for each agent.
func (s *modelSched) asked(list []*mesos.InverseOffer) {
	for _, io := range list {
		for _, other := range s.inverse {
			if other.GetAgentId().GetValue() == io.GetAgentId().GetValue() {
				s.m.w.t.Fatalf("framework %s is asked twice to leave %v", s.info.GetId(), io.GetAgentId())
			}
		}
		s.inverse[io.GetId().GetValue()] = io
	}
}

func (s *modelSched) offered(o *mesos.Offer) {
	r := parse(s.m, o.GetResources())
	for _, f := range s.filters {
		if f.agent == o.GetAgentId().GetValue() && f.until.After(s.m.w.now) && f.resources.Contains(r) {
			s.m.w.t.Fatalf("framework %s is offered %s of %s, which it refused until %v", s.info.GetId(), r, f.agent, f.until)
		}
	}
	if id := o.GetAgentId().GetValue(); s.m.parked[id] {
		s.m.w.t.Fatalf("framework %s is offered agent %s, which is not to be used", s.info.GetId(), id)
	}
	s.offers[o.GetId().GetValue()] = o
}

func (s *modelSched) forget(id string) {
	if o := s.offers[id]; o != nil {
		s.past = append(s.past, o)
		delete(s.offers, id)
	}
}

// updated handles a status. A task that has ended does not end again.
func (s *modelSched) updated(status *mesos.TaskStatus) {
	id := status.GetTaskId().GetValue()
	if len(status.GetUuid()) == 0 {
		switch status.GetReason() {
		case mesos.TaskStatus_REASON_TASK_INVALID, mesos.TaskStatus_REASON_INVALID_OFFERS:
			s.refused[id] = true
			return
		}
		if r := status.GetReason(); status.GetState() == mesos.TaskState_TASK_DROPPED &&
			(r == mesos.TaskStatus_REASON_AGENT_REMOVED || r == mesos.TaskStatus_REASON_AGENT_DISCONNECTED) {
			s.refused[id] = true
			return
		}
		switch status.GetState() {
		case mesos.TaskState_TASK_LOST, mesos.TaskState_TASK_GONE_BY_OPERATOR:
			s.removed[id] = true
			s.end(id, status)
		case mesos.TaskState_TASK_DROPPED:
			s.end(id, status)
		case mesos.TaskState_TASK_GONE, mesos.TaskState_TASK_UNKNOWN:
			delete(s.open, id) // it was asked for, and may turn out to be on an agent that is very late
			s.blurred[id] = true
		default:
			s.answers[id] = status.GetState()
		}
		return
	}
	s.unacked = append(s.unacked, status)
	if mesos.Terminal(status.GetState()) && !s.ends[string(status.GetUuid())] {
		s.ends[string(status.GetUuid())] = true
		s.end(id, status)
	}
}

func (s *modelSched) end(id string, status *mesos.TaskStatus) {
	if !s.open[id] && !s.blurred[id] {
		s.m.w.t.Fatalf("task %s of framework %s, which is over, ends again: %v", id, s.info.GetId(), status)
	}
	delete(s.open, id)
}

// accept takes offers for tasks: each is run, or refused.
func (s *modelSched) accept(offers []*mesos.Offer, refuseSeconds float64, tasks []*mesos.TaskInfo, ops ...*mesos.Offer_Operation) {
	s.refused = make(map[string]bool)
	before := s.m.runs()
	for _, o := range offers {
		s.forget(o.GetId().GetValue())
	}
	s.call(&scheduler.Call{Type: scheduler.Call_ACCEPT.Enum(), Accept: &scheduler.Call_Accept{
		OfferIds: offerIDs(offers), Operations: append(ops, launch(tasks...)), Filters: refuse(refuseSeconds),
	}})
	if got, want := s.m.runs()-before, len(tasks)-len(s.refused); got != want {
		s.m.w.t.Fatalf("of %d tasks %d were refused and %d are to run", len(tasks), len(s.refused), got)
	}
	for _, t := range tasks {
		id := t.GetTaskId().GetValue()
		if s.refused[id] {
			continue
		}
		if s.open[id] {
			s.blurred[id] = true
		}
		s.open[id] = true
	}
}

func (s *modelSched) decline(o *mesos.Offer, refuseSeconds float64) {
	s.forget(o.GetId().GetValue())
	s.filters = append(s.filters, modelFilter{
		agent:     o.GetAgentId().GetValue(),
		resources: parse(s.m, o.GetResources()),
		until:     s.m.w.now.Add(time.Duration(refuseSeconds * float64(time.Second))),
	})
	s.call(&scheduler.Call{Type: scheduler.Call_DECLINE.Enum(), Decline: &scheduler.Call_Decline{
		OfferIds: []*mesos.OfferID{o.GetId()}, Filters: refuse(refuseSeconds),
	}})
}

// acknowledge acknowledges the i-th update that is not.
func (s *modelSched) acknowledge(i int) {
	status := s.unacked[i]
	s.unacked = append(s.unacked[:i:i], s.unacked[i+1:]...)
	s.call(&scheduler.Call{Type: scheduler.Call_ACKNOWLEDGE.Enum(), Acknowledge: &scheduler.Call_Acknowledge{
		AgentId: status.GetAgentId(), TaskId: status.GetTaskId(), Uuid: status.GetUuid(),
	}})
}
