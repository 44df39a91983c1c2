// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// What the executor of a task group must have at least.
const (
	minExecutorCPUs = resource.Milli(10)
	minExecutorMem  = resource.Milli(32 * 1000)
)

// launchGroup launches tasks in one executor, all of them or none.
func (l *launch) launchGroup(field string, op *mesos.Offer_Operation) {
	tasks, info := op.GetLaunchGroup().GetTaskGroup().GetTasks(), op.GetLaunchGroup().GetExecutor()
	reason := mesos.TaskStatus_REASON_TASK_GROUP_INVALID
	why := ""
	if op.Id != nil {
		why = fmt.Sprintf("%s: id %q of its operation: must be unset, a LAUNCH_GROUP has no operation id", field, brief(op.GetId().GetValue()))
	}
	for i, t := range tasks {
		if err := l.core.mayRun(l.framework, t, info); err != nil && why == "" {
			why = unauthorized(fmt.Sprintf("%s.task_group.tasks[%d]", field, i), err)
			reason = mesos.TaskStatus_REASON_TASK_GROUP_UNAUTHORIZED
		}
	}
	var orders []*order
	if why == "" {
		var err error
		if orders, err = l.checkGroup(field, op.GetLaunchGroup()); err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		for _, t := range tasks {
			l.refuse(t, reason, why)
		}
		if len(tasks) == 0 {
			l.count(why)
		}
		return
	}
	l.placeGroup(orders, op.GetLaunchGroup())
}

// placeGroup enters a group into the books and sends it to the agent.
func (l *launch) placeGroup(orders []*order, g *mesos.Offer_Operation_LaunchGroup) {
	if orders[0].fresh {
		l.placeExecutor(orders[0].executor)
	}
	for _, o := range orders {
		l.place(o)
		l.complete(o.task, o.task.GetExecutor())
	}
	l.complete(nil, g.GetExecutor())
	l.core.toAgent(l.agent, &link.FromMaster{Message: &link.FromMaster_RunGroup{
		RunGroup: &link.RunGroup{
			Framework: l.framework.info, Executor: g.GetExecutor(), TaskGroup: g.GetTaskGroup(),
			LaunchExecutor: new(orders[0].fresh), ResourceVersion: l.agent.resourceVersion,
		},
	}})
}

// checkGroup tells what is wrong with a task group, naming the field, its value and
// the rule, or returns what to launch: the executor is the same in all orders.
func (l *launch) checkGroup(field string, g *mesos.Offer_Operation_LaunchGroup) ([]*order, error) {
	tasks := g.GetTaskGroup().GetTasks()
	if len(tasks) == 0 {
		return nil, fmt.Errorf("%s.task_group.tasks: must not be empty", field)
	}
	if err := l.checkGroupExecutor(field+".executor", g.GetExecutor()); err != nil {
		return nil, err
	}
	first := new(order)
	if err := l.checkExecutor(field+".executor", g.GetExecutor(), first); err != nil {
		return nil, err
	}
	orders := make([]*order, len(tasks))
	seen := make(map[string]bool)
	var sum resource.Resources
	if first.fresh {
		sum = first.executor.resources
	}
	for i, t := range tasks {
		at := fmt.Sprintf("%s.task_group.tasks[%d]", field, i)
		if id := t.GetTaskId().GetValue(); seen[id] {
			return nil, fmt.Errorf("%s.task_id %q: must be there once in the group", at, brief(id))
		}
		seen[t.GetTaskId().GetValue()] = true
		if err := l.checkMember(at, t, tasks[0], g.GetExecutor()); err != nil {
			return nil, err
		}
		res, err := l.checkTask(at, t)
		if err != nil {
			return nil, err
		}
		orders[i] = &order{task: t, resources: res, executor: first.executor, fresh: first.fresh}
		sum = sum.Add(res)
	}
	if err := checkMix(field+": resources of all", sum); err != nil {
		return nil, err
	}
	return orders, l.checkPool(field+": resources of all", sum, sum.String)
}

