// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// convert carries out an operation that changes what resources are, or answers
// what is wrong with it. field is where it is in the call.
func (l *launch) convert(field string, op *mesos.Offer_Operation) {
	conv, err := l.checkOperation(field, op)
	if err != nil {
		l.core.tellOperation(l.framework, op.GetId(), l.agent.protoID, mesos.OperationState_OPERATION_ERROR, err.Error())
		l.count(err.Error())
		return
	}
	c, o := l.core, l.core.newOperation(l.agent, l.framework, l.role, op, conv)
	if speculative(op.GetType()) {
		l.convertPool(conv)
	} else {
		l.pool = c.less(l.pool, conv.Consumed)
		o.held = conv.Consumed
		c.alloc.Commit(o.piece())
	}
	c.ask(o)
	l.operations++
}

// convertPool converts a part of the pool. Offers of others that overlap with it
// cannot stand.
func (l *launch) convertPool(conv resource.Conversion) {
	c, a := l.core, l.agent
	if c.cfg.OptimisticOffers {
		c.rescindBeyond(a, l.framework, a.total.Without(a.used).Without(conv.Consumed))
	}
	c.alloc.Convert(Piece{Agent: a.id, Framework: l.framework.id, Role: l.role, Resources: conv.Consumed}, conv.Converted)
	c.convertTotal(a, conv)
	l.pool = c.converted(l.pool, conv)
	l.made = l.made.Without(conv.Consumed).Add(conv.Converted)
}

// checkOperation tells what is wrong with an operation of a framework, naming the
// field, its value and the rule, or returns what it does.
func (l *launch) checkOperation(field string, op *mesos.Offer_Operation) (resource.Conversion, error) {
	var none resource.Conversion
	if err := l.checkOperationID(field+".id", op.GetId()); err != nil {
		return none, err
	}
	list := resourcesOf(op)
	for i, r := range list {
		if role := r.GetAllocationInfo().GetRole(); r.GetAllocationInfo() != nil && role != l.role {
			return none, fmt.Errorf("%s, resource %d of %d: allocation_info.role %q: must be %q, the role of the offer",
				field, i+1, len(list), brief(role), l.role)
		}
	}
	conv, err := checkConversion(field, op, l.agent)
	if err != nil {
		return none, err
	}
	if err := l.checkRights(field, op.GetType(), conv); err != nil {
		return none, err
	}
	if _, err := l.pool.Subtract(conv.Consumed); err != nil {
		return none, fmt.Errorf("%s %v of %s: must be part of what is left of the offers, %s: %s",
			field, op.GetType(), brief(conv.Consumed.String()), brief(l.pool.String()), brief(err.Error()))
	}
	return conv, nil
}

// checkOperationID checks the id by which a framework wants to hear of an
// operation.
func (l *launch) checkOperationID(field string, id *mesos.OperationID) error {
	f := l.framework
	switch {
	case id == nil:
		return nil
	case f.named[id.GetValue()] != nil:
		return fmt.Errorf("%s %q: must not be the id of an operation whose end this framework has not acknowledged", field, brief(id.GetValue()))
	case len(f.named) >= maxOperations:
		return fmt.Errorf("%s %q: %d operations of this framework are not acknowledged: acknowledge some first", field, brief(id.GetValue()), len(f.named))
	}
	return mesos.ValidateID(field, id.GetValue())
}

// checkConversion checks what is to be true of an operation of a framework and of
// an operator alike, but whether its resources are free.
func checkConversion(field string, op *mesos.Offer_Operation, a *agent) (resource.Conversion, error) {
	var none resource.Conversion
	if n := proto.Size(op); n > maxInfo {
		return none, fmt.Errorf("%s of %d bytes: must have %d at most", field, n, maxInfo)
	}
	switch t := op.GetType(); t {
	case mesos.Offer_Operation_CREATE_DISK, mesos.Offer_Operation_DESTROY_DISK:
		return none, fmt.Errorf("%s.type %v: must be another: only resource providers do it, and agent %s has none", field, t, a.id)
	case mesos.Offer_Operation_GROW_VOLUME, mesos.Offer_Operation_SHRINK_VOLUME:
		if !a.can(mesos.AgentInfo_Capability_RESIZE_VOLUME) {
			return none, fmt.Errorf("%s.type %v: must be another: agent %s has not the capability RESIZE_VOLUME", field, t, a.id)
		}
	}
	conv, err := resource.NewConversion(op)
	if err != nil {
		return none, errors.New(field + "." + brief(err.Error()))
	}
	for _, r := range resourcesOf(op) {
		if r.Shared != nil && op.GetType() == mesos.Offer_Operation_CREATE {
			return none, fmt.Errorf("%s: shared: must be unset: this master version has no shared volumes", field)
		}
	}
	if op.GetType() == mesos.Offer_Operation_CREATE {
		if err := checkNewVolumes(field, conv.Converted, a); err != nil {
			return none, err
		}
	}
	return conv, checkGrowth(field, conv, a)
}

