// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/tepui/tepui/api/link"
)

// Containers asks the agent what containers it has, the ended ones too.
func (a *Agent) Containers(ctx context.Context) ([]*link.Container, error) {
	conn, err := grpc.NewClient("passthrough:///"+a.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	list, err := link.NewContainersClient(conn).List(ctx, &link.ListContainersRequest{})
	return list.GetContainers(), err
}

// Container waits until the agent has a container of the executor in one of the
// states, and returns it. A command task's executor has the task's id.
func (a *Agent) Container(ctx context.Context, executor string, states ...string) (*link.Container, error) {
	for {
		all, err := a.Containers(ctx)
		if err != nil {
			return nil, err
		}
		seen := "none"
		for _, c := range all {
			if c.GetExecutorId().GetValue() != executor {
				continue
			}
			seen = c.GetState()
			for _, s := range states {
				if s == seen {
					return c, nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("cluster: container of %s is %s, want one that is %q: %w", executor, seen, states, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
