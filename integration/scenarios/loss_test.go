// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/kernel"

	mesos "github.com/tepui/tepui/api/v1"
)

// lossLimit is how soon after its executor's death a task must be lost.
const lossLimit = time.Second

func TestKilledExecutorLosesItsTasks(t *testing.T) {
	for name, pick := range map[string]func(pids []int) int{
		"the executor's process": slices.Max[[]int],
		"its PID 1":              slices.Min[[]int],
	} {
		t.Run(name, func(t *testing.T) {
			ctx, c, f := begin(t, cluster.Options{})
			e := actor(t, "victim", actIdle)
			tasks := []string{"a", "b", "c"}
			var infos []*mesos.TaskInfo
			for _, id := range tasks {
				infos = append(infos, framework.In(e, id, 0.1, 16))
			}
			launch(t, ctx, f, infos...)
			for _, id := range tasks {
				await(t, ctx, f, id, mesos.TaskState_TASK_RUNNING)
			}
			pids := processes(t, group(t, ctx, c.Agents[0], "victim"))
			killed := time.Now()
			if err := syscall.Kill(pick(pids), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			for _, id := range tasks {
				u := await(t, ctx, f, id, mesos.TaskState_TASK_LOST)
				wantReason(t, u, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED)
				if took := u.At.Sub(killed); took > lossLimit {
					t.Errorf("task %s was lost %s after its executor's death, want %s at most", id, took, lossLimit)
				} else {
					t.Logf("task %s was lost after %s: %s", id, took.Round(time.Millisecond), u.GetMessage())
				}
			}
			status, err := f.AwaitExecutor(ctx, "victim")
			if ws := syscall.WaitStatus(status); err != nil || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
				t.Errorf("executorLost says wait status %#x, %v; want that of SIGKILL", status, err)
			}
		})
	}
}

func TestKilledExecutorFailsTasksOfAPartitionAwareFramework(t *testing.T) {
	ctx := onKernel(t)
	leavesNothing(t)
	c := cluster.Start(t, cluster.Options{})
	f := subscribe(t, c, &mesos.FrameworkInfo{Capabilities: []*mesos.FrameworkInfo_Capability{
		{Type: mesos.FrameworkInfo_Capability_PARTITION_AWARE.Enum()},
	}})
	launch(t, ctx, f, framework.In(actor(t, "victim", actIdle), "a", 0.1, 16))
	await(t, ctx, f, "a", mesos.TaskState_TASK_RUNNING)
	pids := processes(t, group(t, ctx, c.Agents[0], "victim"))
	if err := syscall.Kill(slices.Max(pids), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantReason(t, await(t, ctx, f, "a", mesos.TaskState_TASK_FAILED), mesos.TaskStatus_REASON_EXECUTOR_TERMINATED)
}

func TestKilledAgentIsLostWithItsTasks(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{MasterFlags: []string{"--agent_reregister_timeout", "2secs"}})
	offer := launch(t, ctx, f, framework.Command("orphan", "exec sleep 3600", 0.1, 16))
	await(t, ctx, f, "orphan", mesos.TaskState_TASK_RUNNING)
	orphan := group(t, ctx, c.Agents[0], "orphan")
	free, err := f.Offer(ctx, nil) // what is left of the agent
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Agents[0].Kill(); err != nil {
		t.Fatal(err)
	}
	if err := f.AwaitRescinded(ctx, free); err != nil {
		t.Error(err)
	}
	wantReason(t, await(t, ctx, f, "orphan", mesos.TaskState_TASK_LOST), mesos.TaskStatus_REASON_AGENT_REMOVED)
	if err := f.AwaitAgentLost(ctx, offer.GetAgentId().GetValue()); err != nil {
		t.Error(err)
	}
	// Nobody accounts for it, so the next agent ends it before it offers the host.
	cluster.StartAgent(t, c.Address, "--runtime_dir", c.Agents[0].RuntimeDir)
	kernel.Await(t, patience, "cgroup "+string(orphan)+" of the dead agent is gone", func() (bool, error) {
		return !orphan.Exists(), nil
	})
}

func TestKillTaskWithGrace(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{})
	launch(t, ctx, f,
		framework.Command("polite", "exec sleep 3600", 0.1, 16),
		framework.Command("stubborn", "trap '' TERM; while :; do sleep 1; done", 0.1, 16))
	for id, signal := range map[string]string{"polite": "SIGTERM", "stubborn": "SIGKILL"} {
		await(t, ctx, f, id, mesos.TaskState_TASK_RUNNING)
		if id == "stubborn" {
			hasForTerm(t, "SigIgn", processes(t, group(t, ctx, c.Agents[0], id))[1])
		}
		if _, err := f.Driver().KillTask(&mesos.TaskID{Value: &id}); err != nil {
			t.Fatal(err)
		}
		u := await(t, ctx, f, id, mesos.TaskState_TASK_KILLED)
		if !strings.Contains(u.GetMessage(), signal) {
			t.Errorf("the %s task's message is %q, want one that says %s", id, u.GetMessage(), signal)
		}
	}
}

// hasForTerm waits until a process has SIGTERM in one of its masks: SigIgn are the
// signals that it ignores, SigCgt those that it handles.
func hasForTerm(t *testing.T, mask string, pid int) {
	t.Helper()
	kernel.Await(t, patience, "the task's shell has SIGTERM in "+mask, func() (bool, error) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, mask, _ := strings.Cut(string(text), mask+":")
		var ignored uint64
		fmt.Sscanf(mask, "%x", &ignored)
		return ignored&(1<<(uint(syscall.SIGTERM)-1)) != 0, err
	})
}

func TestFrameworkMessagesGoBothWays(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{})
	e := actor(t, "echo", actIdle)
	offer := launch(t, ctx, f, framework.In(e, "a", 0.1, 16))
	await(t, ctx, f, "a", mesos.TaskState_TASK_RUNNING)
	const n = 20
	for i := range n {
		if _, err := f.Driver().SendFrameworkMessage(e.GetExecutorId(), offer.GetAgentId(), fmt.Appendf(nil, "message %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.AwaitMessages(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range got {
		if want := fmt.Sprintf("message %d", i); m != want {
			t.Errorf("echo %d is %q, want %q", i, m, want)
		}
	}
}

func TestManyTasksComeAndGo(t *testing.T) {
	ctx, _, f := begin(t, cluster.Options{AgentFlags: []string{"--resources", "cpus:4;mem:512"}})
	const waves, width = 5, 8
	for wave := range waves {
		var tasks []*mesos.TaskInfo
		for i := range width {
			tasks = append(tasks, framework.Command(fmt.Sprintf("w%d-%d", wave, i), "true", 0.1, 16))
		}
		launch(t, ctx, f, tasks...)
		for _, task := range tasks {
			await(t, ctx, f, task.GetTaskId().GetValue(), mesos.TaskState_TASK_FINISHED)
		}
	}
}
