// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// call reads a call in the text form of protobuf; required fields may be
// missing.
func call(t testing.TB, text string) *scheduler.Call {
	t.Helper()
	c := new(scheduler.Call)
	if err := (prototext.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(text), c); err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	id   = `framework_id { value: "F" } `
	uuid = `uuid: "0123456789abcdef" `
)

// valid is one call of each type, and the variations that must be accepted.
var valid = []string{
	`type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" } }`,
	`type: SUBSCRIBE framework_id { value: "" } subscribe { framework_info { user: "u" name: "n" } }`,
	`type: SUBSCRIBE framework_id { value: "" } subscribe { framework_info { user: "u" name: "n" id { value: "" } } }`,
	id + `type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" id { value: "F" } } }`,
	id + `type: TEARDOWN`,
	id + `type: ACCEPT accept { }`,
	id + `type: ACCEPT accept { offer_ids { value: "O" } operations { type: LAUNCH launch { } } }`,
	id + `type: DECLINE decline { }`,
	id + `type: ACCEPT_INVERSE_OFFERS accept_inverse_offers { }`,
	id + `type: DECLINE_INVERSE_OFFERS decline_inverse_offers { }`,
	id + `type: REVIVE`,
	id + `type: REVIVE revive { roles: "r" }`,
	id + `type: SUPPRESS`,
	id + `type: KILL kill { task_id { value: "T" } }`,
	id + `type: SHUTDOWN shutdown { executor_id { value: "E" } agent_id { value: "A" } }`,
	id + `type: ACKNOWLEDGE acknowledge { agent_id { value: "A" } task_id { value: "T" } ` + uuid + `}`,
	id + `type: ACKNOWLEDGE_OPERATION_STATUS acknowledge_operation_status { agent_id { value: "A" } operation_id { value: "O" } ` + uuid + `}`,
	id + `type: RECONCILE reconcile { }`,
	id + `type: RECONCILE_OPERATIONS reconcile_operations { }`,
	id + `type: MESSAGE message { executor_id { value: "E" } agent_id { value: "A" } data: "" }`,
	id + `type: REQUEST request { }`,
	id + `type: UPDATE_FRAMEWORK update_framework { framework_info { user: "u" name: "n" id { value: "F" } } }`,
	id + `type: TEARDOWN accept { }`, // a message too many is nobody's harm
}

