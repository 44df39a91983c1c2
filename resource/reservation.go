// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// reservationsFromProto returns the reservation stack of m, checked and
// copied, whether m has it in `reservations` or in the older `role` and
// `reservation`. A message may use both forms if they say the same.
func reservationsFromProto(m *mesos.Resource) ([]*mesos.Resource_ReservationInfo, error) {
	old, err := oldReservation(m)
	if err != nil {
		return nil, err
	}
	if len(m.Reservations) == 0 {
		if old == nil {
			return nil, nil
		}
		return []*mesos.Resource_ReservationInfo{old}, nil
	}
	stack := make([]*mesos.Resource_ReservationInfo, len(m.Reservations))
	for i, r := range m.Reservations {
		if stack[i], err = copyReservation(r); err != nil {
			return nil, fmt.Errorf("reservations[%d]: %w", i, err)
		}
		if i == 0 {
			continue
		}
		if err := checkRefinement(stack[i-1], stack[i]); err != nil {
			return nil, fmt.Errorf("reservations[%d]: %w", i, err)
		}
	}
	if old != nil && (len(stack) > 1 || !proto.Equal(old, stack[0])) {
		return nil, errors.New("role and reservation: must be unset or say the same as reservations")
	}
	return stack, nil
}

// oldReservation reads the form from before reservations could be refined: a
// role alone is a static reservation, with a reservation a dynamic one. It
// returns nil if m is unreserved in that form.
func oldReservation(m *mesos.Resource) (*mesos.Resource_ReservationInfo, error) {
	//lint:ignore SA1019 peers that cannot refine reservations still speak it
	role, dynamic := m.GetRole(), m.Reservation
	if role == "*" {
		if dynamic != nil {
			return nil, errors.New(`reservation: needs a role other than "*"`)
		}
		return nil, nil
	}
	r := &mesos.Resource_ReservationInfo{Role: proto.String(role)}
	if dynamic == nil {
		r.Type = mesos.Resource_ReservationInfo_STATIC.Enum()
	} else {
		if dynamic.Role != nil && dynamic.GetRole() != role || dynamic.GetType() == mesos.Resource_ReservationInfo_STATIC {
			return nil, errors.New("reservation: must be dynamic and for the same role")
		}
		r.Type = mesos.Resource_ReservationInfo_DYNAMIC.Enum()
		r.Principal, r.Labels = dynamic.Principal, dynamic.Labels
	}
	r, err := copyReservation(r)
	if err != nil {
		return nil, fmt.Errorf("reservation: %w", err)
	}
	return r, nil
}

// copyReservation checks one reservation and returns a copy in the one form
// in which reservations are compared.
func copyReservation(r *mesos.Resource_ReservationInfo) (*mesos.Resource_ReservationInfo, error) {
	if t := r.GetType(); t != mesos.Resource_ReservationInfo_STATIC && t != mesos.Resource_ReservationInfo_DYNAMIC {
		return nil, fmt.Errorf("type %v: must be STATIC or DYNAMIC", t)
	}
	if r.GetRole() == "*" {
		return nil, errors.New(`role "*": must be a role that something can be reserved for`)
	}
	if err := mesos.ValidateRole(r.GetRole()); err != nil {
		return nil, err
	}
	c := &mesos.Resource_ReservationInfo{
		Type: r.GetType().Enum(),
		Role: proto.String(r.GetRole()),
	}
	if r.Principal != nil {
		c.Principal = proto.String(*r.Principal)
	}
	labels, err := copyLabels(r.Labels)
	if err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	c.Labels = labels
	return c, nil
}

// copyLabels returns the labels sorted; nil if there are none.
func copyLabels(l *mesos.Labels) (*mesos.Labels, error) {
	if len(l.GetLabels()) == 0 {
		return nil, nil
	}
	c := &mesos.Labels{Labels: make([]*mesos.Label, len(l.Labels))}
	for i, label := range l.Labels {
		if label == nil || label.Key == nil {
			return nil, fmt.Errorf("label %d: must have a key", i)
		}
		c.Labels[i] = &mesos.Label{Key: proto.String(*label.Key)}
		if label.Value != nil {
			c.Labels[i].Value = proto.String(*label.Value)
		}
	}
	sortLabels(c)
	return c, nil
}

// checkRefinement tells whether finer may stand on top of coarser.
func checkRefinement(coarser, finer *mesos.Resource_ReservationInfo) error {
	if finer.GetType() != mesos.Resource_ReservationInfo_DYNAMIC {
		return fmt.Errorf("type %v: must be DYNAMIC, only the first may be STATIC", finer.GetType())
	}
	if !strings.HasPrefix(finer.GetRole(), coarser.GetRole()+"/") {
		return fmt.Errorf("role %q: must be below the role %q that it refines", finer.GetRole(), coarser.GetRole())
	}
	return nil
}
