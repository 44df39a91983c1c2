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
			err.Item = fmt.Sprintf("resources[%d] %s", i, err.Item)
			return Resources{}, err
		}
		items = append(items, it)
	}
	return canonical(items)
}

// itemFromProto checks and copies one message.
func itemFromProto(m *mesos.Resource) (item, *InvalidError) {
	name := m.GetName()
	if err := checkName(name); err != nil {
		return item{}, err
	}
	if m.Type == nil {
		return item{}, &InvalidError{name, "type unset", "must be SCALAR, RANGES or SET"}
	}
	it := item{name: name, kind: *m.Type, count: 1}
	if err := checkKind(name, it.kind); err != nil {
		return item{}, err
	}
	var err error
	if it.traits, err = traitsFromProto(m); err != nil {
		return item{}, invalidTraits(name, err)
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

// invalidTraits turns an error about what sets an item apart into one about
// the item.
func invalidTraits(name string, err error) *InvalidError {
	var field *mesos.FieldError
	if errors.As(err, &field) {
		return &InvalidError{name, field.Field + " " + field.Value, field.Rule}
	}
	return &InvalidError{name, "message", err.Error()}
}

// reserved are the characters that have a meaning in the text form.
const reserved = `:;,()[]{}"`

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
	case strings.ContainsAny(name, reserved):
		rule = "must not contain any of " + reserved
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
	if v == nil || v.Value == nil {
		return 0, &InvalidError{name, "no scalar", "must have a scalar value"}
	}
	m, err := MilliFromFloat(*v.Value)
	if err != nil {
		return 0, &InvalidError{name, fmt.Sprint(*v.Value), "must be a number from 0 to " + MaxMilli.String()}
	}
	return m, nil
}

func rangesFromProto(name string, v *mesos.Value_Ranges) ([]Range, *InvalidError) {
	if v == nil {
		return nil, &InvalidError{name, "no ranges", "must have ranges"}
	}
	rs := make([]Range, len(v.Range))
	for i, r := range v.Range {
		if r == nil || r.Begin == nil || r.End == nil {
			return nil, &InvalidError{name, fmt.Sprintf("range %d", i), "must have a begin and an end"}
		}
		rs[i] = Range{*r.Begin, *r.End}
		if rs[i].Begin > rs[i].End {
			return nil, &InvalidError{name, rs[i].String(), "must not begin after its end"}
		}
	}
	return rs, nil
}

func setFromProto(name string, v *mesos.Value_Set) ([]string, *InvalidError) {
	if v == nil {
		return nil, &InvalidError{name, "no set", "must have a set"}
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
