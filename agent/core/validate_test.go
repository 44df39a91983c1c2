// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	mesos "github.com/tepui/tepui/api/v1"
)

// TestContainersThatCannotBeMade: every wish about a container is refused by
// its name, of a command task, of an executor and of an executor's task.
func TestContainersThatCannotBeMade(t *testing.T) {
	info := (&mesos.ContainerInfo{}).ProtoReflect().Descriptor()
	for _, f := range fields(info) {
		if f.Name() == "type" || f.Name() == "mesos" {
			continue
		}
		c := &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum()}
		fill(c, f)
		refusesContainer(t, c, ".container."+string(f.Name())+":")
	}
	for _, f := range fields((&mesos.ContainerInfo_MesosInfo{}).ProtoReflect().Descriptor()) {
		c := &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Mesos: &mesos.ContainerInfo_MesosInfo{}}
		fill(c.Mesos, f)
		refusesContainer(t, c, ".container.mesos."+string(f.Name())+":")
	}
	refusesContainer(t, &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()}, ".container.type:")

	r := registered(t)
	plain := command("t1", "cpus:1;mem:64")
	plain.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Mesos: &mesos.ContainerInfo_MesosInfo{}}
	want(t, r.step(run(plain)), "launch c1")
}

func refusesContainer(t *testing.T, c *mesos.ContainerInfo, words string) {
	t.Helper()
	bare, own, shared := command("t1", "cpus:1;mem:64"), custom("t1", "e", "cpus:1;mem:64"), custom("t1", "e", "cpus:1;mem:64")
	bare.Container, own.Executor.Container, shared.Container = c, c, c
	for field, task := range map[string]*mesos.TaskInfo{"task": bare, "task.executor": own, "task ": shared} {
		r := registered(t)
		r.step(run(task))
		s := r.updates["t1"]
		if short(s) != "TASK_ERROR TASK_INVALID" || !strings.Contains(s.GetMessage(), strings.TrimSpace(field)+words) {
			t.Errorf("%v: update %v, want a TASK_ERROR with %q", task, s, words)
		}
	}
}

// TestEveryFieldOfATaskIsUsedOrRefused: a field that comes to the API has to be
// put on one of these lists, with what the agent does about it.
func TestEveryFieldOfATaskIsUsedOrRefused(t *testing.T) {
	for _, c := range []struct {
		message proto.Message
		fields  string
	}{
		{&mesos.TaskInfo{}, "name task_id agent_id resources executor command container health_check check " +
			"kill_policy data labels discovery max_completion_time limits"},
		{&mesos.ExecutorInfo{}, "type executor_id framework_id command container resources name source data " +
			"discovery shutdown_grace_period labels"},
		{&mesos.CommandInfo{}, "uris environment shell value arguments user"},
		{&mesos.CommandInfo_URI{}, "value executable extract cache output_file"},
	} {
		known := map[string]bool{}
		for _, name := range strings.Fields(c.fields) {
			known[name] = true
		}
		has := map[string]bool{}
		d := c.message.ProtoReflect().Descriptor()
		for _, f := range fields(d) {
			has[string(f.Name())] = true
		}
		if diff := cmp.Diff(known, has); diff != "" {
			t.Errorf("fields of %s (-known +has)\n%s", d.FullName(), diff)
		}
	}
}

func fields(d protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	var all []protoreflect.FieldDescriptor
	for i := range d.Fields().Len() {
		all = append(all, d.Fields().Get(i))
	}
	return all
}

// fill sets a field to something.
func fill(m proto.Message, f protoreflect.FieldDescriptor) {
	r := m.ProtoReflect()
	switch {
	case f.IsList():
		r.Mutable(f).List().AppendMutable()
	case f.Message() != nil:
		r.Mutable(f)
	default:
		r.Set(f, protoreflect.ValueOfString("x"))
	}
}
