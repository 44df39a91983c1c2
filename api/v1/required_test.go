// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// read fills m from the text form of protobuf; required fields may be missing.
func read[M proto.Message](t *testing.T, m M, text string) M {
	t.Helper()
	if err := (prototext.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestValidateRequired(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"nothing", ``, "name: unset: must be set"},
		{"a message", `name: "x"`, "task_id: unset: must be set"},
		{"inside a message", `name: "x" task_id {}`, "task_id.value: unset: must be set"},
		{"inside a list", `name: "x" task_id { value: "t" } agent_id { value: "a" } resources { name: "cpus" type: SCALAR } resources { name: "mem" }`, "resources[1].type: unset: must be set"},
		{"inside the first of a map", `name: "x" task_id { value: "t" } agent_id { value: "a" } limits { key: "mem" value {} } limits { key: "cpus" value {} } limits { key: "disk" value {} }`, `limits["cpus"].value: unset: must be set`},
		{"deep", `name: "x" task_id { value: "t" } agent_id { value: "a" } executor { executor_id { value: "e" } command { uris {} } }`, "executor.command.uris[0].value: unset: must be set"},
		{"in a map of strings", `name: "x" task_id { value: "t" } agent_id { value: "a" } container { type: MESOS volumes { mode: RW container_path: "c" source { csi_volume { plugin_name: "p" static_provisioning { volume_id: "v" volume_capability { access_mode {} } volume_context { key: "a" value: "b" } } } } } }`, "container.volumes[0].source.csi_volume.static_provisioning.volume_capability.access_mode.mode: unset: must be set"},
	} {
		err := mesos.ValidateRequired(read(t, &mesos.TaskInfo{}, tc.text))
		var field *mesos.FieldError
		if !errors.As(err, &field) || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
	complete := read(t, &mesos.TaskInfo{}, `name: "x" task_id { value: "t" } agent_id { value: "a" } limits { key: "mem" value { value: 1 } }`)
	if err := mesos.ValidateRequired(complete); err != nil {
		t.Errorf("complete: %v", err)
	}
}

// Messages that no decoder makes, but a caller in Go can.
func TestValidateRequiredNil(t *testing.T) {
	task := read(t, &mesos.TaskInfo{}, `name: "x" task_id { value: "t" } agent_id { value: "a" }`)
	task.Resources = []*mesos.Resource{nil}
	for _, tc := range []struct {
		m    proto.Message
		want string
	}{
		{nil, "message: unset: must be set"},
		{(*mesos.TaskInfo)(nil), "message: unset: must be set"},
		{task, "resources[0]: unset: must be set"},
	} {
		if err := mesos.ValidateRequired(tc.m); err == nil || err.Error() != tc.want {
			t.Errorf("%v: %v, want %s", tc.m, err, tc.want)
		}
	}
}
