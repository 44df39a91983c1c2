// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// message reads one Resource in the text form of protobuf; required fields
// may be missing.
func message(t *testing.T, text string) *mesos.Resource {
	t.Helper()
	m := new(mesos.Resource)
	if err := (prototext.UnmarshalOptions{AllowPartial: true}).Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFromProto(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", `name: "cpus" type: SCALAR scalar { value: 1.5 }`, "cpus:1.5"},
		{"rounded", `name: "cpus" type: SCALAR scalar { value: 0.30000000000000004 }`, "cpus:0.3"},
		{"default role", `name: "cpus" type: SCALAR scalar { value: 1 } role: "*"`, "cpus:1"},
		{"old static", `name: "cpus" type: SCALAR scalar { value: 1 } role: "ops"`, "cpus(ops):1"},
		{
			"old dynamic", `name: "cpus" type: SCALAR scalar { value: 1 } role: "ops" reservation { principal: "p" }`,
			`cpus{"reservations":[{"principal":"p","role":"ops","type":"DYNAMIC"}]}:1`,
		},
		{"new static", `name: "cpus" type: SCALAR scalar { value: 1 } reservations { type: STATIC role: "ops" }`, "cpus(ops):1"},
		{"both forms", `name: "cpus" type: SCALAR scalar { value: 1 } role: "ops" reservations { type: STATIC role: "ops" }`, "cpus(ops):1"},
		{
			"both dynamic forms",
			`name: "cpus" type: SCALAR scalar { value: 1 } role: "ops" reservation { labels { labels { key: "b" } labels { key: "a" } } }
			reservations { type: DYNAMIC role: "ops" labels { labels { key: "a" } labels { key: "b" } } }`,
			`cpus{"reservations":[{"type":"DYNAMIC","role":"ops","labels":{"labels":[{"key":"a"},{"key":"b"}]}}]}:1`,
		},
		{"explicit default beside the new form", `name: "cpus" type: SCALAR scalar { value: 1 } role: "*" reservations { type: STATIC role: "ops" }`, "cpus(ops):1"},
		{"allocated", `name: "cpus" type: SCALAR scalar { value: 1 } allocation_info { role: "ops" }`, "cpus:1"},
		{"empty ranges", `name: "ports" type: RANGES ranges { }`, ""},
		{"a value too many", `name: "cpus" type: SCALAR scalar { value: 1 } set { item: "x" }`, "cpus:1"},
	} {
		got, err := resource.FromProto([]*mesos.Resource{message(t, tc.in)})
		if want := parse(tc.want); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", tc.name, got, err, want)
		}
	}
}

