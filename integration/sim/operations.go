// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// operation is what a framework knows of one that it gave an id.
type operation struct {
	id, agent string
	state     mesos.OperationState
	end       mesos.OperationState // told with a uuid; 0 is not yet
	ended     bool
}

// operation makes one operation of what is left of the pool, or none.
func (l *launcher) operation() *mesos.Offer_Operation {
	if l.role == "*" {
		return nil // nothing is reserved for all
	}
	var op *mesos.Offer_Operation
	for tries := 0; op == nil && tries < 6; tries++ {
		switch l.draw.IntN(7) {
		case 0, 1:
			op = l.reserveOperation()
		case 2:
			op = l.unreserveOperation()
		case 3, 4:
			op = l.createOperation()
		case 5:
			op = l.destroyOperation()
		case 6:
			op = l.resizeOperation()
		}
	}
	if op == nil {
		return nil
	}
	l.s.w.count("operation " + op.GetType().String())
	if l.draw.IntN(2) == 0 {
		l.s.tasks++
		id := fmt.Sprintf("s%d-o%d", l.s.index, l.s.tasks)
		op.Id = &mesos.OperationID{Value: &id}
		l.s.operations[id] = &operation{id: id, agent: l.offer.GetAgentId().GetValue()}
	}
	return op
}

// find draws a resource of the pool that fits.
func (l *launcher) find(fits func(*mesos.Resource) bool) *mesos.Resource {
	for _, r := range l.pool {
		if r.Scalar != nil && r.GetScalar().GetValue() >= 0.1 && fits(r) && l.draw.IntN(2) == 0 {
			return r
		}
	}
	return nil
}

// part takes some of a resource out of the pool.
func (l *launcher) part(r *mesos.Resource) *mesos.Resource {
	all := r.GetScalar().GetValue()
	some := round(all * (0.1 + 0.9*l.draw.Float64()))
	if l.draw.IntN(4) == 0 || some < 0.01 {
		some = all
	}
	r.Scalar.Value = new(round(all - some))
	p := proto.CloneOf(r)
	p.Scalar.Value = &some
	return p
}

func (l *launcher) reserveOperation() *mesos.Offer_Operation {
	r := l.find(func(r *mesos.Resource) bool { return plain(r) && r.GetName() == "disk" })
	if r == nil {
		r = l.find(plain)
	}
	if r == nil {
		return nil
	}
	p := l.part(r)
	if l.s.refined {
		p.Reservations = []*mesos.Resource_ReservationInfo{{
			Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new(l.role),
		}}
	} else {
		//lint:ignore SA1019 the form of frameworks without RESERVATION_REFINEMENT
		p.Role, p.Reservation = new(l.role), &mesos.Resource_ReservationInfo{}
	}
	l.pool = append(l.pool, proto.CloneOf(p))
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_RESERVE.Enum(), Reserve: &mesos.Offer_Operation_Reserve{Resources: []*mesos.Resource{p}},
	}
}

// dynamic tells whether a resource is reserved by an operation, for this role.
func (l *launcher) dynamic(r *mesos.Resource) bool {
	if r.GetReservation() != nil {
		//lint:ignore SA1019 the form of frameworks without RESERVATION_REFINEMENT
		return r.GetRole() == l.role
	}
	n := len(r.GetReservations())
	return n == 1 && r.GetReservations()[0].GetType() == mesos.Resource_ReservationInfo_DYNAMIC && r.GetReservations()[0].GetRole() == l.role
}

func (l *launcher) unreserveOperation() *mesos.Offer_Operation {
	r := l.find(func(r *mesos.Resource) bool { return l.dynamic(r) && r.Disk == nil })
	if r == nil {
		return nil
	}
	p := l.part(r)
	free := proto.CloneOf(p)
	//lint:ignore SA1019 the form of frameworks without RESERVATION_REFINEMENT
	free.Reservations, free.Reservation, free.Role = nil, nil, nil
	l.pool = append(l.pool, free)
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_UNRESERVE.Enum(), Unreserve: &mesos.Offer_Operation_Unreserve{Resources: []*mesos.Resource{p}},
	}
}

func (l *launcher) createOperation() *mesos.Offer_Operation {
	r := l.find(func(r *mesos.Resource) bool { return r.GetName() == "disk" && l.dynamic(r) && r.Disk == nil })
	if r == nil {
		return nil
	}
	p := l.part(r)
	l.s.tasks++
	p.Disk = &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{Id: new(fmt.Sprintf("s%d-v%d", l.s.index, l.s.tasks))},
		Volume:      &mesos.Volume{Mode: mesos.Volume_RW.Enum(), ContainerPath: new("data")},
	}
	l.pool = append(l.pool, proto.CloneOf(p))
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: []*mesos.Resource{p}},
	}
}

// volume takes a whole volume out of the pool.
func (l *launcher) volume() *mesos.Resource {
	r := l.find(func(r *mesos.Resource) bool { return r.GetDisk().GetPersistence() != nil })
	if r == nil {
		return nil
	}
	p := proto.CloneOf(r)
	r.Scalar.Value = new(0.0)
	return p
}

func (l *launcher) destroyOperation() *mesos.Offer_Operation {
	v := l.volume()
	if v == nil {
		return nil
	}
	free := proto.CloneOf(v)
	free.Disk = nil
	l.pool = append(l.pool, free)
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: []*mesos.Resource{v}},
	}
}

