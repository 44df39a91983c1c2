// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ValidateRequired tells whether every required field of m is set, at every
// level. The error is a *FieldError with the path of the first that is not.
// It exists because the check of the protobuf library names the field but not
// where in the message it is missing.
func ValidateRequired(m proto.Message) error {
	if m == nil || !m.ProtoReflect().IsValid() {
		return Missing("message")
	}
	err := proto.CheckInitialized(m)
	if err == nil {
		return nil
	}
	if path := missing(m.ProtoReflect()); path != "" {
		return Missing(path)
	}
	return err
}

// missing returns the path of the first required field that is unset; "" if
// there is none.
func missing(m protoreflect.Message) string {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		name := string(f.Name())
		if !m.Has(f) {
			if f.Cardinality() == protoreflect.Required {
				return name
			}
			continue
		}
		if path := missingBelow(f, m.Get(f)); path != "" {
			return name + path
		}
	}
	return ""
}

// missingBelow looks inside the value of one field. The path that it returns
// continues the name of the field: ".value", "[2].value", or "" if all is set.
func missingBelow(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case f.IsMap():
		if f.MapValue().Message() == nil {
			return ""
		}
		path := ""
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			if p := element(quote(k.String()), v.Message()); p != "" && (path == "" || p < path) {
				path = p // the first in order, not in the order of the map
			}
			return true
		})
		return path
	case f.Message() == nil:
		return ""
	case f.IsList():
		for i := range v.List().Len() {
			if path := element(fmt.Sprint(i), v.List().Get(i).Message()); path != "" {
				return path
			}
		}
		return ""
	}
	if path := missing(v.Message()); path != "" {
		return "." + path
	}
	return ""
}

// element looks inside one element of a list or map. One that is no message
// at all (nil, which no decoder makes) is itself what is missing.
func element(key string, m protoreflect.Message) string {
	if !m.IsValid() {
		return "[" + key + "]"
	}
	if path := missing(m); path != "" {
		return "[" + key + "]." + path
	}
	return ""
}
