// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
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
		field := fmt.Sprintf("reservations[%d]", i)
		if stack[i], err = copyReservation(field, r); err != nil {
			return nil, err
		}
		if i == 0 {
			continue
		}
		if err := checkRefinement(field, stack[i-1], stack[i]); err != nil {
			return nil, err
		}
	}
	if old != nil && (len(stack) > 1 || !proto.Equal(old, stack[0])) {
		return nil, invalid("role", quote(old.GetRole()), "must be unset or, with reservation, say the same as reservations")
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
			return nil, invalid("role", `"*"`, "must be a role that something can be reserved for if reservation is set")
		}
		return nil, nil
	}
	r := &mesos.Resource_ReservationInfo{Role: &role}
	if dynamic == nil {
		r.Type = mesos.Resource_ReservationInfo_STATIC.Enum()
		return copyReservation("reservation", r)
	}
	if dynamic.Role != nil && dynamic.GetRole() != role {
		return nil, invalid("reservation.role", quote(dynamic.GetRole()), "must be unset or equal role, which is "+quote(role))
	}
	if dynamic.GetType() == mesos.Resource_ReservationInfo_STATIC {
		return nil, invalid("reservation.type", "STATIC", "must be unset or DYNAMIC")
	}
	r.Type = mesos.Resource_ReservationInfo_DYNAMIC.Enum()
	r.Principal, r.Labels = dynamic.Principal, dynamic.Labels
	return copyReservation("reservation", r)
}

// toOldReservation rewrites m, which has at most one reservation, in the form
// that oldReservation reads.
func toOldReservation(m *mesos.Resource) {
	role := "*"
	if len(m.Reservations) > 0 {
		r := m.Reservations[0]
		role = r.GetRole()
		if r.GetType() == mesos.Resource_ReservationInfo_DYNAMIC {
			m.Reservation = &mesos.Resource_ReservationInfo{Principal: r.Principal, Labels: r.Labels}
		}
	}
	//lint:ignore SA1019 peers that cannot refine reservations still speak it
	m.Role = &role
	m.Reservations = nil
}

// copyReservation checks one reservation and returns a copy in the one form
// in which reservations are compared. The field is for the error.
func copyReservation(field string, r *mesos.Resource_ReservationInfo) (*mesos.Resource_ReservationInfo, error) {
	switch r.GetType() {
	case mesos.Resource_ReservationInfo_STATIC, mesos.Resource_ReservationInfo_DYNAMIC:
	default:
		return nil, invalid(field+".type", r.GetType().String(), "must be STATIC or DYNAMIC")
	}
	role := r.GetRole()
	if role == "*" {
		return nil, invalid(field+".role", `"*"`, "must be a role that something can be reserved for")
	}
	if err := mesos.ValidateRole(field+".role", role); err != nil {
		return nil, err
	}
	c := &mesos.Resource_ReservationInfo{Type: r.GetType().Enum(), Role: &role}
	if r.Principal != nil {
		c.Principal = proto.String(*r.Principal)
	}
	if len(r.GetLabels().GetLabels()) > 0 {
		c.Labels = new(mesos.Labels)
		if err := copyKnown(c.Labels, r.Labels); err != nil {
			return nil, invalid(field+".labels", "message", cut(err.Error()))
		}
		sortLabels(c.Labels)
	}
	return c, nil
}

// checkRefinement tells whether finer may stand on top of coarser. The field
// is for the error.
func checkRefinement(field string, coarser, finer *mesos.Resource_ReservationInfo) error {
	if finer.GetType() != mesos.Resource_ReservationInfo_DYNAMIC {
		return invalid(field+".type", finer.GetType().String(), "must be DYNAMIC: only the first may be STATIC")
	}
	if !strings.HasPrefix(finer.GetRole(), coarser.GetRole()+"/") {
		return invalid(field+".role", quote(finer.GetRole()), "must be below the role that it refines, which is "+quote(coarser.GetRole()))
	}
	return nil
}
