// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// check tells what is wrong with a task, naming the field, its value and the
// rule, or returns what to launch. The rules are independent of each other; the
// first that is broken is told.
func (l *launch) check(field string, t *mesos.TaskInfo) (*order, error) {
	res, err := l.checkTask(field, t)
	if err != nil {
		return nil, err
	}
	if shares(t.GetContainer()) != nil {
		return nil, fmt.Errorf("%s.container.linux_info.share_cgroups %v: must be unset but for tasks of a group: there is no container around this one",
			field, *shares(t.GetContainer()))
	}
	o := &order{task: t, resources: res}
	if err := l.checkRunner(field, o); err != nil {
		return nil, err
	}
	return o, l.checkFits(field, o)
}

// checkTask checks what is to be true of every task, however it is launched.
func (l *launch) checkTask(field string, t *mesos.TaskInfo) (resource.Resources, error) {
	var none resource.Resources
	if n := proto.Size(t); n > maxInfo {
		return none, fmt.Errorf("%s of %d bytes: must have %d at most", field, n, maxInfo)
	}
	if err := l.checkIdentity(field, t); err != nil {
		return none, err
	}
	if err := checkTimes(field, t); err != nil {
		return none, err
	}
	if err := checkProbes(field, t); err != nil {
		return none, err
	}
	res, err := l.checkResources(field+".resources", t.GetResources())
	if err != nil {
		return none, err
	}
	if res.IsEmpty() {
		return none, fmt.Errorf("%s.resources: must not be empty", field)
	}
	if t.Command != nil {
		if err := checkCommand(field+".command", t.GetCommand()); err != nil {
			return none, err
		}
	}
	if err := checkContainer(field+".container", t.GetContainer()); err != nil {
		return none, err
	}
	return res, l.checkLimits(field+".limits", t, res)
}

// checkIdentity checks the ids of a task.
func (l *launch) checkIdentity(field string, t *mesos.TaskInfo) error {
	id := t.GetTaskId().GetValue()
	if err := mesos.ValidateID(field+".task_id", id); err != nil {
		return err
	}
	if old := l.framework.tasks[TaskID(id)]; old != nil {
		return fmt.Errorf("%s.task_id %q: must not be the id of a task of this framework that is not over, one is %v on agent %s",
			field, id, old.state, old.agent.id)
	}
	if old := l.framework.unreachable.get(TaskID(id)); old != nil {
		return fmt.Errorf("%s.task_id %q: must not be the id of a task of this framework that is unreachable, one is on agent %s",
			field, id, old.agent.id)
	}
	if l.agent.tasks[taskKey{l.framework.id, TaskID(id)}] != nil {
		return fmt.Errorf("%s.task_id %q: must not be the id of a task that is still being killed on agent %s, because it ran twice",
			field, id, l.agent.id)
	}
	if a := AgentID(t.GetAgentId().GetValue()); a != l.agent.id {
		return fmt.Errorf("%s.agent_id %q: must be %q, the agent of the offer", field, a, l.agent.id)
	}
	return nil
}

// checkTimes checks the durations of a task.
func checkTimes(field string, t *mesos.TaskInfo) error {
	if d := mesos.Duration(t.GetKillPolicy().GetGracePeriod()); d < 0 {
		return fmt.Errorf("%s.kill_policy.grace_period %v: must not be negative", field, d)
	}
	if d := mesos.Duration(t.GetMaxCompletionTime()); d < 0 {
		return fmt.Errorf("%s.max_completion_time %v: must not be negative", field, d)
	}
	return nil
}

// checkRunner checks what runs the task: its command, or an executor.
func (l *launch) checkRunner(field string, o *order) error {
	t := o.task
	switch {
	case t.GetExecutor() != nil && t.GetCommand() != nil:
		return fmt.Errorf("%s: must have one of executor and command, has both", field)
	case t.GetExecutor() != nil:
		return l.checkExecutor(field+".executor", t.GetExecutor(), o)
	case t.GetCommand() != nil:
		if l.agent.executors[executorKey{l.framework.id, ExecutorID(t.GetTaskId().GetValue())}] != nil {
			return fmt.Errorf("%s.task_id %q: must not be the id of an executor of this framework on agent %s",
				field, t.GetTaskId().GetValue(), l.agent.id)
		}
		if t.GetCheck() != nil || t.GetHealthCheck() != nil {
			return fmt.Errorf("%s.check, health_check: must be unset for a command task, agents of this version run none", field)
		}
		return checkRunnable(field+".command", t.GetCommand())
	}
	return fmt.Errorf("%s: must have one of executor and command, has neither", field)
}

// maxQuoted is how much of a text that a peer can make as long as it likes is
// repeated in a message about it.
const maxQuoted = 256

// brief returns the begin of a text.
func brief(text string) string { return cut(text, maxQuoted) }

// cut returns the begin of a text, of so many bytes at most.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// checkFits checks that the task, and its executor if that is new, fit into
// what is left of the offers.
func (l *launch) checkFits(field string, o *order) error {
	need := o.resources.String
	all := o.resources
	if o.fresh {
		all = all.Add(o.executor.resources)
		if err := checkMix(field+".executor.resources", all); err != nil {
			return err
		}
		need = func() string { return o.resources.String() + " and its executor " + o.executor.resources.String() }
	}
	return l.checkPool(field+".resources", all, need)
}

// checkPool checks that something fits into what is left of the offers.
func (l *launch) checkPool(field string, all resource.Resources, need func() string) error {
	_, err := l.pool.Subtract(all)
	var short *resource.NotContainedError
	if !errors.As(err, &short) {
		return err
	}
	return fmt.Errorf("%s %s: must be part of what is left of the offers, %s: %s",
		field, brief(need()), brief(l.pool.String()), brief(short.Error()))
}
