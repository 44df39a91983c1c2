// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/tepui/tepui/integration/vagrant"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// kill -9 of an executor ends each of its tasks in TASK_LOST, and the framework
// is told of the executor's end, with its wait status.
func TestExecutorKilled(t *testing.T) {
	c := open(t)
	clean(t)
	uri := serveExecutor(t)
	f := subscribe(t)
	for _, m := range c.Agents {
		id := "executor-" + m.Name
		tasks := []*mesos.TaskInfo{executorTask(id, id+"-a", uri), executorTask(id, id+"-b", uri)}
		f.launch(t, m, tasks...)
		for _, task := range tasks {
			f.await(t, task.GetTaskId().GetValue(), mesos.TaskState_TASK_RUNNING)
		}
		container := awaitContainer(t, m, id)
		// 64 MB of the executor and twice 16 MB of the tasks.
		if got, want := container.Files["memory.max"], fmt.Sprint((64+2*16)<<20); got != want {
			t.Errorf("on %s, memory.max of an executor with two tasks is %s, want %s", m.Name, got, want)
		}
		run(t, m, fmt.Sprintf("kill -9 %d", container.Find(id)))
		for _, task := range tasks {
			got := f.await(t, task.GetTaskId().GetValue(), mesos.TaskState_TASK_LOST)
			if got.GetReason() != mesos.TaskStatus_REASON_EXECUTOR_TERMINATED {
				t.Errorf("lost with reason %v (%s), want REASON_EXECUTOR_TERMINATED", got.GetReason(), got.GetMessage())
			}
		}
		eventually(t, patience, func(context.Context) error {
			status, ok := f.ended(id)
			if !ok {
				return fmt.Errorf("the framework was not told of the end of %s", id)
			}
			if ws := syscall.WaitStatus(status); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
				t.Errorf("wait status %#x of an executor killed by SIGKILL", status)
			}
			return nil
		})
	}
}

// executorTask is a task for the executor that this test binary is, see runExecutor.
func executorTask(executor, id, uri string) *mesos.TaskInfo {
	return &mesos.TaskInfo{
		Name:      proto.String(id),
		TaskId:    taskID(id),
		Resources: quantities(.1, 16),
		Executor: &mesos.ExecutorInfo{
			Type:       mesos.ExecutorInfo_CUSTOM.Enum(),
			ExecutorId: &mesos.ExecutorID{Value: proto.String(executor)},
			Resources:  quantities(.1, 64),
			Command: &mesos.CommandInfo{
				Shell:     proto.Bool(false),
				Value:     proto.String("./executor"),
				Arguments: []string{"./executor", executor},
				Uris:      []*mesos.CommandInfo_URI{{Value: proto.String(uri), Executable: proto.Bool(true)}},
			},
		},
	}
}

// serveExecutor serves this test binary to the agents, over the private
// network, and returns its URI.
func serveExecutor(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", localAddress(t)+":0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/executor", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, self) })
	server := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Until Close, below.
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return "http://" + listener.Addr().String() + "/executor"
}

// localAddress is our own address on the machines' private network.
func localAddress(t *testing.T) string {
	t.Helper()
	conn, err := net.Dial("tcp", vagrant.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.TCPAddr).IP.String()
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

// runExecutor is what this binary does where an agent has started it.
func runExecutor() int {
	if _, err := executor.NewDriver(idler{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