func TestFromProtoRefuses(t *testing.T) {
	const cpus = `name: "cpus" type: SCALAR scalar { value: 1 } `
	for _, tc := range []struct{ in, want string }{
		{``, `resources[0]: name unset: must be set`},
		{`name: "cpus"`, `resources[0] cpus: type unset: must be set`},
		{`name: "" type: SCALAR scalar { value: 1 }`, `resources[0] name: "": must not be empty`},
		{`name: "a:b" type: SCALAR scalar { value: 1 }`, `resources[0] name: "a:b": must not contain any of :;,()[]{}"`},
		{`name: "a\xff" type: SCALAR scalar { value: 1 }`, `resources[0] name: "a\xff": must be UTF-8`},
		{`name: "x" type: TEXT`, `resources[0] x: type TEXT: must be SCALAR, RANGES or SET`},
		{`name: "cpus" type: SET set { item: "a" }`, `resources[0] cpus: type SET: must be SCALAR`},
		{`name: "cpus" type: SCALAR`, `resources[0] cpus: scalar unset: must be set for type SCALAR`},
		{`name: "cpus" type: SCALAR scalar { }`, `resources[0] cpus: scalar.value unset: must be set`},
		{`name: "cpus" type: SCALAR scalar { value: nan }`, `resources[0] cpus: NaN: must be a number from 0 to 1000000000000`},
		{`name: "ports" type: RANGES`, `resources[0] ports: ranges unset: must be set for type RANGES`},
		{`name: "ports" type: RANGES ranges { range { begin: 1 } }`, `resources[0] ports: ranges.range[0].end unset: must be set`},
		{`name: "ports" type: RANGES ranges { range { begin: 2 end: 1 } }`, `resources[0] ports: 2-1: must not begin after its end`},
		{`name: "z" type: SET`, `resources[0] z: set unset: must be set for type SET`},
		{`name: "z" type: SET set { item: "\xff" }`, `resources[0] z: "\xff": must be UTF-8`},
		{`name: "z" type: SET set { item: "a" item: "a" }`, `z: {a}: must not be there twice`},
		{cpus + `role: ""`, `resources[0] cpus: reservation.role "": must not be empty`},
		{cpus + `role: "-a"`, `resources[0] cpus: reservation.role "-a": must not have a part that begins with "-"`},
		{cpus + `reservation { }`, `resources[0] cpus: role "*": must be a role that something can be reserved for if reservation is set`},
		{cpus + `role: "a" reservation { type: STATIC }`, `resources[0] cpus: reservation.type STATIC: must be unset or DYNAMIC`},
		{cpus + `role: "a" reservation { role: "b" }`, `resources[0] cpus: reservation.role "b": must be unset or equal role, which is "a"`},
		{cpus + `reservations { role: "a" }`, `resources[0] cpus: reservations[0].type UNKNOWN: must be STATIC or DYNAMIC`},
		{cpus + `reservations { type: STATIC role: "*" }`, `resources[0] cpus: reservations[0].role "*": must be a role that something can be reserved for`},
		{cpus + `reservations { type: STATIC role: "a" labels { labels { } } }`, `resources[0] cpus: reservations[0].labels.labels[0].key unset: must be set`},
		{cpus + `reservations { type: STATIC role: "a" } reservations { type: STATIC role: "a/b" }`, `resources[0] cpus: reservations[1].type STATIC: must be DYNAMIC: only the first may be STATIC`},
		{cpus + `reservations { type: STATIC role: "a" } reservations { type: DYNAMIC role: "ab" }`, `resources[0] cpus: reservations[1].role "ab": must be below the role that it refines, which is "a"`},
		{cpus + `role: "b" reservations { type: STATIC role: "a" }`, `resources[0] cpus: role "b": must be unset or, with reservation, say the same as reservations`},
		{cpus + `provider_id { value: "a/b" }`, `resources[0] cpus: provider_id "a/b": must not contain "/" or "\"`},
		{cpus + `shared { }`, `resources[0] cpus: shared set: must only be set for a persistent volume`},
		{cpus + `disk { source { type: PATH } }`, `resources[0] cpus: disk set: must only be set for the resource disk`},
	} {
		got, err := resource.FromProto([]*mesos.Resource{message(t, tc.in)})
		var invalid *resource.InvalidError
		if !errors.As(err, &invalid) || err.Error() != "resource: "+tc.want || !got.IsEmpty() {
			t.Errorf("%s\n got %v, %v\nwant error resource: %s", tc.in, got, err, tc.want)
		}
	}
}

// Messages that no decoder makes, but a caller in Go can.
func TestFromProtoOddMessages(t *testing.T) {
	cpus := func(change func(*mesos.Resource)) *mesos.Resource {
		m := message(t, `name: "cpus" type: SCALAR scalar { value: 1 }`)
		change(m)
		return m
	}
	for _, m := range []*mesos.Resource{
		nil,
		cpus(func(m *mesos.Resource) { m.Reservations = []*mesos.Resource_ReservationInfo{nil} }),
		cpus(func(m *mesos.Resource) { m.Type = mesos.Value_Type(99).Enum() }),
		cpus(func(m *mesos.Resource) { m.ProviderId = &mesos.ResourceProviderID{} }),
		cpus(func(m *mesos.Resource) { m.Scalar.Value = proto.Float64(math.Inf(1)) }),
		message(t, `name: "disk" type: SCALAR scalar { value: 1 } disk { persistence { id: "v" principal: "\xff" } }`),
	} {
		var invalid *resource.InvalidError
		if _, err := resource.FromProto([]*mesos.Resource{m}); !errors.As(err, &invalid) {
			t.Errorf("%v: %v, want an InvalidError", m, err)
		}
	}
}

