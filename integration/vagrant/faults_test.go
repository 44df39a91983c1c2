// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tepui/tepui/integration/vagrant"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// An agent process that is killed takes its containers with it, as its unit
// says; its tasks are lost, and the agent that systemd starts anew serves.
func TestAgentKilled(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	m := c.Agents[0]
	begin(t, f, m, "victim", "sleep 7101")
	awaitContainer(t, m, "sleep 7101")

	run(t, m, "systemctl kill --kill-who=main --signal=KILL tepui-agent")
	awaitLost(t, f, "victim", mesos.TaskStatus_REASON_AGENT_REMOVED)
	begin(t, f, m, "successor", "sleep 7102")
	awaitContainer(t, m, "sleep 7102")
	wantGone(t, m, "sleep 7101")
}

// An agent that is cut off, though all of it lives, loses its tasks as far as
// the framework is concerned; the other agent is not concerned; and when the
// network heals, the agent serves again without anyone's help.
func TestAgentCutOff(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	near, far := c.Agents[0], c.Agents[1]
	begin(t, f, near, "near", "sleep 7201")
	begin(t, f, far, "far", "sleep 7202")

	cutOff(t, far)
	awaitLost(t, f, "far", mesos.TaskStatus_REASON_AGENT_REMOVED)
	if got := f.Updates("near"); len(got) != 1 {
		t.Errorf("the task of the other agent had updates %v, want RUNNING alone", got)
	}

	heal(t, far)
	begin(t, f, far, "again", "sleep 7203")
}

// A machine that loses power loses its tasks. When it is back, so is its agent.
func TestMachineCrashes(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	m := c.Agents[1]
	begin(t, f, m, "victim", "sleep 7301")

	crash(t, m)
	awaitLost(t, f, "victim", mesos.TaskStatus_REASON_AGENT_REMOVED)
	begin(t, f, m, "successor", "sleep 7302")
	awaitContainer(t, m, "sleep 7302")
	wantGone(t, m, "sleep 7301")
}

// A master that is killed loses nothing: agents and the framework bring their
// tasks back to the one that systemd starts, and it can still end them.
func TestMasterKilled(t *testing.T) {
	c := open(t)
	clean(t)
	f := subscribe(t)
	for _, m := range c.Agents {
		begin(t, f, m, "on-"+m.Name, "sleep 7401")
	}
	before := containersOf(t, c)
	takeOffers(t, f)

	run(t, c.Master, "systemctl kill --kill-who=main --signal=KILL tepui-master")
	// Offers tell that agents and framework are back.
	for _, m := range c.Agents {
		begin(t, f, m, "after-"+m.Name, "sleep 7402")
	}
	after := containersOf(t, c)
	for id := range before {
		if !after[id] {
			t.Errorf("container %s did not survive the master", id)
		}
	}
	for _, m := range c.Agents {
		if _, err := f.Driver().KillTask(&mesos.TaskID{Value: proto.String("on-" + m.Name)}); err != nil {
			t.Fatal(err)
		}
		await(t, f, "on-"+m.Name, mesos.TaskState_TASK_KILLED)
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
