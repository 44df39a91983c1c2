// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/examples/ship"
	"github.com/tepui/tepui/resource"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

// maxAttempts is how often a shard is tried.
const maxAttempts = 3

// shard is a part of the text and the task that counts it.
type shard struct {
	number   int // from 1
	uri      string
	attempts int
	task     string // id of the latest attempt
	agent    string // its host
	address  string // its agent's host:port
	result   counts
	used     usage
}

// job is the framework. Its fields belong to the driver's callbacks, and to run
// once the driver has said on done that all is counted.
type job struct {
	need    resource.Resources // of one task
	base    resource.Resources // of its executor
	server  *ship.Server
	program string // URI of the .tgz
	begun   time.Time

	framework string
	shards    []*shard
	waiting   []*shard          // to be launched
	running   map[string]*shard // by task id
	total     counts
	done      chan error // capacity 1
}

// newJob prepares the job of counting text by executors that are the program self.
func newJob(ctx context.Context, f flags, self, text []byte) (*job, error) {
	archive, err := ship.Tgz(program, self)
	if err != nil {
		return nil, fmt.Errorf("pack the executor: %w", err)
	}
	server, err := ship.Serve(ctx, f.ip, f.master)
	if err != nil {
		return nil, err
	}
	j := &job{
		need:    f.need,
		base:    resource.MustParse("cpus:0.01;mem:32"),
		server:  server,
		program: server.Add(program+".tgz", archive),
		begun:   time.Now(),
		running: map[string]*shard{},
		total:   counts{},
		done:    make(chan error, 1),
	}
	for i, part := range cut(text, f.shards) {
		s := &shard{number: i + 1}
		s.uri = server.Add(fmt.Sprintf("shard-%d", s.number), part)
		j.shards = append(j.shards, s)
	}
	j.waiting = append(j.waiting, j.shards...)
	return j, nil
}

func (j *job) close() { j.server.Close() }

// run drives the framework until all is counted and every container has ended, so
// that what it used is final.
func (j *job) run(ctx context.Context, driver *scheduler.MesosDriver) error {
	if _, err := driver.Start(); err != nil {
		return err
	}
	var err error
	select {
	case err = <-j.done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err == nil {
		err = j.fetchUsage(ctx)
	}
	driver.Stop(false)
	if _, ended := driver.Join(); err == nil {
		err = ended
	}
	return err
}

// finish ends the job, once.
func (j *job) finish(err error) {
	select {
	case j.done <- err:
	default:
	}
}

// task describes the next attempt at s, for an agent.
func (j *job) task(s *shard, agent *mesos.AgentID) *mesos.TaskInfo {
	id := fmt.Sprintf("count-%d", s.number)
	if s.attempts > 1 {
		id = fmt.Sprintf("%s.%d", id, s.attempts)
	}
	s.task = id
	return &mesos.TaskInfo{
		Name:      proto.String(id),
		TaskId:    &mesos.TaskID{Value: proto.String(id)},
		AgentId:   agent,
		Resources: j.need.Proto(),
		Executor: &mesos.ExecutorInfo{
			ExecutorId: &mesos.ExecutorID{Value: proto.String(id)},
			Type:       mesos.ExecutorInfo_CUSTOM.Enum(),
			Resources:  j.base.Proto(),
			Command: &mesos.CommandInfo{
				Uris: []*mesos.CommandInfo_URI{
					{Value: proto.String(j.program)},
					{Value: proto.String(s.uri), OutputFile: proto.String(shardFile), Extract: proto.Bool(false)},
				},
				Shell:     proto.Bool(false),
				Value:     proto.String("./" + program),
				Arguments: []string{program, "executor"},
			},
		},
	}
}
