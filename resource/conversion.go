// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"
	"slices"

	mesos "github.com/tepui/tepui/api/v1"
)

// Conversion is what an operation makes of resources: Converted is there in
// place of Consumed. The quantities of both are the same, only the reservations
// and volumes differ.
type Conversion struct {
	Consumed, Converted Resources
}

// Apply returns r after the conversion. If r does not contain what is consumed,
// the error is a *NotContainedError, and the result is r.
func (c Conversion) Apply(r Resources) (Resources, error) {
	left, err := r.Subtract(c.Consumed)
	if err != nil {
		return r, err
	}
	return left.Add(c.Converted), nil
}

// NewConversion returns what an operation does: RESERVE, UNRESERVE, CREATE, DESTROY,
// GROW_VOLUME or SHRINK_VOLUME. It checks all that can be told from the operation
// alone; the error names the field, its value and the rule. Nothing of op is
// kept.
func NewConversion(op *mesos.Offer_Operation) (Conversion, error) {
	switch op.GetType() {
	case mesos.Offer_Operation_RESERVE:
		if len(op.GetReserve().GetSource()) > 0 {
			return reserveAgain(op.GetReserve())
		}
		return convertEach("reserve.resources", op.GetReserve().GetResources(), item.unreserve, true)
	case mesos.Offer_Operation_UNRESERVE:
		return convertEach("unreserve.resources", op.GetUnreserve().GetResources(), item.unreserve, false)
	case mesos.Offer_Operation_CREATE:
		return convertEach("create.volumes", op.GetCreate().GetVolumes(), item.spaceFor, true)
	case mesos.Offer_Operation_DESTROY:
		return convertEach("destroy.volumes", op.GetDestroy().GetVolumes(), item.spaceOf, false)
	case mesos.Offer_Operation_GROW_VOLUME:
		return growVolume(op.GetGrowVolume())
	case mesos.Offer_Operation_SHRINK_VOLUME:
		return shrinkVolume(op.GetShrinkVolume())
	}
	return Conversion{}, invalid("type", op.GetType().String(),
		"must be RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME or SHRINK_VOLUME")
}

// convertEach converts every resource of a list by itself. The list says what is
// to be there where made is true, and what is to go otherwise; plainer returns
// the other side of it.
func convertEach(field string, list []*mesos.Resource, plainer func(item) (item, error), made bool) (Conversion, error) {
	named, err := itemsOf(field, list)
	if err != nil {
		return Conversion{}, err
	}
	plain := make([]item, len(named))
	for i, it := range named {
		if plain[i], err = plainer(it); err != nil {
			return Conversion{}, fmt.Errorf("%s[%d].%w", field, i, err)
		}
	}
	if made {
		return newConversion(field, plain, named)
	}
	return newConversion(field, named, plain)
}

// newConversion sums both sides. What is there twice on one of them, such as a
// port that is to be reserved in two ways, would be made of nothing.
func newConversion(field string, consumed, converted []item) (c Conversion, err error) {
	if c.Consumed, err = sumOf(consumed); err == nil {
		c.Converted, err = sumOf(converted)
	}
	if err != nil {
		return Conversion{}, fmt.Errorf("%s: %w", field, err)
	}
	return c, nil
}

// sumOf is canonical for items that share their slices with others.
func sumOf(items []item) (Resources, error) {
	own := slices.Clone(items)
	for i := range own {
		own[i].ranges, own[i].set = slices.Clone(own[i].ranges), slices.Clone(own[i].set)
	}
	return canonical(own)
}

// itemsOf reads a list of resources, each of which must be more than nothing.
func itemsOf(field string, list []*mesos.Resource) ([]item, error) {
	if len(list) == 0 {
		return nil, invalid(field, "empty", "must name something")
	}
	items := make([]item, len(list))
	for i, m := range list {
		it, err := itemOf(fmt.Sprintf("%s[%d]", field, i), m)
		if err != nil {
			return nil, err
		}
		items[i] = it
	}
	return items, nil
}

// itemOf reads one resource, which must be more than nothing.
func itemOf(field string, m *mesos.Resource) (item, error) {
	it, bad := itemFromProto(m)
	if bad != nil {
		return it, fmt.Errorf("%s: %w", field, bad)
	}
	sum, err := canonical([]item{it})
	if err != nil {
		return it, fmt.Errorf("%s: %w", field, err)
	}
	if sum.IsEmpty() {
		return it, invalid(field, it.label()+" of nothing", "must be more than nothing")
	}
	return sum.items[0], nil
}
