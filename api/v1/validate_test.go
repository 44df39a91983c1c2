// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos_test

import (
	"errors"
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
)

func TestValidateID(t *testing.T) {
	for _, id := range []string{"a", "...", "a.b", "-", " ", "task 1", "ünïcode", strings.Repeat("x", 255)} {
		if err := mesos.ValidateID("task id", id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, tc := range []struct{ id, want string }{
		{"", `task id: "": must not be empty`},
		{".", `task id: ".": must not be "." or ".."`},
		{"..", `task id: "..": must not be "." or ".."`},
		{"a/b", `task id: "a/b": must not contain "/" or "\"`},
		{`a\b`, `task id: "a\\b": must not contain "/" or "\"`},
		{"a\x00b", `task id: "a\x00b": must not contain control characters`},
		{"a\n", `task id: "a\n": must not contain control characters`},
		{"a\u0085", `task id: "a\u0085": must not contain control characters`},
		{"\xff", `task id: "\xff": must be UTF-8`},
		{strings.Repeat("x", 256), `task id: "` + strings.Repeat("x", 64) + `"… (256 bytes): must not be longer than 255 bytes`},
	} {
		err := mesos.ValidateID("task id", tc.id)
		var field *mesos.FieldError
		if !errors.As(err, &field) || err.Error() != tc.want {
			t.Errorf("%q: %v, want %s", tc.id, err, tc.want)
		}
	}
}

func TestValidateRole(t *testing.T) {
	for _, role := range []string{"*", "a", "a/b/c", "a-b", "a..b", "*a", "é"} {
		if err := mesos.ValidateRole("role", role); err != nil {
			t.Errorf("%q: %v", role, err)
		}
	}
	for _, tc := range []struct{ role, want string }{
		{"", `role: "": must not be empty`},
		{"/a", `role: "/a": must not begin or end with "/" or contain "//"`},
		{"a/", `role: "a/": must not begin or end with "/" or contain "//"`},
		{"a//b", `role: "a//b": must not begin or end with "/" or contain "//"`},
		{"..", `role: "..": must not have a part ".."`},
		{"a/./b", `role: "a/./b": must not have a part "."`},
		{"a/*", `role: "a/*": must not have a part "*"`},
		{"-a", `role: "-a": must not have a part that begins with "-"`},
		{"a/-b", `role: "a/-b": must not have a part that begins with "-"`},
		{"a b", `role: "a b": must not contain white space or control characters`},
		{"a\b", `role: "a\b": must not contain white space or control characters`},
		{"\xff", `role: "\xff": must be UTF-8`},
		{strings.Repeat("x", 256), `role: "` + strings.Repeat("x", 64) + `"… (256 bytes): must not be longer than 255 bytes`},
	} {
		if err := mesos.ValidateRole("role", tc.role); err == nil || err.Error() != tc.want {
			t.Errorf("%q: %v, want %s", tc.role, err, tc.want)
		}
	}
}

func TestValidateUUID(t *testing.T) {
	if err := mesos.ValidateUUID("uuid", make([]byte, 16)); err != nil {
		t.Error(err)
	}
	for n, want := range map[int]string{
		0:  "uuid: 0 bytes: must be the 16 bytes of a UUID",
		15: "uuid: 15 bytes: must be the 16 bytes of a UUID",
		36: "uuid: 36 bytes: must be the 16 bytes of a UUID",
	} {
		if err := mesos.ValidateUUID("uuid", make([]byte, n)); err == nil || err.Error() != want {
			t.Errorf("%d bytes: %v, want %s", n, err, want)
		}
	}
}

func TestTerminal(t *testing.T) {
	alive := map[mesos.TaskState]bool{
		mesos.TaskState_TASK_STAGING:     true,
		mesos.TaskState_TASK_STARTING:    true,
		mesos.TaskState_TASK_RUNNING:     true,
		mesos.TaskState_TASK_KILLING:     true,
		mesos.TaskState_TASK_UNREACHABLE: true,
		mesos.TaskState_TASK_UNKNOWN:     true,
	}
	for number, name := range mesos.TaskState_name {
		state := mesos.TaskState(number)
		if got := mesos.Terminal(state); got == alive[state] {
			t.Errorf("Terminal(%s) = %v", name, got)
		}
	}
	if mesos.Terminal(99) {
		t.Error("a state that is not known is not an end")
	}
}
