// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package mesos_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/registry"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/allocator"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/api/v1/maintenance"
	"github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/api/v1/quota"
	"github.com/tepui/tepui/api/v1/scheduler"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt from the descriptors")

// Names and numbers are a promise to every client and every file on disk: they
// are written down in testdata/wire.txt, and what is there stays.
func TestWire(t *testing.T) {
	got := wireOf(
		mesos.File_api_v1_mesos_proto,
		scheduler.File_api_v1_scheduler_scheduler_proto,
		executor.File_api_v1_executor_executor_proto,
		allocator.File_api_v1_allocator_allocator_proto,
		maintenance.File_api_v1_maintenance_maintenance_proto,
		quota.File_api_v1_quota_quota_proto,
		master.File_api_v1_master_master_proto,
	)
	promised(t, "testdata/wire.txt", got)
	messages, fields, values := 0, 0, 0
	for _, line := range got {
		_, number, found := strings.Cut(line, "=")
		switch {
		case !found:
			messages++
		case strings.Contains(number, ":"):
			fields++
		default:
			values++
		}
	}
	// The data model and the APIs of Mesos v1 for schedulers, executors and
	// operators of masters have:
	if messages != 292 || fields != 1041 || values != 363 {
		t.Errorf("%d messages, %d fields, %d enum values, want 292, 1041, 363", messages, fields, values)
	}
}

// The same for what Mesos does not have: the link between masters and agents, and
// what a master remembers.
func TestOurOwnWire(t *testing.T) {
	promised(t, "testdata/ours.txt", wireOf(
		link.File_api_link_agent_proto,
		link.File_api_link_door_proto,
		registry.File_api_registry_registry_proto,
	))
}

// wireOf describes all messages and enums of the files, in order of names.
func wireOf(files ...protoreflect.FileDescriptor) []string {
	var got []string
	for _, file := range files {
		got = append(got, messageLines(file.Messages())...)
		got = append(got, enumLines(file.Enums())...)
	}
	slices.Sort(got)
	return got
}

// promised compares the wire with the one that is written down.
func promised(t *testing.T, golden string, got []string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the wire changed (-promised +now); -rewrite only if nothing promised is lost:\n%s", diff)
	}
}

// messageLines describes messages, their fields and those inside them, a line
// each: the full name; for a field =number:type:label, then default and oneof
// if there are any.
func messageLines(messages protoreflect.MessageDescriptors) []string {
	var out []string
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.IsMapEntry() {
			continue
		}
		out = append(out, string(m.FullName()))
		for j := range m.Fields().Len() {
			out = append(out, fieldLine(m.Fields().Get(j)))
		}
		out = append(out, messageLines(m.Messages())...)
		out = append(out, enumLines(m.Enums())...)
	}
	return out
}

func fieldLine(f protoreflect.FieldDescriptor) string {
	line := fmt.Sprintf("%s=%d:%s:%s", f.FullName(), f.Number(), typeName(f), label(f))
	switch {
	case f.HasDefault() && f.Enum() != nil:
		line += fmt.Sprintf(":default=%s", f.DefaultEnumValue().Name())
	case f.HasDefault():
		line += fmt.Sprintf(":default=%v", f.Default())
	}
	if o := f.ContainingOneof(); o != nil {
		line += ":oneof=" + string(o.Name())
	}
	if f.Options().(*descriptorpb.FieldOptions).GetDeprecated() {
		line += ":deprecated"
	}
	return line
}

// typeName returns the type as a .proto file names it, in full.
func typeName(f protoreflect.FieldDescriptor) string {
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s,%s>", typeName(f.MapKey()), typeName(f.MapValue()))
	case f.Message() != nil:
		return string(f.Message().FullName())
	case f.Enum() != nil:
		return string(f.Enum().FullName())
	}
	return f.Kind().String()
}

func label(f protoreflect.FieldDescriptor) string {
	if f.IsMap() {
		return "map"
	}
	return f.Cardinality().String()
}

// enumLines describes the values of enums, a line each: full name of the enum,
// a dot, name=number.
func enumLines(enums protoreflect.EnumDescriptors) []string {
	var out []string
	for i := range enums.Len() {
		e := enums.Get(i)
		for j := range e.Values().Len() {
			v := e.Values().Get(j)
			out = append(out, fmt.Sprintf("%s.%s=%d", e.FullName(), v.Name(), v.Number()))
		}
	}
	return out
}
