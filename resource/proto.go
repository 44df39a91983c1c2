// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// FromProto checks Resource messages and sums them. It accepts reservations
// in both forms (see reservationsFromProto), rounds scalars to thousandths,
// drops what is empty, and leaves allocation_info out. The error is an
// *InvalidError. Nothing of ms is kept.
func FromProto(ms []*mesos.Resource) (Resources, error) {
	items := make([]item, 0, len(ms))
	for i, m := range ms {
		it, err := itemFromProto(m)
		if err != nil {
			err.Item = strings.TrimSpace(fmt.Sprintf("resources[%d] %s", i, err.Item))
			return Resources{}, err
		}
		items = append(items, it)
	}
	return canonical(items)
}

// itemFromProto checks and copies one message.
func itemFromProto(m *mesos.Resource) (item, *InvalidError) {
	name := m.GetName()
	if err := mesos.ValidateRequired(m); err != nil {
		return item{}, invalidField(name, err)
	}
	if err := checkName(name); err != nil {
		return item{}, err
	}
	it := item{name: name, kind: *m.Type, count: 1}
	if err := checkKind(name, it.kind); err != nil {
		return item{}, err
	}
	var err error
	if it.traits, err = traitsFromProto(m); err != nil {
		return item{}, invalidField(name, err)
	}
	var bad *InvalidError
	switch it.kind {
	case mesos.Value_SCALAR:
		it.scalar, bad = scalarFromProto(name, m.Scalar)
	case mesos.Value_RANGES:
		it.ranges, bad = rangesFromProto(name, m.Ranges)
	default:
		it.set, bad = setFromProto(name, m.Set)
	}
	return it, bad
}

// invalidField turns an error about a field into one about the item.
func invalidField(name string, err error) *InvalidError {
	name = cut(name)
	var field *mesos.FieldError
	if errors.As(err, &field) {
		return &InvalidError{name, field.Field + " " + field.Value, field.Rule}
	}
	return &InvalidError{name, "message", cut(err.Error())}
}

// special are the characters that have a meaning in the text form.
const special = `:;,()[]{}"`

// checkName tells whether a resource may have this name.
func checkName(name string) *InvalidError {
	rule := ""
	switch {
	case name == "":
		rule = "must not be empty"
	case len(name) > 255:
		rule = "must not be longer than 255 bytes"
	case !utf8.ValidString(name):
		rule = "must be UTF-8"
	case strings.ContainsAny(name, special):
		rule = "must not contain any of " + special
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		rule = "must not contain white space or control characters"
	default:
		return nil
	}
	return &InvalidError{"name", quote(name), rule}
}

// checkKind tells whether the resource of this name may have values of this
// kind: what the kernel is told must be a number, what is a port a range.
func checkKind(name string, kind mesos.Value_Type) *InvalidError {
	rule := ""
	switch name {
	case CPUs, Mem, Disk, GPUs:
		if kind != mesos.Value_SCALAR {
			rule = "must be SCALAR"
		}
	case Ports:
		if kind != mesos.Value_RANGES {
			rule = "must be RANGES"
		}
	default:
		if kind != mesos.Value_SCALAR && kind != mesos.Value_RANGES && kind != mesos.Value_SET {
			rule = "must be SCALAR, RANGES or SET"
		}
	}
	if rule == "" {
		return nil
	}
	return &InvalidError{name, "type " + kind.String(), rule}
}

func scalarFromProto(name string, v *mesos.Value_Scalar) (Milli, *InvalidError) {
	if v == nil {
		return 0, &InvalidError{name, "scalar unset", "must be set for type SCALAR"}
	}
	m, err := MilliFromFloat(v.GetValue())
	if err != nil {
		return 0, &InvalidError{name, fmt.Sprint(v.GetValue()), "must be a number from 0 to " + MaxMilli.String()}
	}
	return m, nil
}

func rangesFromProto(name string, v *mesos.Value_Ranges) ([]Range, *InvalidError) {
	if v == nil {
		return nil, &InvalidError{name, "ranges unset", "must be set for type RANGES"}
	}
	rs := make([]Range, len(v.Range))
	for i, r := range v.Range {
		rs[i] = Range{r.GetBegin(), r.GetEnd()}
		if rs[i].Begin > rs[i].End {
			return nil, &InvalidError{name, rs[i].String(), "must not begin after its end"}
		}
	}
	return rs, nil
}

func setFromProto(name string, v *mesos.Value_Set) ([]string, *InvalidError) {
	if v == nil {
		return nil, &InvalidError{name, "set unset", "must be set for type SET"}
	}
	items := make([]string, len(v.Item))
	for i, s := range v.Item {
		if !utf8.ValidString(s) {
			return nil, &InvalidError{name, quote(s), "must be UTF-8"}
		}
		items[i] = s
	}
	return items, nil
}

// Proto returns r as messages that share nothing with r or with each other,
// sorted, with reservations in `reservations`. FromProto of them is r.
func (r Resources) Proto() []*mesos.Resource {
	return r.messages(nil)
}

// ProtoAllocated is Proto with allocation_info.role set in each message.
func (r Resources) ProtoAllocated(role string) []*mesos.Resource {
	return r.messages(&role)
}

// ProtoOld returns r for a framework without the capability
// RESERVATION_REFINEMENT: with role and reservation in place of reservations,
// and with allocation_info.role unless allocated is "". What the old form
// cannot say, a reservation that was refined, is left out.
func (r Resources) ProtoOld(allocated string) []*mesos.Resource {
	old := r.filter(func(it *item) bool { return it.traits == nil || len(it.traits.reservations) <= 1 })
	var role *string
	if allocated != "" {
		role = &allocated
	}
	ms := old.messages(role)
	for _, m := range ms {
		toOldReservation(m)
	}
	return ms
}

// messages returns a fresh message for each copy of each item.
func (r Resources) messages(role *string) []*mesos.Resource {
	out := make([]*mesos.Resource, 0, len(r.items))
	for i := range r.items {
		for range r.items[i].count {
			m := r.items[i].message()
			if role != nil {
				m.AllocationInfo = &mesos.Resource_AllocationInfo{Role: proto.String(*role)}
			}
			out = append(out, m)
		}
	}
	return out
}

// message returns one copy of the item as a fresh message.
func (it *item) message() *mesos.Resource {
	m := new(mesos.Resource)
	if it.traits != nil {
		it.traits.put(m)
		m = proto.Clone(m).(*mesos.Resource)
	}
	m.Name, m.Type = proto.String(it.name), it.kind.Enum()
	switch it.kind {
	case mesos.Value_SCALAR:
		m.Scalar = &mesos.Value_Scalar{Value: proto.Float64(it.scalar.Float())}
	case mesos.Value_RANGES:
		m.Ranges = &mesos.Value_Ranges{Range: make([]*mesos.Value_Range, len(it.ranges))}
		for i, r := range it.ranges {
			m.Ranges.Range[i] = &mesos.Value_Range{Begin: proto.Uint64(r.Begin), End: proto.Uint64(r.End)}
		}
	default:
		m.Set = &mesos.Value_Set{Item: append([]string(nil), it.set...)}
	}
	return m
}
