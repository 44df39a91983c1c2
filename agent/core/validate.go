// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	mesos "github.com/tepui/tepui/api/v1"
)

// validate refuses a task that makes no sense, or asks for what this agent
// cannot do: to run it otherwise than asked for would be worse. The error names
// the field and the rule.
func validate(t *mesos.TaskInfo) error {
	e := t.GetExecutor()
	if (e == nil) == (t.GetCommand() == nil) {
		return errors.New("task.executor, task.command: exactly one of them must be set")
	}
	if err := unsupported("task", t, "name", "task_id", "agent_id", "resources", "executor", "command", "container",
		"health_check", "check", "kill_policy", "data", "labels", "discovery", "max_completion_time"); err != nil {
		return err
	}
	if e == nil {
		return errors.Join(
			validateCommand("task.command", t.GetCommand()),
			validateContainer("task.container", t.GetContainer()),
			validateCommandTask(t),
		)
	}
	if e.GetType() == mesos.ExecutorInfo_DEFAULT {
		return errors.New("task.executor.type: DEFAULT is not supported by this agent, use CUSTOM or a command task")
	}
	return errors.Join(
		validateCommand("task.executor.command", e.GetCommand()),
		validateContainer("task.executor.container", e.GetContainer()),
		validateContainer("task.container", t.GetContainer()),
	)
}

func validateCommand(field string, c *mesos.CommandInfo) error {
	switch {
	case c == nil:
		return errors.New(field + ": must be set")
	case c.GetShell() && c.GetValue() == "":
		return errors.New(field + ".value: must be set when shell is true")
	case !c.GetShell() && c.GetValue() == "" && len(c.GetArguments()) == 0:
		return errors.New(field + ".value: must be set")
	default:
		return nil
	}
}

func validateContainer(field string, c *mesos.ContainerInfo) error {
	if c == nil {
		return nil
	}
	if c.GetType() != mesos.ContainerInfo_MESOS {
		return fmt.Errorf("%s.type: %v is not supported by this agent, use MESOS", field, c.GetType())
	}
	return errors.Join(
		unsupported(field, c, "type", "mesos"),
		unsupported(field+".mesos", c.GetMesos()),
	)
}

// unsupported refuses every field of a message that is set, but for those that
// are known here: what is added to the API later is refused until it is.
func unsupported(field string, m proto.Message, known ...protoreflect.Name) error {
	var errs []error
	m.ProtoReflect().Range(func(d protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !slices.Contains(known, d.Name()) {
			errs = append(errs, fmt.Errorf("%s.%s: not supported by this agent", field, d.Name()))
		}
		return true
	})
	return errors.Join(errs...)
}

// validateCommandTask refuses what an executor of the framework's could do for
// its task, but the agent does not do for a command.
func validateCommandTask(t *mesos.TaskInfo) error {
	if t.GetHealthCheck() != nil || t.GetCheck() != nil {
		return errors.New("task.health_check, task.check: not supported by this agent for a command task")
	}
	return nil
}
