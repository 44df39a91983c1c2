// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// Quantities are resources as a task or an executor asks for them: cpus, and
// memory in MB.
func Quantities(cpus, mem float64) []*mesos.Resource {
	return []*mesos.Resource{scalar("cpus", cpus), scalar("mem", mem)}
}

func scalar(name string, v float64) *mesos.Resource {
	return &mesos.Resource{
		Name:   proto.String(name),
		Type:   mesos.Value_SCALAR.Enum(),
		Scalar: &mesos.Value_Scalar{Value: proto.Float64(v)},
	}
}

// Task is a task with resources and, so far, nothing to do.
func Task(id string, cpus, mem float64) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name:      proto.String(id),
		TaskId:    &mesos.TaskID{Value: proto.String(id)},
		Resources: Quantities(cpus, mem),
	}
}

// Command is a task that runs a shell command.
func Command(id, command string, cpus, mem float64) *mesos.TaskInfo {
	t := Task(id, cpus, mem)
	t.Command = &mesos.CommandInfo{Value: proto.String(command)}
	return t
}

// Program is a command that executes argv without a shell.
func Program(argv ...string) *mesos.CommandInfo {
	return &mesos.CommandInfo{Shell: proto.Bool(false), Value: proto.String(argv[0]), Arguments: argv}
}

// Executor is a custom executor that runs command.
func Executor(id string, command *mesos.CommandInfo, cpus, mem float64) *mesos.ExecutorInfo {
	return &mesos.ExecutorInfo{
		Type:       mesos.ExecutorInfo_CUSTOM.Enum(),
		ExecutorId: &mesos.ExecutorID{Value: proto.String(id)},
		Resources:  Quantities(cpus, mem),
		Command:    command,
	}
}

// In is a task for a custom executor.
func In(e *mesos.ExecutorInfo, id string, cpus, mem float64) *mesos.TaskInfo {
	t := Task(id, cpus, mem)
	t.Executor = e
	return t
}
