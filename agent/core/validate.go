// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"

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
	if c.GetType() == mesos.ContainerInfo_DOCKER || c.GetMesos().GetImage() != nil ||
		len(c.GetVolumes()) > 0 || len(c.GetNetworkInfos()) > 0 {
		return errors.New(field + ": images, volumes and networks are not supported by this agent")
	}
	return nil
}

// validateCommandTask refuses what an executor of the framework's could do for
// its task, but the agent does not do for a command.
func validateCommandTask(t *mesos.TaskInfo) error {
	switch {
	case t.GetHealthCheck() != nil || t.GetCheck() != nil:
		return errors.New("task.health_check, task.check: not supported by this agent for a command task")
	case len(t.GetLimits()) > 0:
		return errors.New("task.limits: not supported by this agent")
	default:
		return nil
	}
}
