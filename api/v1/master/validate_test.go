// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master_test

import (
	"errors"
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/master"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestACallMustHaveTheMessageOfItsType(t *testing.T) {
	without := map[master.Call_Type]bool{
		master.Call_GET_HEALTH: true, master.Call_GET_FLAGS: true, master.Call_GET_VERSION: true,
		master.Call_GET_LOGGING_LEVEL: true, master.Call_GET_STATE: true, master.Call_GET_AGENTS: true,
		master.Call_GET_FRAMEWORKS: true, master.Call_GET_EXECUTORS: true, master.Call_GET_OPERATIONS: true,
		master.Call_GET_TASKS: true, master.Call_GET_ROLES: true, master.Call_GET_WEIGHTS: true,
		master.Call_GET_MASTER: true, master.Call_SUBSCRIBE: true, master.Call_GET_MAINTENANCE_STATUS: true,
		master.Call_GET_MAINTENANCE_SCHEDULE: true, master.Call_GET_QUOTA: true,
	}
	values := master.Call_UNKNOWN.Descriptor().Values()
	for i := range values.Len() {
		kind := master.Call_Type(values.Get(i).Number())
		if kind == master.Call_UNKNOWN {
			continue
		}
		t.Run(kind.String(), func(t *testing.T) {
			err := master.Validate(&master.Call{Type: &kind})
			var field *mesos.FieldError
			switch {
			case without[kind] && err != nil:
				t.Errorf("error %v, want none", err)
			case !without[kind] && (!errors.As(err, &field) || field.Field != strings.ToLower(kind.String())):
				t.Errorf("error %v, want one of the field %s", err, strings.ToLower(kind.String()))
			}
		})
	}
}

func TestACallThatBreaksARuleOfItsFormIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		call *master.Call
		word string
	}{
		"no call": {nil, "call"},
		"no type": {&master.Call{}, "type"},
		"a required field is missing": {&master.Call{
			Type:     master.Call_TEARDOWN.Enum(),
			Teardown: &master.Call_Teardown{FrameworkId: &mesos.FrameworkID{}},
		}, "teardown.framework_id.value"},
	} {
		t.Run(name, func(t *testing.T) {
			var field *mesos.FieldError
			if err := master.Validate(c.call); !errors.As(err, &field) || field.Field != c.word {
				t.Errorf("error %v, want one of the field %q", err, c.word)
			}
		})
	}
	for _, number := range []protoreflect.EnumNumber{0, 36_000} {
		kind := master.Call_Type(number)
		if err := master.Validate(&master.Call{Type: &kind}); !errors.Is(err, master.ErrUnknownCall) {
			t.Errorf("type %d: error %v, want ErrUnknownCall", number, err)
		}
	}
}
