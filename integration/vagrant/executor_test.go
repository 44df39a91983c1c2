// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/tepui/tepui/examples/ship"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/vagrant"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// executorMode is the argument that makes this test binary a custom executor.
const executorMode = "act-as-executor"

// kill -9 of an executor ends each of its tasks in TASK_LOST, and the framework
// is told of the executor's end, with its wait status. The executor is this
// test binary, which each agent fetches over the private network.
func TestExecutorKilled(t *testing.T) {
	c := open(t)
	clean(t)
	uri := serveMyself(t)
	f := subscribe(t)
	for _, m := range c.Agents {
		t.Run(m.Name, func(t *testing.T) {
			id := "executor-" + m.Name
			e := shipped(id, uri)
			tasks := []string{id + "-a", id + "-b"}
			launch(t, f, m, framework.In(e, tasks[0], .1, 16), framework.In(e, tasks[1], .1, 16))
			for _, task := range tasks {
				await(t, f, task, mesos.TaskState_TASK_RUNNING)
			}
			container := awaitContainer(t, m, id)
			if got, want := container.Files["memory.max"], strconv.Itoa((64+2*16)<<20); got != want {
				t.Errorf("memory.max of an executor of 64 MB with two tasks of 16 MB is %s, want %s", got, want)
			}

			run(t, m, fmt.Sprintf("kill -9 %d", container.Find(id)))
			for _, task := range tasks {
				u := awaitLost(t, f, task, mesos.TaskStatus_REASON_EXECUTOR_TERMINATED)
				t.Logf("%s: %s", task, u.GetMessage())
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			status, err := f.AwaitExecutor(ctx, id)
			if ws := syscall.WaitStatus(status); err != nil || !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
				t.Errorf("executorLost says wait status %#x, %v; want that of SIGKILL", status, err)
			}
		})
	}
}

// serveMyself serves this test binary towards the machines and returns its URI.
func serveMyself(t *testing.T) string {
	t.Helper()
	self, err := ship.Myself()
	if err != nil {
		t.Fatal(err)
	}
	server, err := ship.Serve(t.Context(), "", vagrant.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server.Add("executor", self)
}

// shipped is an executor that an agent fetches from uri.
func shipped(id, uri string) *mesos.ExecutorInfo {
	command := framework.Program("./executor", executorMode, id)
	command.Uris = []*mesos.CommandInfo_URI{{Value: proto.String(uri), Executable: proto.Bool(true)}}
	return framework.Executor(id, command, .1, 64)
}

// idler is an executor whose tasks run until they are killed.
type idler struct{ executor.Callbacks }

// LaunchTask reports the task as running.
func (idler) LaunchTask(d executor.Driver, task *mesos.TaskInfo) {
	tell(d, task.GetTaskId(), mesos.TaskState_TASK_RUNNING)
}

// KillTask reports the task as killed.
func (idler) KillTask(d executor.Driver, task *mesos.TaskID) {
	tell(d, task, mesos.TaskState_TASK_KILLED)
}

func tell(d executor.Driver, task *mesos.TaskID, state mesos.TaskState) {
	if _, err := d.SendStatusUpdate(&mesos.TaskStatus{TaskId: task, State: state.Enum()}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// runExecutor is what this binary does where an agent has started it; it
// returns the exit status.
func runExecutor() int {
	if _, err := executor.NewDriver(idler{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