// checkGroupExecutor checks what the executor of a group is to be beyond that of a
// single task.
func (l *launch) checkGroupExecutor(field string, info *mesos.ExecutorInfo) error {
	if n := proto.Size(info); n > maxInfo {
		return fmt.Errorf("%s of %d bytes: must have %d at most", field, n, maxInfo)
	}
	if info.Type == nil {
		return fmt.Errorf("%s.type: must be set for a task group, to CUSTOM or DEFAULT", field)
	}
	if info.GetContainer().GetType() == mesos.ContainerInfo_DOCKER && info.GetContainer() != nil {
		return fmt.Errorf("%s.container.type DOCKER: must be MESOS for the executor of a task group", field)
	}
	res, err := l.checkResources(field+".resources", info.GetResources())
	if err != nil {
		return err
	}
	switch {
	case res.CPUs() < minExecutorCPUs:
		return fmt.Errorf("%s.resources cpus %v: must be %v at least for the executor of a task group", field, res.CPUs(), minExecutorCPUs)
	case res.Mem() < minExecutorMem:
		return fmt.Errorf("%s.resources mem %v: must be %v at least for the executor of a task group", field, res.Mem(), minExecutorMem)
	case res.Disk() == 0:
		return fmt.Errorf("%s.resources disk 0: must be some for the executor of a task group", field)
	}
	switch info.GetType() {
	case mesos.ExecutorInfo_CUSTOM:
		return nil
	case mesos.ExecutorInfo_DEFAULT:
		return l.checkDefaultExecutor(field, info)
	}
	return fmt.Errorf("%s.type %v: must be CUSTOM or DEFAULT", field, info.GetType())
}

// checkDefaultExecutor checks an executor that the agent is to bring, and that it
// does.
func (l *launch) checkDefaultExecutor(field string, info *mesos.ExecutorInfo) error {
	switch {
	case info.Command != nil:
		return fmt.Errorf("%s.command: must be unset for type DEFAULT", field)
	case info.GetContainer().GetMesos().GetImage() != nil:
		return fmt.Errorf("%s.container.mesos.image: must be unset for type DEFAULT", field)
	}
	return fmt.Errorf("%s.type DEFAULT: must be CUSTOM: this agent has no default executor", field)
}

// checkMember checks what is to be true of a task in a group, beside others.
func (l *launch) checkMember(field string, t, first *mesos.TaskInfo, e *mesos.ExecutorInfo) error {
	if t.Executor != nil {
		l.complete(t, t.GetExecutor()) // so that it compares equal to what was completed before
		if !sameExecutor(t.GetExecutor(), e) {
			return fmt.Errorf("%s.executor: must be unset or identical to the executor of the group", field)
		}
	}
	if t.Container != nil && t.GetContainer().GetType() == mesos.ContainerInfo_DOCKER {
		return fmt.Errorf("%s.container.type DOCKER: must be MESOS for a task of a group", field)
	}
	if len(t.GetContainer().GetNetworkInfos()) > 0 {
		if h := t.HealthCheck; h != nil && h.GetType() != mesos.HealthCheck_COMMAND {
			return fmt.Errorf("%s.health_check.type %v: must be COMMAND for a task of a group with network_infos of its own", field, h.GetType())
		}
		if c := t.Check; c != nil && c.GetType() != mesos.CheckInfo_COMMAND {
			return fmt.Errorf("%s.check.type %v: must be COMMAND for a task of a group with network_infos of its own", field, c.GetType())
		}
	}
	shared := t.GetContainer().GetLinuxInfo().GetShareCgroups() || shares(t.GetContainer()) == nil
	if len(t.GetLimits()) > 0 && shared {
		return fmt.Errorf("%s.container.linux_info.share_cgroups true: must be false for a task of a group with limits of its own", field)
	}
	if shared != (first.GetContainer().GetLinuxInfo().GetShareCgroups() || shares(first.GetContainer()) == nil) {
		return fmt.Errorf("%s.container.linux_info.share_cgroups %v: must be the same for all tasks of a group", field, shared)
	}
	return nil
}