// maxResources bounds in bytes what operations make of the resources of an agent:
// it tells of all of them in one message, and each offer has some.
const maxResources = 256 << 10

// checkGrowth checks that operations do not split an agent into ever more pieces,
// or ever longer names, by reservations of next to nothing.
func checkGrowth(field string, conv resource.Conversion, a *agent) error {
	after, err := conv.Apply(a.claimed)
	if err != nil {
		return nil // it is not there: that is told with what there is
	}
	if n := after.Size(); n > maxResources && n > a.claimed.Size() {
		return fmt.Errorf("%s: the resources of agent %s would take %d bytes: must be %d at most: make fewer reservations and volumes, with shorter labels",
			field, a.id, n, maxResources)
	}
	return nil
}

// checkNewVolumes checks that the ids of volumes are new on their agent, each for
// its role. One that an operator's operation holds is not in the total.
func checkNewVolumes(field string, volumes resource.Resources, a *agent) error {
	there := make(map[resource.VolumeID]bool)
	for _, v := range slices.Concat(a.total.Volumes(), a.claimed.Volumes()) {
		there[v] = true
	}
	for _, v := range volumes.Volumes() {
		if there[v] {
			return fmt.Errorf("%s.create.volumes: disk.persistence.id %q: must be one that no volume for role %q on agent %s has",
				field, v.ID, v.Role, a.id)
		}
		there[v] = true
	}
	return nil
}

// checkRights checks that what a framework makes is in its role and its name, and
// of a form that it understands.
func (l *launch) checkRights(field string, t mesos.Offer_Operation_Type, conv resource.Conversion) error {
	for _, r := range conv.Converted.Proto() {
		stack := r.GetReservations()
		if len(stack) > 1 && !l.framework.caps.ReservationRefinement {
			return fmt.Errorf("%s: %s with %d reservations: must have one at most: the framework has not the capability RESERVATION_REFINEMENT",
				field, r.GetName(), len(stack))
		}
		switch t {
		case mesos.Offer_Operation_RESERVE:
			last := stack[len(stack)-1]
			if last.GetRole() != l.role {
				return fmt.Errorf("%s.reserve: role %q of the last reservation of %s: must be %q, the role of the offer",
					field, last.GetRole(), r.GetName(), l.role)
			}
			if err := checkPrincipal(field+".reserve: principal of the last reservation of "+r.GetName(), last.Principal, l.framework.info.Principal); err != nil {
				return err
			}
		case mesos.Offer_Operation_CREATE:
			p := r.GetDisk().GetPersistence()
			if err := checkPrincipal(field+".create: principal of volume "+p.GetId(), p.Principal, l.framework.info.Principal); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPrincipal checks who is said to have made a reservation or a volume: the
// principal of who asks for it, none for one who has none.
func checkPrincipal(field string, said, asks *string) error {
	switch {
	case asks == nil && said != nil:
		return fmt.Errorf("%s %q: must be unset: who asks for it has no principal", field, brief(*said))
	case asks != nil && said == nil:
		return fmt.Errorf("%s: must be set to %q, the principal of who asks for it", field, *asks)
	case asks != nil && *said != *asks:
		return fmt.Errorf("%s %q: must be %q, the principal of who asks for it", field, brief(*said), *asks)
	}
	return nil
}

// resourcesOf returns the resources that a conversion names.
func resourcesOf(op *mesos.Offer_Operation) []*mesos.Resource {
	switch op.GetType() {
	case mesos.Offer_Operation_RESERVE:
		return slices.Concat(op.GetReserve().GetResources(), op.GetReserve().GetSource())
	case mesos.Offer_Operation_UNRESERVE:
		return op.GetUnreserve().GetResources()
	case mesos.Offer_Operation_CREATE:
		return op.GetCreate().GetVolumes()
	case mesos.Offer_Operation_DESTROY:
		return op.GetDestroy().GetVolumes()
	case mesos.Offer_Operation_GROW_VOLUME:
		return []*mesos.Resource{op.GetGrowVolume().GetVolume(), op.GetGrowVolume().GetAddition()}
	case mesos.Offer_Operation_SHRINK_VOLUME:
		return []*mesos.Resource{op.GetShrinkVolume().GetVolume()}
	}
	return nil
}
