// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// modelOperation is one that an agent was asked for: it is at it, or its end is
// not acknowledged.
type modelOperation struct {
	order int
	*link.ApplyOperation
	resource.Conversion
	status *mesos.OperationStatus
}

func (o *modelOperation) pending() bool {
	return o.status.GetState() == mesos.OperationState_OPERATION_PENDING
}

// speculative tells whether the master counts the operation as done already.
func speculative(m *link.ApplyOperation) bool {
	switch m.GetInfo().GetType() {
	case mesos.Offer_Operation_GROW_VOLUME, mesos.Offer_Operation_SHRINK_VOLUME:
		return false
	}
	return true
}

// version names the agent's total.
func (a *modelAgent) version() string { return fmt.Sprint("v", a.changes) }

// current tells whether something was decided for the total that the agent has.
func (a *modelAgent) current(m interface{ GetResourceVersion() []byte }) bool {
	return string(m.GetResourceVersion()) == a.version()
}

func conversionOf(m *model, op *mesos.Offer_Operation) resource.Conversion {
	conv, err := resource.NewConversion(op)
	if err != nil {
		m.w.t.Fatalf("the master asks for what is none: %v", err)
	}
	return conv
}

// apply begins an operation; a speculative one is done at once.
func (a *modelAgent) apply(m *link.ApplyOperation) {
	a.m.order++
	o := &modelOperation{
		order: a.m.order, ApplyOperation: m, Conversion: conversionOf(a.m, m.GetInfo()),
		status: &mesos.OperationStatus{OperationId: m.GetInfo().GetId(), State: mesos.OperationState_OPERATION_PENDING.Enum()},
	}
	a.operations[string(m.GetOperationUuid().GetValue())] = o
	switch {
	case !a.current(m):
		a.finish(o, mesos.OperationState_OPERATION_DROPPED)
	case speculative(m):
		a.finish(o, mesos.OperationState_OPERATION_FINISHED)
	}
}

// finish ends an operation. One that somebody wants to hear of is told until that
// is acknowledged.
func (a *modelAgent) finish(o *modelOperation, state mesos.OperationState) {
	if state == mesos.OperationState_OPERATION_FINISHED {
		after, err := o.Apply(a.total)
		if err != nil {
			a.m.w.t.Fatalf("agent %s is asked for %v of what it does not have: %v", a.id, o.GetInfo().GetType(), err)
		}
		a.total = after
	}
	o.status.State = &state
	if o.status.GetOperationId() == nil {
		delete(a.operations, string(o.GetOperationUuid().GetValue()))
	} else {
		a.m.uuids++
		id := make([]byte, 16)
		binary.BigEndian.PutUint64(id, a.m.uuids)
		o.status.Uuid = &mesos.UUID{Value: id}
	}
	a.tell(o)
}

func (a *modelAgent) tell(o *modelOperation) {
	a.say(&link.FromAgent{Message: &link.FromAgent_OperationUpdate{OperationUpdate: &link.OperationUpdate{
		FrameworkId: o.GetFrameworkId(), OperationUuid: o.GetOperationUuid(), Status: proto.CloneOf(o.status),
	}}})
}

func (a *modelAgent) operationAcknowledged(m *link.AcknowledgeOperation) {
	key := string(m.GetOperationUuid().GetValue())
	if o := a.operations[key]; o != nil && proto.Equal(o.status.GetUuid(), m.GetStatusUuid()) {
		delete(a.operations, key)
	}
}

func (a *modelAgent) sortedOperations() []*modelOperation {
	return slices.SortedFunc(maps.Values(a.operations), func(x, y *modelOperation) int { return cmp.Compare(x.order, y.order) })
}

func (a *modelAgent) listedOperations() []*mesos.Operation {
	var list []*mesos.Operation
	for _, o := range a.sortedOperations() {
		list = append(list, &mesos.Operation{
			FrameworkId: o.GetFrameworkId(), Info: o.GetInfo(), Uuid: o.GetOperationUuid(), LatestStatus: proto.CloneOf(o.status),
		})
	}
	return list
}