func TestValidate(t *testing.T) {
	seen := map[scheduler.Call_Type]bool{scheduler.Call_UNKNOWN: true}
	for _, text := range valid {
		c := call(t, text)
		seen[c.GetType()] = true
		if err := scheduler.Validate(c); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for number, name := range scheduler.Call_Type_name {
		if !seen[scheduler.Call_Type(number)] {
			t.Errorf("no test has a call of type %s", name)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{``, "type: unset: must be set"},
		{id, "type: unset: must be set"},
		{`type: SUBSCRIBE`, "subscribe: unset: must be set"},
		{`type: SUBSCRIBE subscribe { }`, "subscribe.framework_info: unset: must be set"},
		{`type: SUBSCRIBE subscribe { framework_info { user: "u" } }`, "subscribe.framework_info.name: unset: must be set"},
		{id + `type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" } }`, `subscribe.framework_info.id: "": must equal framework_id, which is "F"`},
		{`type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" id { value: "F" } } }`, `subscribe.framework_info.id: "F": must equal framework_id, which is ""`},
		{id + `type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" id { value: "G" } } }`, `subscribe.framework_info.id: "G": must equal framework_id, which is "F"`},
		{`type: SUBSCRIBE framework_id { value: "../F" } subscribe { framework_info { user: "u" name: "n" id { value: "../F" } } }`, `framework_id: "../F": must not contain "/" or "\"`},
		{`type: TEARDOWN`, "framework_id: unset: must be set"},
		{`type: TEARDOWN framework_id { }`, "framework_id.value: unset: must be set"},
		{`type: TEARDOWN framework_id { value: "" }`, `framework_id: "": must not be empty`},
		{`type: KILL kill { task_id { value: "T" } }`, "framework_id: unset: must be set"},
		{id + `type: ACCEPT`, "accept: unset: must be set"},
		{id + `type: ACCEPT decline { }`, "accept: unset: must be set"},
		{id + `type: ACCEPT accept { operations { type: LAUNCH launch { task_infos { name: "t" } } } }`, "accept.operations[0].launch.task_infos[0].task_id: unset: must be set"},
		{id + `type: DECLINE`, "decline: unset: must be set"},
		{id + `type: ACCEPT_INVERSE_OFFERS`, "accept_inverse_offers: unset: must be set"},
		{id + `type: DECLINE_INVERSE_OFFERS`, "decline_inverse_offers: unset: must be set"},
		{id + `type: KILL`, "kill: unset: must be set"},
		{id + `type: KILL kill { }`, "kill.task_id: unset: must be set"},
		{id + `type: SHUTDOWN`, "shutdown: unset: must be set"},
		{id + `type: ACKNOWLEDGE`, "acknowledge: unset: must be set"},
		{id + `type: ACKNOWLEDGE acknowledge { agent_id { value: "A" } task_id { value: "T" } uuid: "short" }`, "acknowledge.uuid: 5 bytes: must be the 16 bytes of a UUID"},
		{id + `type: ACKNOWLEDGE_OPERATION_STATUS`, "acknowledge_operation_status: unset: must be set"},
		{id + `type: ACKNOWLEDGE_OPERATION_STATUS acknowledge_operation_status { operation_id { value: "O" } ` + uuid + `}`, "acknowledge_operation_status.agent_id: unset: must be set"},
		{id + `type: ACKNOWLEDGE_OPERATION_STATUS acknowledge_operation_status { agent_id { value: "A" } operation_id { value: "O" } uuid: "" }`, "acknowledge_operation_status.uuid: 0 bytes: must be the 16 bytes of a UUID"},
		{id + `type: RECONCILE`, "reconcile: unset: must be set"},
		{id + `type: RECONCILE_OPERATIONS`, "reconcile_operations: unset: must be set"},
		{id + `type: MESSAGE`, "message: unset: must be set"},
		{id + `type: REQUEST`, "request: unset: must be set"},
		{id + `type: UPDATE_FRAMEWORK`, "update_framework: unset: must be set"},
		{id + `type: UPDATE_FRAMEWORK update_framework { framework_info { user: "u" name: "n" } }`, `update_framework.framework_info.id: "": must equal framework_id, which is "F"`},
	} {
		err := scheduler.Validate(call(t, tc.text))
		var field *mesos.FieldError
		if !errors.As(err, &field) || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestValidateUnknown(t *testing.T) {
	future := call(t, id)
	future.Type = scheduler.Call_Type(99).Enum()
	for _, c := range []*scheduler.Call{call(t, id+`type: UNKNOWN`), future} {
		if err := scheduler.Validate(c); !errors.Is(err, scheduler.ErrUnknownCall) {
			t.Errorf("%v: %v, want ErrUnknownCall", c, err)
		}
	}
}

func TestValidateNil(t *testing.T) {
	if err := scheduler.Validate(nil); err == nil {
		t.Error("nil is not a call")
	}
	c := call(t, id+`type: UPDATE_FRAMEWORK update_framework { }`)
	c.UpdateFramework.FrameworkInfo = nil
	if err := scheduler.Validate(c); err == nil {
		t.Error("framework_info is required")
	}
}

// A hostile value does not become a hostile error.
func TestErrorsStayShort(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	c := call(t, id+`type: SUBSCRIBE subscribe { framework_info { user: "u" name: "n" id { value: "`+long+`" } } }`)
	if err := scheduler.Validate(c); err == nil || len(err.Error()) > 500 {
		t.Errorf("error of %d bytes", len(err.Error()))
	}
}

// Whatever bytes a peer sends, whether or not the decoder asks for required
// fields: no panic, and what is accepted has what its type needs.
func FuzzValidate(f *testing.F) {
	for _, text := range valid {
		b, err := proto.MarshalOptions{AllowPartial: true}.Marshal(call(f, text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := new(scheduler.Call)
		if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(b, c); err != nil {
			return
		}
		if err := scheduler.Validate(c); err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if err := proto.CheckInitialized(c); err != nil {
			t.Fatalf("accepted although %v", err)
		}
		if c.GetType() != scheduler.Call_SUBSCRIBE && c.GetFrameworkId().GetValue() == "" {
			t.Fatalf("accepted without framework_id: %v", c)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	task := `task_infos { name: "t" task_id { value: "T" } agent_id { value: "A" } resources { name: "cpus" type: SCALAR scalar { value: 1 } } resources { name: "mem" type: SCALAR scalar { value: 64 } } command { value: "true" } } `
	c := call(b, id+`type: ACCEPT accept { offer_ids { value: "O" } operations { type: LAUNCH launch { `+strings.Repeat(task, 10)+`} } }`)
	b.ReportAllocs()
	for b.Loop() {
		if err := scheduler.Validate(c); err != nil {
			b.Fatal(err)
		}
	}
}

func TestValidateBoundsAnAccept(t *testing.T) {
	const most = scheduler.MaxAccepted
	operation := func(tasks, group int) *mesos.Offer_Operation {
		return &mesos.Offer_Operation{
			Type: mesos.Offer_Operation_LAUNCH.Enum(),
			Launch: &mesos.Offer_Operation_Launch{TaskInfos: repeat(tasks, &mesos.TaskInfo{
				Name: new("t"), TaskId: &mesos.TaskID{Value: new("T")}, AgentId: &mesos.AgentID{Value: new("A")},
			})},
			LaunchGroup: &mesos.Offer_Operation_LaunchGroup{
				Executor: &mesos.ExecutorInfo{ExecutorId: &mesos.ExecutorID{Value: new("E")}},
				TaskGroup: &mesos.TaskGroupInfo{Tasks: repeat(group, &mesos.TaskInfo{
					Name: new("t"), TaskId: &mesos.TaskID{Value: new("T")}, AgentId: &mesos.AgentID{Value: new("A")},
				})},
			},
		}
	}
	for name, tc := range map[string]struct {
		accept *scheduler.Call_Accept
		want   string // empty: it is valid
	}{
		"most of each": {&scheduler.Call_Accept{
			OfferIds:   repeat(most, &mesos.OfferID{Value: new("O")}),
			Operations: append(repeat(most-2, operation(0, 0)), operation(most-1, 0), operation(0, 1)),
		}, ""},
		"offers":     {&scheduler.Call_Accept{OfferIds: repeat(most+1, &mesos.OfferID{Value: new("O")})}, "accept.offer_ids: 10001 of them: must be 10000 at most"},
		"operations": {&scheduler.Call_Accept{Operations: repeat(most+1, operation(0, 0))}, "accept.operations: 10001 of them: must be 10000 at most"},
		"tasks": {
			&scheduler.Call_Accept{Operations: []*mesos.Offer_Operation{operation(most, 0), operation(0, 1)}},
			"accept.operations.launch.task_infos: 10001 of them: must be 10000 at most",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := call(t, id+"type: ACCEPT")
			c.Accept = tc.accept
			err := scheduler.Validate(c)
			if got := fmt.Sprint(err); err != nil && got != tc.want || err == nil && tc.want != "" {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func repeat[E any](n int, e E) []E { return slices.Repeat([]E{e}, n) }
