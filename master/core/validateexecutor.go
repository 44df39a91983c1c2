// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/protobuf/proto"
)

// checkExecutor checks the executor of a task. One that runs on the agent
// already must be the same in everything.
func (l *launch) checkExecutor(field string, info *mesos.ExecutorInfo, o *order) error {
	id := ExecutorID(info.GetExecutorId().GetValue())
	if err := mesos.ValidateID(field+".executor_id", string(id)); err != nil {
		return err
	}
	if info.FrameworkId != nil && FrameworkID(info.GetFrameworkId().GetValue()) != l.framework.id {
		return fmt.Errorf("%s.framework_id %q: must be %q or unset", field, info.GetFrameworkId().GetValue(), l.framework.id)
	}
	if info.Type != nil && info.GetType() != mesos.ExecutorInfo_CUSTOM {
		return fmt.Errorf("%s.type %v: must be CUSTOM or unset, this master version has no other", field, info.GetType())
	}
	if info.GetCommand() == nil {
		return fmt.Errorf("%s.command: must be set for a custom executor", field)
	}
	if d := mesos.Duration(info.GetShutdownGracePeriod()); d < 0 {
		return fmt.Errorf("%s.shutdown_grace_period %v: must not be negative", field, d)
	}
	if t := l.agent.tasks[taskKey{l.framework.id, TaskID(id)}]; t != nil && t.executor == "" {
		return fmt.Errorf("%s.executor_id %q: must not be the id of a command task of this framework on agent %s", field, id, l.agent.id)
	}
	if err := checkRunnable(field+".command", info.GetCommand()); err != nil {
		return err
	}
	if err := checkContainer(field+".container", info.GetContainer()); err != nil {
		return err
	}
	if shares(info.GetContainer()) != nil {
		return fmt.Errorf("%s.container.linux_info.share_cgroups %v: must be unset: there is no container around an executor's",
			field, *shares(info.GetContainer()))
	}
	return l.findExecutor(field, info, o)
}

// shares returns whether a container says to share its parent's cgroups; nil if it
// says nothing.
func shares(ci *mesos.ContainerInfo) *bool {
	if ci.GetLinuxInfo() == nil {
		return nil
	}
	return ci.GetLinuxInfo().ShareCgroups
}

// findExecutor sets the executor of the order: the one that is there, or a new
// one.
func (l *launch) findExecutor(field string, info *mesos.ExecutorInfo, o *order) error {
	res, err := l.checkResources(field+".resources", info.GetResources())
	if err != nil {
		return err
	}
	l.complete(o.task, info) // so that it compares equal to what was completed before
	id := ExecutorID(info.GetExecutorId().GetValue())
	if e := l.agent.executors[executorKey{l.framework.id, id}]; e != nil {
		if !sameExecutor(e.info, info) {
			return fmt.Errorf("%s: must be identical to the ExecutorInfo of executor %q, which runs on agent %s", field, id, l.agent.id)
		}
		o.executor = e
		return nil
	}
	o.fresh = true
	o.executor = &executor{
		id: id, framework: l.framework, agent: l.agent, info: info, role: l.role, resources: res,
	}
	return nil
}

// sameExecutor tells whether two descriptions of an executor are identical.
func sameExecutor(a, b *mesos.ExecutorInfo) bool {
	return a == b || proto.Equal(a, b)
}

// checkRunnable checks a command that an agent is to run: that there is something
// to run as well.
func checkRunnable(field string, cmd *mesos.CommandInfo) error {
	if cmd.GetValue() == "" && (cmd.GetShell() || len(cmd.GetArguments()) == 0) {
		return fmt.Errorf("%s.value: must not be empty, there is nothing to run", field)
	}
	return checkCommand(field, cmd)
}

// checkCommand checks the environment and the URIs of a command.
func checkCommand(field string, cmd *mesos.CommandInfo) error {
	for i, v := range cmd.GetEnvironment().GetVariables() {
		if err := checkVariable(fmt.Sprintf("%s.environment.variables[%d]", field, i), v); err != nil {
			return err
		}
	}
	for i, uri := range cmd.GetUris() {
		if uri.GetValue() == "" {
			return fmt.Errorf("%s.uris[%d].value: must not be empty", field, i)
		}
	}
	return nil
}

func checkVariable(field string, v *mesos.Environment_Variable) error {
	switch v.GetType() {
	case mesos.Environment_Variable_VALUE:
		if v.Value == nil || v.Secret != nil {
			return fmt.Errorf("%s (%q): type VALUE must have a value and no secret", field, v.GetName())
		}
	case mesos.Environment_Variable_SECRET:
		if v.Value != nil || v.Secret == nil {
			return fmt.Errorf("%s (%q): type SECRET must have a secret and no value", field, v.GetName())
		}
	default:
		return fmt.Errorf("%s (%q): type %v: must be VALUE or SECRET", field, v.GetName(), v.GetType())
	}
	return nil
}

// checkContainer checks the form of a container, and that it asks for nothing
// that agents of this version do not have.
func checkContainer(field string, ci *mesos.ContainerInfo) error {
	if ci == nil {
		return nil
	}
	if ci.GetType() == mesos.ContainerInfo_DOCKER {
		if ci.Docker == nil {
			return fmt.Errorf("%s.docker: must be set for type DOCKER", field)
		}
		for _, p := range ci.GetDocker().GetParameters() {
			if p.GetKey() == "name" {
				return fmt.Errorf("%s.docker.parameters: must not have %q, the agent names the container", field, p.GetKey())
			}
		}
	}
	for i, v := range ci.GetVolumes() {
		if n := count(v.HostPath != nil, v.Image != nil, v.Source != nil); n != 1 {
			return fmt.Errorf("%s.volumes[%d]: must have exactly one of host_path, image and source, has %d", field, i, n)
		}
	}
	if ci.GetType() == mesos.ContainerInfo_DOCKER || ci.GetMesos().GetImage() != nil ||
		len(ci.GetVolumes()) > 0 || len(ci.GetNetworkInfos()) > 0 {
		return fmt.Errorf("%s: must have no image, volumes or networks, agents of this version do not support them", field)
	}
	return nil
}

func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}