// resizeOperation grows a volume, or makes it smaller. What it takes is gone until
// the agent has done it.
func (l *launcher) resizeOperation() *mesos.Offer_Operation {
	v := l.volume()
	if v == nil {
		return nil
	}
	if by := round(v.GetScalar().GetValue() / 2); l.draw.IntN(2) == 0 && by >= 0.01 {
		return &mesos.Offer_Operation{
			Type: mesos.Offer_Operation_SHRINK_VOLUME.Enum(),
			ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{
				Volume: v, Subtract: &mesos.Value_Scalar{Value: &by},
			},
		}
	}
	r := l.find(func(r *mesos.Resource) bool { return r.GetName() == "disk" && l.dynamic(r) && r.Disk == nil })
	if r == nil {
		return nil
	}
	return &mesos.Offer_Operation{
		Type: mesos.Offer_Operation_GROW_VOLUME.Enum(),
		GrowVolume: &mesos.Offer_Operation_GrowVolume{
			Volume: v, Addition: l.part(r),
		},
	}
}

// operated takes a status of an operation, and acknowledges it if that is wanted.
func (s *sched) operated(status *mesos.OperationStatus) {
	o := s.operations[status.GetOperationId().GetValue()]
	if o == nil {
		s.w.fail("L3: a status of an operation that was never asked for", "%s: %v", s.name(), status)
	}
	s.w.count("operation is " + status.GetState().String())
	o.state = status.GetState()
	o.ended = o.ended || overOperation(o.state)
	if status.GetUuid() == nil {
		return
	}
	if o.end != 0 && o.end != o.state {
		s.w.fail("L3: an operation ends twice", "%s: %s is %v, and was %v", s.name(), o.id, o.state, o.end)
	}
	if overOperation(o.state) {
		o.end = o.state
	}
	if !s.w.healed && s.w.rng.Float64() < s.w.prof.lostAck {
		return
	}
	s.call(&scheduler.Call{
		Type: scheduler.Call_ACKNOWLEDGE_OPERATION_STATUS.Enum(),
		AcknowledgeOperationStatus: &scheduler.Call_AcknowledgeOperationStatus{
			AgentId: status.GetAgentId(), OperationId: status.GetOperationId(), Uuid: status.GetUuid().GetValue(),
		},
	})
}

func overOperation(state mesos.OperationState) bool {
	switch state {
	case mesos.OperationState_OPERATION_PENDING, mesos.OperationState_OPERATION_RECOVERING, mesos.OperationState_OPERATION_UNREACHABLE:
		return false
	}
	return true
}

// reconcileOperations asks of those that have not ended, or of all.
func (s *sched) reconcileOperations(explicit bool) {
	r := &scheduler.Call_ReconcileOperations{}
	for _, id := range sortedKeys(s.operations) {
		if o := s.operations[id]; explicit && !o.ended {
			r.Operations = append(r.Operations, &scheduler.Call_ReconcileOperations_Operation{
				OperationId: &mesos.OperationID{Value: new(id)}, AgentId: &mesos.AgentID{Value: new(o.agent)},
			})
		}
	}
	if explicit && len(r.Operations) == 0 {
		return
	}
	s.call(&scheduler.Call{Type: scheduler.Call_RECONCILE_OPERATIONS.Enum(), ReconcileOperations: r})
}

// openOperations names an operation that its framework does not know the end of.
func (w *world) openOperations() string {
	for _, s := range w.scheds {
		for _, id := range sortedKeys(s.operations) {
			if o := s.operations[id]; !o.ended {
				return fmt.Sprintf("%s: operation %s on %s is %v", s.name(), id, o.agent, o.state)
			}
		}
	}
	return ""
}

// updateFramework changes what the framework says of itself: its name, and its
// roles if it may have several.
func (s *sched) updateFramework(draw *rand.Rand) {
	if !s.ready {
		return
	}
	s.info.Name = new(fmt.Sprintf("framework %d, %d", s.index, draw.IntN(100)))
	if len(s.info.GetRoles()) > 0 {
		s.roles = rolesFrom(draw)
		s.info.Roles = s.roles
	}
	info := proto.CloneOf(s.info)
	info.Id = &mesos.FrameworkID{Value: new(s.id)}
	u := &scheduler.Call_UpdateFramework{FrameworkInfo: info}
	for _, r := range s.roles {
		if s.suppressed[r] {
			u.SuppressedRoles = append(u.SuppressedRoles, r)
		}
	}
	s.call(&scheduler.Call{Type: scheduler.Call_UPDATE_FRAMEWORK.Enum(), UpdateFramework: u})
}

// inverse answers being asked to leave some agents, or does not.
func (s *sched) inverse(list []*mesos.InverseOffer) {
	var ids []*mesos.OfferID
	for _, o := range list {
		ids = append(ids, o.GetId())
	}
	switch s.w.rng.IntN(3) {
	case 0:
		s.call(&scheduler.Call{Type: scheduler.Call_ACCEPT_INVERSE_OFFERS.Enum(), AcceptInverseOffers: &scheduler.Call_AcceptInverseOffers{InverseOfferIds: ids}})
	case 1:
		s.call(&scheduler.Call{Type: scheduler.Call_DECLINE_INVERSE_OFFERS.Enum(), DeclineInverseOffers: &scheduler.Call_DeclineInverseOffers{InverseOfferIds: ids}})
	}
}
