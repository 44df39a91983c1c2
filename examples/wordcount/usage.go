// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

const (
	usageTimeout  = time.Minute
	usageInterval = 50 * time.Millisecond
)

// usage is what a container used, as its agent's kernel saw it.
type usage struct {
	container string
	cpu       float64 // seconds
	peak      uint64  // bytes; 0 = unknown
	measured  bool    // false where the agent isolates nothing
}

// fetchUsage asks the agents until the container of each shard has ended, for
// only then its figures are final.
func (j *job) fetchUsage(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, usageTimeout, fmt.Errorf("containers have not ended after %v", usageTimeout))
	defer cancel()
	byAgent := map[string][]*shard{}
	for _, s := range j.shards {
		byAgent[s.address] = append(byAgent[s.address], s)
	}
	for address, shards := range byAgent {
		if err := j.fetchFrom(ctx, address, shards); err != nil {
			return fmt.Errorf("ask agent %s for what was used: %w", address, err)
		}
	}
	return nil
}

func (j *job) fetchFrom(ctx context.Context, address string, shards []*shard) (err error) {
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // fails only when closed before
	agent := link.NewContainersClient(conn)
	for {
		list, err := agent.List(ctx, &link.ListContainersRequest{
			FrameworkId: &mesos.FrameworkID{Value: proto.String(j.framework)},
		})
		if err != nil {
			return err
		}
		if ended(list.GetContainers(), shards) {
			return nil
		}
		select {
		case <-time.After(usageInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ended notes the usage of each shard's container, and tells whether all have
// ended.
func ended(containers []*link.Container, shards []*shard) bool {
	byID := map[string]*link.Container{}
	for _, c := range containers {
		byID[c.GetContainerId().GetValue()] = c
	}
	all := true
	for _, s := range shards {
		c := byID[s.used.container]
		if c == nil || c.Ended == nil {
			all = false
			continue
		}
		stats := c.GetStatistics()
		s.used.cpu = stats.GetCpusUserTimeSecs() + stats.GetCpusSystemTimeSecs()
		s.used.peak = c.GetMemoryPeakBytes()
		s.used.measured = stats != nil
	}
	return all
}
