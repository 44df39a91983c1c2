// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"math"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// edit changes an otherwise valid task.
type edit = func(*mesos.TaskInfo)

func negative() *mesos.DurationInfo { return mesos.NewDuration(-time.Second) }

// custom is a valid task of an executor, changed.
func custom(change func(*mesos.ExecutorInfo)) edit {
	return func(t *mesos.TaskInfo) {
		byExecutor("e", "mem:32")(t)
		change(t.Executor)
	}
}

func commandEdit(change func(*mesos.CommandInfo)) edit {
	return func(t *mesos.TaskInfo) { change(t.Command) }
}

func variable(v *mesos.Environment_Variable) edit {
	return commandEdit(func(c *mesos.CommandInfo) {
		v.Name = new("NAME")
		c.Environment = &mesos.Environment{Variables: []*mesos.Environment_Variable{v}}
	})
}

func container(c *mesos.ContainerInfo) edit {
	return func(t *mesos.TaskInfo) { t.Container = c }
}

func TestEachRuleOfALaunchHasItsOwnMessage(t *testing.T) {
	for name, c := range map[string]struct {
		change edit
		words  []string // field, value, rule
	}{
		"task id empty":           {func(t *mesos.TaskInfo) { t.TaskId.Value = new("") }, []string{".task_id", `""`, "empty"}},
		"task id with a slash":    {func(t *mesos.TaskInfo) { t.TaskId.Value = new("a/b") }, []string{".task_id", `"a/b"`, "/"}},
		"task id in use":          {func(t *mesos.TaskInfo) { t.TaskId.Value = new("running") }, []string{".task_id", `"running"`, "not over", "TASK_STAGING"}},
		"agent of another offer":  {func(t *mesos.TaskInfo) { t.AgentId = &mesos.AgentID{Value: new("m-S7")} }, []string{".agent_id", `"m-S7"`, `"m-S0"`}},
		"too large":               {func(t *mesos.TaskInfo) { t.Data = make([]byte, 1<<20) }, []string{"bytes", "1048576 at most"}},
		"negative kill grace":     {func(t *mesos.TaskInfo) { t.KillPolicy = &mesos.KillPolicy{GracePeriod: negative()} }, []string{".kill_policy.grace_period", "-1s", "negative"}},
		"negative max time":       {func(t *mesos.TaskInfo) { t.MaxCompletionTime = negative() }, []string{".max_completion_time", "-1s", "negative"}},
		"no resources":            {func(t *mesos.TaskInfo) { t.Resources = nil }, []string{".resources", "empty"}},
		"zero resources":          {func(t *mesos.TaskInfo) { t.Resources[0].Scalar.Value = new(0.0) }, []string{".resources", "empty"}},
		"invalid resources":       {func(t *mesos.TaskInfo) { t.Resources[0].Scalar.Value = new(-1.0) }, []string{".resources", "cpus", "-1"}},
		"more than offered":       {func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("cpus:9").Proto() }, []string{".resources", "cpus:9", "left of the offers"}},
		"what is not offered":     {func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("zinc:1").Proto() }, []string{".resources", "zinc"}},
		"part of a gpu":           {func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("gpus:0.5").Proto() }, []string{".resources[0]", "0.5", "whole"}},
		"allocated to another":    {func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("cpus:1").ProtoAllocated("b") }, []string{".resources[0].allocation_info.role", `"b"`, `"*"`}},
		"limits":                  {func(t *mesos.TaskInfo) { t.Limits = map[string]*mesos.Value_Scalar{"cpus": {Value: new(2.0)}} }, []string{".limits", "TASK_RESOURCE_LIMITS"}},
		"neither runner":          {func(t *mesos.TaskInfo) { t.Command = nil }, []string{"executor and command", "neither"}},
		"both runners":            {func(t *mesos.TaskInfo) { c := t.Command; byExecutor("e", "mem:32")(t); t.Command = c }, []string{"executor and command", "both"}},
		"id of an executor":       {func(t *mesos.TaskInfo) { t.TaskId.Value = new("present") }, []string{".task_id", `"present"`, "id of an executor"}},
		"nothing for the shell":   {commandEdit(func(c *mesos.CommandInfo) { c.Value = nil }), []string{".command.value", "empty"}},
		"nothing to run":          {commandEdit(func(c *mesos.CommandInfo) { c.Value, c.Shell = new(""), new(false) }), []string{".command.value", "empty"}},
		"check of a command":      {func(t *mesos.TaskInfo) { t.Check = tcpCheck(nil) }, []string{".check", "command task"}},
		"docker image":            {container(&mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum(), Docker: &mesos.ContainerInfo_DockerInfo{Image: new("busybox")}}), []string{".container", "image"}},
		"volume":                  {container(volume(&mesos.Volume{HostPath: new("/a")})), []string{".container", "volumes"}},
		"network":                 {container(&mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), NetworkInfos: []*mesos.NetworkInfo{{}}}), []string{".container", "networks"}},
		"empty uri":               {commandEdit(func(c *mesos.CommandInfo) { c.Uris = []*mesos.CommandInfo_URI{{Value: new("")}} }), []string{".command.uris[0].value", "empty"}},
		"variable without value":  {variable(&mesos.Environment_Variable{}), []string{".command.environment.variables[0]", `"NAME"`, "must have a value"}},
		"value with a secret":     {variable(&mesos.Environment_Variable{Value: new("v"), Secret: &mesos.Secret{}}), []string{"variables[0]", "no secret"}},
		"secret without secret":   {variable(&mesos.Environment_Variable{Type: mesos.Environment_Variable_SECRET.Enum()}), []string{"variables[0]", "must have a secret"}},
		"variable of no type":     {variable(&mesos.Environment_Variable{Type: mesos.Environment_Variable_UNKNOWN.Enum()}), []string{"variables[0]", "UNKNOWN", "VALUE or SECRET"}},
		"docker without docker":   {container(&mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum()}), []string{".container.docker", "must be set"}},
		"docker parameter name":   {container(dockerNamed()), []string{".container.docker.parameters", `"name"`}},
		"volume from two sources": {container(volume(&mesos.Volume{HostPath: new("/a"), Image: &mesos.Image{Type: mesos.Image_DOCKER.Enum()}})), []string{".container.volumes[0]", "exactly one", "has 2"}},
		"volume from nowhere":     {container(volume(&mesos.Volume{})), []string{".container.volumes[0]", "has 0"}},

		"executor id invalid":          {custom(func(e *mesos.ExecutorInfo) { e.ExecutorId.Value = new("..") }), []string{".executor.executor_id", `".."`}},
		"executor of another":          {custom(func(e *mesos.ExecutorInfo) { e.FrameworkId = &mesos.FrameworkID{Value: new("f")} }), []string{".executor.framework_id", `"f"`, `"m-0000"`}},
		"executor of type DEFAULT":     {custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_DEFAULT.Enum() }), []string{".executor.type", "DEFAULT", "CUSTOM"}},
		"executor of type UNKNOWN":     {custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_UNKNOWN.Enum() }), []string{".executor.type", "UNKNOWN"}},
		"executor without command":     {custom(func(e *mesos.ExecutorInfo) { e.Command = nil }), []string{".executor.command", "must be set"}},
		"executor without a value":     {custom(func(e *mesos.ExecutorInfo) { e.Command.Value = nil }), []string{".executor.command.value", "empty"}},
		"executor with negative grace": {custom(func(e *mesos.ExecutorInfo) { e.ShutdownGracePeriod = negative() }), []string{".executor.shutdown_grace_period", "-1s"}},
		"executor with a command's id": {custom(func(e *mesos.ExecutorInfo) { e.ExecutorId.Value = new("running") }), []string{".executor.executor_id", `"running"`, "command task"}},
		"executor that differs":        {custom(func(e *mesos.ExecutorInfo) { e.ExecutorId.Value = new("present") }), []string{".executor", `"present"`, "identical"}},
		"executor's uri empty":         {custom(func(e *mesos.ExecutorInfo) { e.Command.Uris = []*mesos.CommandInfo_URI{{Value: new("")}} }), []string{".executor.command.uris[0]"}},
		"executor's container":         {custom(func(e *mesos.ExecutorInfo) { e.Container = volume(&mesos.Volume{}) }), []string{".executor.container.volumes[0]"}},
		"executor's resources invalid": {custom(func(e *mesos.ExecutorInfo) { e.Resources[0].Scalar.Value = new(math.NaN()) }), []string{".executor.resources", "mem"}},
		"executor does not fit":        {custom(func(e *mesos.ExecutorInfo) { e.Resources = resource.MustParse("mem:9999").Proto() }), []string{".resources", "its executor", "mem:9999"}},

		"check of no type":       {func(t *mesos.TaskInfo) { t.Check = &mesos.CheckInfo{} }, []string{".check.type", "UNKNOWN"}},
		"check without its kind": {func(t *mesos.TaskInfo) { t.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_HTTP.Enum()} }, []string{".check", "HTTP"}},
		"check of two kinds": {func(t *mesos.TaskInfo) {
			t.Check = tcpCheck(nil)
			t.Check.Http = &mesos.CheckInfo_Http{Port: new(uint32(80))}
		}, []string{".check", "has 2"}},
		"check with negative gap": {func(t *mesos.TaskInfo) { t.Check = tcpCheck(new(-1.0)) }, []string{".check.interval_seconds", "-1"}},
		"check's command":         {func(t *mesos.TaskInfo) { t.Check = commandCheck() }, []string{".check.command.command.uris[0]"}},
		"health check of no type": {func(t *mesos.TaskInfo) { t.HealthCheck = &mesos.HealthCheck{} }, []string{".health_check.type", "UNKNOWN"}},
		"health check without its kind": {
			func(t *mesos.TaskInfo) { t.HealthCheck = &mesos.HealthCheck{Type: mesos.HealthCheck_COMMAND.Enum()} },
			[]string{".health_check", "COMMAND"},
		},
		"health check with a timeout that is no number": {
			func(t *mesos.TaskInfo) {
				t.HealthCheck = &mesos.HealthCheck{
					Type: mesos.HealthCheck_TCP.Enum(), Tcp: &mesos.HealthCheck_TCPCheckInfo{Port: new(uint32(1))},
					TimeoutSeconds: new(math.NaN()),
				}
			},
			[]string{".health_check.timeout_seconds", "NaN"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("cpus:4;mem:1000;gpus:1")
			s := w.subscribe()
			o := s.offer()
			bad := commandTask("bad", o, "cpus:1", c.change)
			s.accept([]*mesos.Offer{o}, refuse(0), launch(
				commandTask("running", o, "cpus:1"),
				commandTask("served", o, "cpus:1", byExecutor("present", "mem:64")),
				bad,
				commandTask("good", o, "cpus:1"),
			))
			got := s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID)
			if got.GetTaskId().GetValue() != bad.GetTaskId().GetValue() {
				t.Errorf("update is of task %q, want %q", got.GetTaskId(), bad.GetTaskId())
			}
			for _, word := range append(c.words, "accept.operations[0].launch.task_infos[2]") {
				if !strings.Contains(got.GetMessage(), word) {
					t.Errorf("message %q does not say %q", got.GetMessage(), word)
				}
			}
			for _, want := range []string{"running", "served", "good"} {
				if id := n.next().GetRun().GetTask().GetTaskId().GetValue(); id != want {
					t.Errorf("agent runs %q, want %q: one task's fault is no other's", id, want)
				}
			}
			n.quiet()
			w.pass(time.Second)
			has(t, s.offer(), "cpus:1;mem:936;gpus:1") // the refused task left nothing behind
		})
	}
}

