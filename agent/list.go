// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
)

// maxListing is how many lists are made at the same time. Others wait: whoever
// asks takes time of the loop and reads many files.
const maxListing = 2

// lister serves link.Containers: what runs here, and what ran here lately.
type lister struct {
	link.UnimplementedContainersServer
	loop    *loop
	log     *slog.Logger
	listing *semaphore.Weighted
}

func newLister(l *loop, log *slog.Logger) *lister {
	return &lister{loop: l, log: log, listing: semaphore.NewWeighted(maxListing)}
}

// List asks the loop what there is, and the kernel what it uses.
func (s *lister) List(ctx context.Context, r *link.ListContainersRequest) (*link.ListContainersResponse, error) {
	if err := s.listing.Acquire(ctx, 1); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	defer s.listing.Release(1)
	answer := make(chan []record, 1)
	asked := s.loop.post(post{before: func(l *loop) { answer <- l.records() }})
	if !asked {
		return nil, status.Error(codes.Unavailable, "the agent is stopping")
	}
	var records []record
	select {
	case records = <-answer:
	case <-s.loop.done:
		return nil, status.Error(codes.Unavailable, "the agent is stopping")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	out := &link.ListContainersResponse{}
	for _, rec := range records {
		if want := r.GetFrameworkId(); want == nil || want.GetValue() == string(rec.Framework) {
			out.Containers = append(out.Containers, s.describe(rec))
		}
	}
	return out, nil
}

// records are all containers, live ones first, then the ended, latest first.
func (l *loop) records() []record {
	var all []record
	for _, c := range l.core.Containers() {
		all = append(all, record{c, l.workers[c.ID]})
	}
	return append(all, l.ended.latestFirst()...)
}

func (s *lister) describe(r record) *link.Container {
	c := &link.Container{
		ContainerId: &mesos.ContainerID{Value: new(string(r.ID))},
		FrameworkId: &mesos.FrameworkID{Value: new(string(r.Framework))},
		ExecutorId:  &mesos.ExecutorID{Value: new(string(r.Executor))},
		State:       new(r.State.String()),
		Sandbox:     new(""),
		Resources:   r.Resources.Proto(),
	}
	for _, t := range r.Tasks {
		c.TaskIds = append(c.TaskIds, &mesos.TaskID{Value: new(string(t))})
	}
	if r.worker == nil {
		return c
	}
	f := r.worker.look()
	c.Sandbox = &f.sandbox
	if f.container != nil {
		c.Cgroup = new(f.container.Cgroup())
		c.Started = timeInfo(f.started)
	}
	if !f.ended.IsZero() {
		c.Ended = timeInfo(f.ended)
		c.Status = new(f.exit.Code())
	}
	if u := s.usage(r.ID, f); u != nil {
		c.Statistics = u.Statistics
		if u.MemoryPeak > 0 {
			c.MemoryPeakBytes = &u.MemoryPeak
		}
	}
	return c
}

// usage is what a container uses now, or has used until its end; nil if nobody
// knows.
func (s *lister) usage(id core.ContainerID, f facts) *Usage {
	if f.container == nil || !f.ended.IsZero() {
		return f.usage
	}
	u, err := f.container.Usage()
	if err != nil {
		s.log.Debug("usage not read", "container_id", string(id), "error", err)
	}
	return u
}

func timeInfo(t time.Time) *mesos.TimeInfo {
	return &mesos.TimeInfo{Nanoseconds: new(t.UnixNano())}
}
