// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// call reads a call in the text form of protobuf; required fields may be
// missing.
func call(t testing.TB, text string) *executor.Call {
	t.Helper()
	c := new(executor.Call)
	if err := (prototext.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(text), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// ids and status are what is right in a call; a case adds what it is about.
const (
	ids    = `executor_id { value: "E" } framework_id { value: "F" } `
	update = ids + `type: UPDATE update { status { task_id { value: "T" } state: TASK_RUNNING uuid: "0123456789abcdef" `
	good   = update + `source: SOURCE_EXECUTOR `
	end    = ` } }`
)

var valid = []string{
	ids + `type: SUBSCRIBE subscribe { }`,
	ids + `type: SUBSCRIBE subscribe { unacknowledged_updates { status { task_id { value: "T" } state: TASK_FINISHED source: SOURCE_EXECUTOR uuid: "0123456789abcdef" } } }`,
	ids + `type: MESSAGE message { data: "" }`,
	ids + `type: HEARTBEAT`,
	good + end,
	good + `executor_id { value: "E" }` + end,
	good + `check_status { type: COMMAND command { } }` + end,
	good + `check_status { type: HTTP http { status_code: 200 } }` + end,
	good + `check_status { type: TCP tcp { } }` + end,
}

func TestValidate(t *testing.T) {
	seen := map[executor.Call_Type]bool{executor.Call_UNKNOWN: true}
	for _, text := range valid {
		c := call(t, text)
		seen[c.GetType()] = true
		if err := executor.Validate(c); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for number, name := range executor.Call_Type_name {
		if !seen[executor.Call_Type(number)] {
			t.Errorf("no test has a call of type %s", name)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{``, "type: unset: must be set"},
		{`type: HEARTBEAT`, "executor_id: unset: must be set"},
		{`type: HEARTBEAT executor_id { value: "E" }`, "framework_id: unset: must be set"},
		{`type: HEARTBEAT executor_id { value: "" } framework_id { value: "F" }`, `executor_id: "": must not be empty`},
		{`type: HEARTBEAT executor_id { value: "E" } framework_id { value: ".." }`, `framework_id: "..": must not be "." or ".."`},
		{ids + `type: SUBSCRIBE`, "subscribe: unset: must be set"},
		{ids + `type: UPDATE`, "update: unset: must be set"},
		{ids + `type: MESSAGE`, "message: unset: must be set"},
		{ids + `type: MESSAGE message { }`, "message.data: unset: must be set"},
		{ids + `type: UPDATE update { }`, "update.status: unset: must be set"},
		{ids + `type: UPDATE update { status { task_id { value: "T" } } }`, "update.status.state: unset: must be set"},
		{update + end, "update.status.source: unset: must be SOURCE_EXECUTOR"},
		{update + `source: SOURCE_MASTER` + end, "update.status.source: SOURCE_MASTER: must be SOURCE_EXECUTOR"},
		{update + `source: SOURCE_AGENT` + end, "update.status.source: SOURCE_AGENT: must be SOURCE_EXECUTOR"},
		{ids + `type: UPDATE update { status { task_id { value: "T" } state: TASK_STAGING source: SOURCE_EXECUTOR uuid: "0123456789abcdef" } }`, "update.status.state: TASK_STAGING: must not be sent by an executor"},
		{ids + `type: UPDATE update { status { task_id { value: "T" } state: TASK_RUNNING source: SOURCE_EXECUTOR } }`, "update.status.uuid: 0 bytes: must be the 16 bytes of a UUID"},
		{ids + `type: UPDATE update { status { task_id { value: "a/b" } state: TASK_RUNNING source: SOURCE_EXECUTOR uuid: "0123456789abcdef" } }`, `update.status.task_id: "a/b": must not contain "/" or "\"`},
		{good + `executor_id { value: "X" }` + end, `update.status.executor_id: "X": must equal executor_id, which is "E"`},
		{good + `check_status { }` + end, "update.status.check_status.type: unset: must be set"},
		{good + `check_status { type: UNKNOWN }` + end, "update.status.check_status.type: UNKNOWN: must be COMMAND, HTTP or TCP"},
		{good + `check_status { type: COMMAND }` + end, "update.status.check_status.command: unset: must be set"},
		{good + `check_status { type: HTTP }` + end, "update.status.check_status.http: unset: must be set"},
		{good + `check_status { type: TCP command { } }` + end, "update.status.check_status.tcp: unset: must be set"},
		{ids + `type: SUBSCRIBE subscribe { unacknowledged_updates { status { task_id { value: "T" } state: TASK_FINISHED } } }`, "subscribe.unacknowledged_updates[0].status.source: unset: must be SOURCE_EXECUTOR"},
	} {
		err := executor.Validate(call(t, tc.text))
		var field *mesos.FieldError
		if !errors.As(err, &field) || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
}

func TestValidateUnknown(t *testing.T) {
	future := call(t, ids)
	future.Type = executor.Call_Type(99).Enum()
	for _, c := range []*executor.Call{call(t, ids+`type: UNKNOWN`), future} {
		if err := executor.Validate(c); !errors.Is(err, executor.ErrUnknownCall) {
			t.Errorf("%v: %v, want ErrUnknownCall", c, err)
		}
	}
}

func TestValidateNil(t *testing.T) {
	if err := executor.Validate(nil); err == nil {
		t.Error("nil is not a call")
	}
	c := call(t, ids+`type: SUBSCRIBE subscribe { }`)
	c.Subscribe.UnacknowledgedUpdates = []*executor.Call_Update{nil}
	if err := executor.Validate(c); err == nil {
		t.Error("nil is not an update")
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
		c := new(executor.Call)
		if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(b, c); err != nil {
			return
		}
		if err := executor.Validate(c); err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if err := proto.CheckInitialized(c); err != nil {
			t.Fatalf("accepted although %v", err)
		}
		if c.GetType() == executor.Call_UPDATE && len(c.GetUpdate().GetStatus().GetUuid()) != 16 {
			t.Fatalf("accepted without uuid: %v", c)
		}
	})
}
