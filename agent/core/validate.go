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

// validate refuses tasks that make no sense, or ask for what this agent cannot
// do: to run them otherwise than asked for would be worse. The error names the
// field and the rule.
func (r *request) validate() error {
	if !r.group {
		return validateTask(r.tasks[0])
	}
	errs := []error{validateExecutor("executor", r.executor)}
	for i, t := range r.tasks {
		errs = append(errs, validateFields(fmt.Sprintf("task_group.tasks[%d]", i), t))
	}
	return errors.Join(errs...)
}

func validateTask(t *mesos.TaskInfo) error {
	e := t.GetExecutor()
	if (e == nil) == (t.GetCommand() == nil) {
		return errors.New("task.executor, task.command: exactly one of them must be set")
	}
	if err := validateFields("task", t); err != nil {
		return err
	}
	if e == nil {
		return errors.Join(validateCommand("task.command", t.GetCommand()), validateCommandTask(t))
	}
	return validateExecutor("task.executor", e)
}

func validateFields(field string, t *mesos.TaskInfo) error {
	return errors.Join(
		unsupported(field, t, "name", "task_id", "agent_id", "resources", "executor", "command", "container",
			"health_check", "check", "kill_policy", "data", "labels", "discovery", "max_completion_time", "limits"),
		validateContainer(field+".container", t.GetContainer()),
	)
}

func validateExecutor(field string, e *mesos.ExecutorInfo) error {
	if e.GetType() == mesos.ExecutorInfo_DEFAULT {
		return errors.New(field + ".type: DEFAULT: this agent has no default executor, use CUSTOM or a command task")
	}
	return errors.Join(
		validateCommand(field+".command", e.GetCommand()),
		validateContainer(field+".container", e.GetContainer()),
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