func dockerNamed() *mesos.ContainerInfo {
	return &mesos.ContainerInfo{Type: mesos.ContainerInfo_DOCKER.Enum(), Docker: &mesos.ContainerInfo_DockerInfo{
		Image: new("busybox"), Parameters: []*mesos.Parameter{{Key: new("name"), Value: new("x")}},
	}}
}

func volume(v *mesos.Volume) *mesos.ContainerInfo {
	v.Mode, v.ContainerPath = mesos.Volume_RW.Enum(), new("/data")
	return &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Volumes: []*mesos.Volume{v}}
}

func tcpCheck(interval *float64) *mesos.CheckInfo {
	return &mesos.CheckInfo{
		Type: mesos.CheckInfo_TCP.Enum(), Tcp: &mesos.CheckInfo_Tcp{Port: new(uint32(1))},
		IntervalSeconds: interval,
	}
}

func commandCheck() *mesos.CheckInfo {
	return &mesos.CheckInfo{Type: mesos.CheckInfo_COMMAND.Enum(), Command: &mesos.CheckInfo_Command{
		Command: &mesos.CommandInfo{Uris: []*mesos.CommandInfo_URI{{Value: new("")}}},
	}}
}

func TestValidTasksOfEveryKindAreLaunched(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:9;mem:1000;gpus:2;ports:[1-9]")
	s := w.subscribe()
	o := s.offer()
	tasks := []*mesos.TaskInfo{
		commandTask("ports", o, "ports:[3-4]"),
		commandTask("gpus", o, "gpus:2"),
		commandTask("allocated", o, "cpus:1", func(t *mesos.TaskInfo) { t.Resources = resource.MustParse("cpus:1").ProtoAllocated("*") }),
		commandTask("checked", o, "cpus:1", custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_CUSTOM.Enum() }), func(t *mesos.TaskInfo) { t.Check = tcpCheck(nil) }),
		commandTask("variable", o, "cpus:1", variable(&mesos.Environment_Variable{Value: new("")})),
		commandTask("arguments", o, "cpus:1", commandEdit(func(c *mesos.CommandInfo) { c.Value, c.Shell, c.Arguments = nil, new(false), []string{"true"} })),
		commandTask("container", o, "cpus:1", container(&mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum()})),
		commandTask("custom", o, "cpus:1", custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_CUSTOM.Enum() })),
		commandTask("same executor", o, "cpus:1", custom(func(e *mesos.ExecutorInfo) { e.Type = mesos.ExecutorInfo_CUSTOM.Enum(); e.FrameworkId = s.id })),
		commandTask("all that is left", o, "cpus:2;mem:968;ports:[1-2,5-9]"),
	}
	s.accept([]*mesos.Offer{o}, nil, launch(tasks...))
	s.quiet()
	for _, task := range tasks {
		if got := n.next().GetRun().GetTask().GetTaskId().GetValue(); got != task.GetTaskId().GetValue() {
			t.Errorf("agent runs %q, want %q", got, task.GetTaskId().GetValue())
		}
	}
}

func TestATaskIDMayBeUsedAgainOnceItsEndIsAcknowledged(t *testing.T) {
	w := newWorld(t)
	n := w.node("cpus:1;mem:100")
	s := w.subscribe()
	launched(t, s, n, "t", "cpus:1;mem:100")
	n.update(s, "t", mesos.TaskState_TASK_FINISHED, uuid('x'))
	end := s.status(mesos.TaskState_TASK_FINISHED, 0)
	o := s.offer()
	s.accept([]*mesos.Offer{o}, refuse(0), launch(commandTask("t", o, "cpus:1;mem:100")))
	s.status(mesos.TaskState_TASK_ERROR, mesos.TaskStatus_REASON_TASK_INVALID)
	s.acknowledge(end)
	n.next()
	w.pass(time.Second)
	launched(t, s, n, "t", "cpus:1;mem:100")
}