// effective returns what the agent will have when it has been told all that is on
// its way.
func (a *modelAgent) effective() resource.Resources {
	total := a.total
	for _, msg := range a.m.w.down[a.conn] {
		m := msg.GetApplyOperation()
		if m == nil || !a.current(m) || !speculative(m) {
			continue
		}
		after, err := conversionOf(a.m, m.GetInfo()).Apply(total)
		if err != nil {
			a.m.w.t.Fatalf("agent %s is to be asked for %v of what it will not have: %v", a.id, m.GetInfo().GetType(), err)
		}
		total = after
	}
	return total
}

// worked returns what operations hold, those on their way included.
func (a *modelAgent) worked() []resource.Resources {
	var list []resource.Resources
	for _, o := range a.sortedOperations() {
		if o.pending() {
			list = append(list, o.Consumed)
		}
	}
	for _, msg := range a.m.w.down[a.conn] {
		if m := msg.GetApplyOperation(); m != nil && a.current(m) && !speculative(m) {
			list = append(list, conversionOf(a.m, m.GetInfo()).Consumed)
		}
	}
	return list
}

// change makes the agent lose the reservations of what nobody uses on it, by
// itself.
func (a *modelAgent) change() {
	free := a.total
	for _, t := range a.sorted() {
		if t.live() {
			free = free.Without(t.resources)
		}
	}
	for _, e := range a.executors {
		free = free.Without(parse(a.m, e.GetResources()))
	}
	for _, o := range a.sortedOperations() {
		if o.pending() {
			free = free.Without(o.Consumed)
		}
	}
	for _, r := range free.Proto() {
		if len(r.GetReservations()) == 0 || r.GetDisk() != nil {
			continue
		}
		conv := conversionOf(a.m, &mesos.Offer_Operation{
			Type:      mesos.Offer_Operation_UNRESERVE.Enum(),
			Unreserve: &mesos.Offer_Operation_Unreserve{Resources: []*mesos.Resource{r}},
		})
		a.total, _ = conv.Apply(a.total) // it is part of it
	}
	a.changes++
	a.say(&link.FromAgent{Message: &link.FromAgent_UpdateResources{UpdateResources: &link.UpdateResources{
		Total: a.total.Proto(), ResourceVersion: []byte(a.version()),
	}}})
}

// drawOperations draws some operations on resources of an offer, most of which can
// be done, and returns what there is after them.
func (s *modelSched) drawOperations(t *rapid.T, pool resource.Resources) ([]*mesos.Offer_Operation, resource.Resources) {
	//lint:ignore SA1019 it is what frameworks without MULTI_ROLE have
	role := s.info.GetRole()
	var list []*mesos.Offer_Operation
	for range rapid.IntRange(0, 2).Draw(t, "operations") {
		op := drawOperation(t, role, pool)
		if op == nil {
			continue
		}
		if rapid.Bool().Draw(t, "to be told") {
			s.m.order++
			asked(fmt.Sprint("op", s.m.order))(op)
			s.ordered[op.GetId().GetValue()] = true
		}
		if conv, err := resource.NewConversion(op); err == nil {
			if speculative(&link.ApplyOperation{Info: op}) {
				pool, _ = conv.Apply(pool)
			} else {
				pool = pool.Without(conv.Consumed)
			}
		}
		list = append(list, op)
	}
	return list, pool
}

// drawOperation draws one; nil if there is nothing for it.
func drawOperation(t *rapid.T, role string, pool resource.Resources) *mesos.Offer_Operation {
	var volume, plain *mesos.Resource
	for _, r := range pool.Reserved(role).Proto() {
		switch {
		case r.GetDisk().GetPersistence() != nil:
			volume = r
		case r.Disk == nil:
			plain = r
		}
	}
	kind := rapid.SampledFrom([]string{"reserve", "reserve", "create", "create", "unreserve", "destroy", "grow", "shrink"}).Draw(t, "operation")
	switch {
	case role == "*" || role == "":
		return nil
	case kind == "reserve":
		return reserve(rapid.SampledFrom([]string{"cpus", "mem", "disk"}).Draw(t, "what") + reservedFor(role) + ":" +
			rapid.SampledFrom([]string{"1", "40"}).Draw(t, "amount"))
	case kind == "create":
		return create("disk" + volumeOf(role, rapid.SampledFrom([]string{"v", "w"}).Draw(t, "volume")) + ":20")
	case kind == "unreserve" && plain != nil:
		return &mesos.Offer_Operation{
			Type: mesos.Offer_Operation_UNRESERVE.Enum(), Unreserve: &mesos.Offer_Operation_Unreserve{Resources: []*mesos.Resource{plain}},
		}
	case kind == "destroy" && volume != nil:
		return &mesos.Offer_Operation{
			Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: []*mesos.Resource{volume}},
		}
	case kind == "grow" && volume != nil:
		return &mesos.Offer_Operation{Type: mesos.Offer_Operation_GROW_VOLUME.Enum(), GrowVolume: &mesos.Offer_Operation_GrowVolume{
			Volume: volume, Addition: these("disk" + reservedFor(role) + ":5")[0],
		}}
	case kind == "shrink" && volume != nil:
		return &mesos.Offer_Operation{Type: mesos.Offer_Operation_SHRINK_VOLUME.Enum(), ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{
			Volume: volume, Subtract: &mesos.Value_Scalar{Value: new(5.0)},
		}}
	}
	return nil
}

