// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"errors"
	"fmt"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ErrUnknownCall is in the error of Validate for a call whose type has no name
// here; over HTTP it is 501, all other errors of Validate are 400.
var ErrUnknownCall = errors.New("unknown type of call")

// Validate tells whether the call has the shape that its type asks for: the
// message that belongs to the type, and every required field. All errors but
// ErrUnknownCall are *mesos.FieldError. What the call is about is for the master
// to judge.
func Validate(call *Call) error {
	switch {
	case call == nil:
		return mesos.Missing("call")
	case call.Type == nil:
		return mesos.Missing("type")
	}
	name := call.Type.Descriptor().Values().ByNumber(call.Type.Number())
	if name == nil || call.GetType() == Call_UNKNOWN {
		return fmt.Errorf("type: %v: %w", call.GetType(), ErrUnknownCall)
	}
	// The message of a type has the type's name, in lower case.
	m, field := call.ProtoReflect(), protoreflect.Name(strings.ToLower(string(name.Name())))
	if body := m.Descriptor().Fields().ByName(field); body != nil && !m.Has(body) {
		return mesos.Missing(string(field))
	}
	return mesos.ValidateRequired(call)
}
