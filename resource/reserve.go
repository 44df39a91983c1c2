// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// unreserve returns the item without its finest reservation, which must be a
// dynamic one. A volume stays reserved as long as it is a volume.
func (it item) unreserve() (item, error) {
	if err := it.checkReservable(); err != nil {
		return it, err
	}
	stack := it.traits.reservations
	return it.retrait(func(t *traits) { t.reservations = stack[:len(stack)-1] })
}

// checkReservable tells whether the finest reservation of the item is one that
// an operation can have made, and can undo.
func (it *item) checkReservable() error {
	switch {
	case it.traits == nil || len(it.traits.reservations) == 0:
		return invalid("reservations", "unset", "must have a reservation of type DYNAMIC as the last")
	case it.traits.finest().GetType() != mesos.Resource_ReservationInfo_DYNAMIC:
		return invalid("reservations", it.traits.finest().GetType().String()+" as the last",
			"must be DYNAMIC: a static reservation is the agent's configuration")
	}
	return it.checkPlainDisk()
}

// checkPlainDisk tells whether nothing is on the item that would be lost with
// its reservation.
func (it *item) checkPlainDisk() error {
	switch t := it.traits; {
	case t == nil:
		return nil
	case t.revocable:
		return invalid("revocable", "set", "must be unset: what can be taken away at any time cannot be reserved")
	case t.disk.GetPersistence() != nil:
		return invalid("disk.persistence.id", quote(t.disk.GetPersistence().GetId()),
			"must be unset: a volume keeps its reservations until it is destroyed")
	}
	return nil
}

// finest returns the reservation that counts.
func (t *traits) finest() *mesos.Resource_ReservationInfo {
	return t.reservations[len(t.reservations)-1]
}

// retrait returns the item with other traits: edit changes a copy of those it
// has, but nothing that they refer to.
func (it item) retrait(edit func(*traits)) (item, error) {
	t := new(traits)
	if it.traits != nil {
		*t = *it.traits
	}
	edit(t)
	if it.traits = t; len(t.reservations) == 0 && t.onlyReserved() {
		it.traits = nil
		return it, nil
	}
	key, err := t.makeKey()
	if err != nil {
		return it, invalid("resource", it.name, cut(err.Error()))
	}
	t.key = key
	return it, nil
}

// reserveAgain is RESERVE with a source: what is reserved in some way, or not at
// all, becomes reserved in another. Static reservations stay.
func reserveAgain(m *mesos.Offer_Operation_Reserve) (Conversion, error) {
	source, err := itemsOf("reserve.source", m.GetSource())
	if err != nil {
		return Conversion{}, err
	}
	target, err := itemsOf("reserve.resources", m.GetResources())
	if err != nil {
		return Conversion{}, err
	}
	for i := range target {
		if err := target[i].checkReservable(); err != nil {
			return Conversion{}, fmt.Errorf("reserve.resources[%d].%w", i, err)
		}
	}
	before, err := givenBase("reserve.source", source)
	if err != nil {
		return Conversion{}, err
	}
	after, err := givenBase("reserve.resources", target)
	if err != nil {
		return Conversion{}, err
	}
	if !before.Equal(after) {
		return Conversion{}, invalid("reserve.resources", cut(after.String()),
			"must be what reserve.source is, but for dynamic reservations: "+cut(before.String()))
	}
	return newConversion("reserve", source, target)
}

// givenBase returns what the items are without their dynamic reservations: what
// the agent was started with.
func givenBase(field string, items []item) (Resources, error) {
	bases := make([]item, len(items))
	for i, it := range items {
		err := it.checkPlainDisk()
		if err == nil {
			bases[i], err = it.retrait(func(t *traits) { t.reservations = staticOf(t.reservations) })
		}
		if err != nil {
			return Resources{}, fmt.Errorf("%s[%d].%w", field, i, err)
		}
	}
	base, err := sumOf(bases)
	if err != nil {
		return base, fmt.Errorf("%s: %w", field, err)
	}
	return base, nil
}

// staticOf returns the static part of a stack: its first, or nothing.
func staticOf(stack []*mesos.Resource_ReservationInfo) []*mesos.Resource_ReservationInfo {
	if len(stack) > 0 && stack[0].GetType() == mesos.Resource_ReservationInfo_STATIC {
		return stack[:1]
	}
	return nil
}