// operationUpdated handles the status of an operation.
func (s *modelSched) operationUpdated(status *mesos.OperationStatus) {
	id := status.GetOperationId().GetValue()
	if _, ever := s.ordered[id]; !ever {
		s.m.w.t.Fatalf("framework %s is told of operation %s, which it never asked for: %v", s.info.GetId(), id, status)
	}
	if status.GetState() != mesos.OperationState_OPERATION_PENDING {
		s.ordered[id] = false
	}
	if status.GetUuid() != nil {
		s.ended = append(s.ended, status)
	}
}

// acknowledgeOperation acknowledges the oldest update that is not.
func (s *modelSched) acknowledgeOperation() {
	status := s.ended[0]
	s.ended = s.ended[1:]
	s.call(&scheduler.Call{
		Type: scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS.Enum(),
		AcknowledgeOperationStatus: &scheduler.Call_AcknowledgeOperationStatus{
			AgentId: status.GetAgentId(), Uuid: status.GetUuid().GetValue(), OperationId: status.GetOperationId(),
		},
	})
}

func (m *model) acknowledgeOperation(t *rapid.T) {
	pick(t, "scheduler", m.scheds, func(s *modelSched) bool { return s.conn != 0 && len(s.ended) > 0 }).acknowledgeOperation()
}

func (m *model) reconcileOperations(t *rapid.T) {
	m.pickConnected(t).call(&scheduler.Call{
		Type: scheduler.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: &scheduler.Call_ReconcileOperations{},
	})
}

// finishOperation ends an operation that an agent is at.
func (m *model) finishOperation(t *rapid.T) {
	a := m.pickAgent(t, func(a *modelAgent) bool { return a.id != nil && len(a.operations) > 0 })
	a.finish(pick(t, "operation", a.sortedOperations(), (*modelOperation).pending), rapid.SampledFrom([]mesos.OperationState{
		mesos.OperationState_OPERATION_FINISHED, mesos.OperationState_OPERATION_FINISHED, mesos.OperationState_OPERATION_FAILED,
	}).Draw(t, "state"))
	m.settle()
}

func (m *model) changeAgent(t *rapid.T) {
	m.pickAgent(t, func(a *modelAgent) bool { return a.id != nil }).change()
	m.settle()
}

// endOperations ends what an agent is at, and tells again of all ends.
func (m *model) endOperations(a *modelAgent) {
	for _, o := range a.sortedOperations() {
		if o.pending() {
			a.finish(o, mesos.OperationState_OPERATION_FINISHED)
		} else {
			a.tell(o)
		}
	}
	m.settle()
}

// checkOperations checks that every operation has ended for its framework, or is
// not known.
func (m *model) checkOperations() {
	for _, s := range m.scheds {
		for _, id := range slices.Sorted(maps.Keys(s.ordered)) {
			if s.conn == 0 || !s.ordered[id] {
				continue
			}
			s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: &scheduler.Call_ReconcileOperations{
				Operations: []*scheduler.Call_ReconcileOperations_Operation{{OperationId: &mesos.OperationID{Value: &id}}},
			}})
			if s.ordered[id] {
				m.w.t.Errorf("framework %s: operation %s has not ended", s.info.GetId(), id)
			}
		}
	}
}