func TestProto(t *testing.T) {
	r := parse(`cpus:1.5;mem(ops):2;ports:[1-2,4-4];zones:{a};disk{"disk":{"persistence":{"id":"v"}},"shared":{}}:7`)
	want := []*mesos.Resource{
		message(t, `name: "cpus" type: SCALAR scalar { value: 1.5 }`),
		message(t, `name: "disk" type: SCALAR scalar { value: 7 } disk { persistence { id: "v" } } shared { }`),
		message(t, `name: "mem" type: SCALAR scalar { value: 2 } reservations { type: STATIC role: "ops" }`),
		message(t, `name: "ports" type: RANGES ranges { range { begin: 1 end: 2 } range { begin: 4 end: 4 } }`),
		message(t, `name: "zones" type: SET set { item: "a" }`),
	}
	if diff := cmp.Diff(want, r.Proto(), protocmp.Transform()); diff != "" {
		t.Errorf("Proto (-want +got):\n%s", diff)
	}
	for _, m := range want {
		m.AllocationInfo = &mesos.Resource_AllocationInfo{Role: proto.String("eng")}
	}
	if diff := cmp.Diff(want, r.ProtoAllocated("eng"), protocmp.Transform()); diff != "" {
		t.Errorf("ProtoAllocated (-want +got):\n%s", diff)
	}
	if got := (resource.Resources{}).Proto(); len(got) != 0 {
		t.Errorf("nothing is %v", got)
	}
}

func TestProtoOld(t *testing.T) {
	r := parse(`cpus:1;cpus(ops):2;mem{"reservations":[{"type":"DYNAMIC","role":"ops","principal":"p"}]}:3;` +
		`gpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}:4`)
	want := []*mesos.Resource{
		message(t, `name: "cpus" type: SCALAR scalar { value: 1 } role: "*"`),
		message(t, `name: "cpus" type: SCALAR scalar { value: 2 } role: "ops"`),
		message(t, `name: "mem" type: SCALAR scalar { value: 3 } role: "ops" reservation { principal: "p" }`),
	}
	if diff := cmp.Diff(want, r.ProtoOld(""), protocmp.Transform()); diff != "" {
		t.Errorf("ProtoOld (-want +got):\n%s", diff)
	}
}

// Fields that this version does not know are dropped: they cannot be part of
// an identity, and must not come back from the first of several messages.
func TestUnknownFieldsAreDropped(t *testing.T) {
	unknown := []byte{0x98, 0x75, 0x01} // field 1875, varint 1
	odd := message(t, `name: "disk" type: SCALAR scalar { value: 1 } disk { source { type: PATH } }`)
	odd.Disk.ProtoReflect().SetUnknown(unknown)
	odd.Disk.Source.ProtoReflect().SetUnknown(unknown)
	odd.ProtoReflect().SetUnknown(unknown)
	known := message(t, `name: "disk" type: SCALAR scalar { value: 1 } disk { source { type: PATH } }`)
	r, err := resource.FromProto([]*mesos.Resource{odd})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*mesos.Resource{known}, r.Proto(), protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever bytes a peer sends: no panic, and what is accepted is canonical.
func FuzzFromProto(f *testing.F) {
	for _, seed := range []string{
		"cpus:4;mem:8192;ports:[31000-32000];disk(role):100;zones:{a,b}",
		`disk{"disk":{"persistence":{"id":"v"},"volume":{"mode":"RW","container_path":"d"}},"shared":{}}:100`,
		`cpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b","labels":{"labels":[{"key":"k"}]}}],"revocable":{}}:1.5`,
	} {
		b, err := proto.Marshal(&mesos.TaskResourceLimitation{Resources: parse(seed).Proto()})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var list mesos.TaskResourceLimitation // any message with a list of resources
		if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(b, &list); err != nil {
			return
		}
		r, err := resource.FromProto(list.Resources)
		if err != nil {
			return
		}
		back, err := resource.FromProto(r.Proto())
		if err != nil || !back.Equal(r) {
			t.Fatalf("%v, over the wire %v, %v", r, back, err)
		}
		back, err = resource.Parse(r.String())
		if err != nil || !back.Equal(r) {
			t.Fatalf("%v, as text %v, %v", r, back, err)
		}
		if left, err := r.Subtract(back); err != nil || !left.IsEmpty() {
			t.Fatalf("%v - itself = %v, %v", r, left, err)
		}
	})
}
