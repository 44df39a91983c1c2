// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tepui/tepui/integration/vagrant"

	mesos "github.com/tepui/tepui/api/v1"
)

// An agent process that is killed takes its containers with it, as its unit
// says; its tasks are lost, and the agent that systemd starts anew serves.
func TestAgentKilled(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	m := c.Agents[0]
	f.begin(t, m, "victim", "sleep 7101")
	awaitContainer(t, m, "sleep 7101")

	run(t, m, "systemctl kill --kill-who=main --signal=KILL tepui-agent")
	f.await(t, "victim", mesos.TaskState_TASK_LOST)
	f.begin(t, m, "successor", "sleep 7102")
	if awaitContainer(t, m, "sleep 7102").Runs("sleep 7101") {
		t.Error("the task of the killed agent is still there")
	}
}

// An agent that is cut off, though all of it lives, loses its tasks as far as
// the framework is concerned; the other agent is not concerned; and when the
// network heals, the agent serves again without anyone's help.
func TestAgentCutOff(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	near, far := c.Agents[0], c.Agents[1]
	f.begin(t, near, "near", "sleep 7201")
	f.begin(t, far, "far", "sleep 7202")

	cutOff(t, far)
	lost := f.await(t, "far", mesos.TaskState_TASK_LOST)
	if got := lost.GetReason(); got != mesos.TaskStatus_REASON_AGENT_REMOVED {
		t.Errorf("lost with reason %v (%s), want REASON_AGENT_REMOVED", got, lost.GetMessage())
	}
	f.await(t, "near", mesos.TaskState_TASK_RUNNING)

	heal(t, far)
	f.begin(t, far, "again", "sleep 7203")
}

// A machine that loses power loses its tasks. When it is back, so is its agent.
func TestMachineCrashes(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	m := c.Agents[1]
	f.begin(t, m, "victim", "sleep 7301")

	crash(t, m)
	f.await(t, "victim", mesos.TaskState_TASK_LOST)
	f.begin(t, m, "successor", "sleep 7302")
	if awaitContainer(t, m, "sleep 7302").Runs("sleep 7301") {
		t.Error("the task from before the crash is still there")
	}
}

// A master that is killed loses nothing: agents and the framework bring their
// tasks back to the one that systemd starts, and it can still end them.
func TestMasterKilled(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	for _, m := range c.Agents {
		f.begin(t, m, "on-"+m.Name, "sleep 7401")
	}
	before := containersOf(t, c)

	run(t, c.Master, "systemctl kill --kill-who=main --signal=KILL tepui-master")
	// New offers tell that agent and framework are back.
	for _, m := range c.Agents {
		f.begin(t, m, "after-"+m.Name, "sleep 7402")
	}
	after := containersOf(t, c)
	for id := range before {
		if !after[id] {
			t.Errorf("container %s did not survive the master", id)
		}
	}
	for _, m := range c.Agents {
		f.kill(t, "on-"+m.Name)
		f.await(t, "on-"+m.Name, mesos.TaskState_TASK_KILLED)
	}
}

// begin launches a small command task on m and waits until it runs.
func (f *framework) begin(t *testing.T, m vagrant.Machine, id, command string) {
	t.Helper()
	f.launch(t, m, commandTask(id, command, .1, 32))
	f.await(t, id, mesos.TaskState_TASK_RUNNING)
}

func (f *framework) kill(t *testing.T, task string) {
	t.Helper()
	if _, err := f.driver.KillTask(taskID(task)); err != nil {
		t.Fatal(err)
	}
}

// containersOf is the set of the containers of all agents.
func containersOf(t *testing.T, c *vagrant.Cluster) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range c.Agents {
		list, err := m.Containers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, container := range list {
			ids[container.ID] = true
		}
	}
	return ids
}

// cutOff drops silently all that m sends to and gets from the other machines;
// ssh goes another way. It is healed when the test ends.
func cutOff(t *testing.T, m vagrant.Machine) {
	t.Helper()
	t.Cleanup(func() { heal(t, m) })
	run(t, m, `nft -f - <<-'EOF'
		table inet cut {
			chain in { type filter hook input priority 0; iif != lo ip saddr 192.168.56.0/24 drop; }
			chain out { type filter hook output priority 0; oif != lo ip daddr 192.168.56.0/24 drop; }
		}
	EOF
	if ping -c1 -W5 -q `+vagrant.MasterIP+`; then exit 1; fi`)
}

// heal undoes cutOff, if there is anything to undo.
func heal(t *testing.T, m vagrant.Machine) {
	t.Helper()
	eventually(t, patience, func(ctx context.Context) error {
		_, err := m.Run(ctx, "if nft list table inet cut > /dev/null 2>&1; then nft delete table inet cut; fi")
		return err
	})
}

// crash resets m as a power failure would, and waits until it is up again.
func crash(t *testing.T, m vagrant.Machine) {
	t.Helper()
	const bootID = "cat /proc/sys/kernel/random/boot_id"
	before := run(t, m, bootID)
	// The answer is lost in the crash, hence no check.
	_, _ = m.Run(t.Context(), "sync; (exec >&- 2>&- <&-; sleep 1; echo b > /proc/sysrq-trigger) & disown")
	eventually(t, 2*patience, func(ctx context.Context) error {
		m.Hangup()
		now, err := m.Run(ctx, bootID)
		if err != nil {
			return err
		}
		if strings.TrimSpace(now) == before {
			return fmt.Errorf("%s has not yet crashed", m.Name)
		}
		return nil
	})
}
