// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/sdk/executor"
	"google.golang.org/protobuf/proto"
)

// shardFile is what the agent fetches the shard as, into the sandbox.
const shardFile = "shard.txt"

// counter counts one shard and ends.
type counter struct {
	executor.Callbacks
}

// LaunchTask counts right here: nothing else is to be done meanwhile.
func (*counter) LaunchTask(d executor.Driver, task *mesos.TaskInfo) {
	send(d, &mesos.TaskStatus{TaskId: task.GetTaskId(), State: mesos.TaskState_TASK_RUNNING.Enum()})
	status := &mesos.TaskStatus{TaskId: task.GetTaskId(), State: mesos.TaskState_TASK_FINISHED.Enum()}
	data, err := countFile(shardFile)
	if err != nil {
		status.State = mesos.TaskState_TASK_FAILED.Enum()
		status.Message = proto.String(err.Error())
	}
	status.Data = data
	send(d, status)
	d.Stop() // waits until the result is acknowledged
}

// Shutdown has nothing to end.
func (*counter) Shutdown(d executor.Driver) { d.Stop() }

func send(d executor.Driver, status *mesos.TaskStatus) {
	if _, err := d.SendStatusUpdate(status); err != nil {
		fmt.Println(err)
	}
}

func countFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	words := count(text)
	fmt.Printf("%s: %d words, %d different ones\n", path, words.sum(), len(words))
	return words.encode()
}
