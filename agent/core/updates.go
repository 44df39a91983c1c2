// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// When an update that is not acknowledged is sent again: after retryMin, then
// after twice the time that it waited before, at most after retryMax.
const (
	retryMin = 10 * time.Second
	retryMax = 10 * time.Minute
)

// The bounds of one stream. An update beyond maxPending, or that is not the only
// one and makes all larger than maxPendingBytes, is dropped and not
// acknowledged to the executor, whose it then remains; a terminal one is taken
// nevertheless. An executor's duplicate is recognised among the last maxSeen
// updates: it repeats only what it has sent since it last heard from the agent.
const (
	maxPending      = 1024
	maxPendingBytes = 4 << 20
	maxSeen         = 1024
)

// stream is the ordered way of one task's status updates to its framework. The
// first of the pending is in flight whenever the agent is registered; the next
// follows when it is acknowledged. The zero stream is empty.
type stream struct {
	pending  []*mesos.TaskStatus
	bytes    int      // of all pending
	seen     []string // uuids of the last updates taken
	terminal bool     // a terminal update was taken: none is after it
	acked    *mesos.TaskStatus
	retry    timer         // runs while the first is in flight
	interval time.Duration // how long retry runs
}

// verdict tells what add made of an update.
type verdict uint8

const (
	taken    verdict = iota
	late             // the task has ended
	overflow         // too many wait already
)

func (v verdict) String() string {
	return [...]string{"taken", "the task has ended", "too many updates are not acknowledged yet"}[v]
}

// repeats tells whether an executor's update was taken before. Of the agent's
// own updates none is asked: whatever an executor has sent, they are new.
func (s *stream) repeats(u *mesos.TaskStatus) bool {
	return slices.Contains(s.seen, string(u.GetUuid()))
}

// add takes an update with a uuid to the end of the stream.
func (s *stream) add(u *mesos.TaskStatus) verdict {
	terminal, size := mesos.Terminal(u.GetState()), proto.Size(u)
	switch {
	case s.terminal:
		return late
	case terminal || len(s.pending) == 0:
	case len(s.pending) >= maxPending || s.bytes+size > maxPendingBytes:
		return overflow
	}
	if len(s.seen) >= maxSeen {
		s.seen = slices.Delete(s.seen, 0, maxSeen/2)
	}
	s.seen = append(s.seen, string(u.GetUuid()))
	s.pending = append(s.pending, u)
	s.bytes += size
	s.terminal = terminal
	return taken
}

// front is the update that is, or should be, in flight; nil without one.
func (s *stream) front() *mesos.TaskStatus {
	if len(s.pending) == 0 {
		return nil
	}
	return s.pending[0]
}

// ack takes the acknowledged update off, and tells whether the uuid was that
// of the one in flight.
func (s *stream) ack(uuid []byte) bool {
	f := s.front()
	if f == nil || string(f.GetUuid()) != string(uuid) {
		return false
	}
	s.acked = f
	s.bytes -= proto.Size(f)
	s.pending[0] = nil
	s.pending = s.pending[1:]
	s.interval = 0
	return true
}

// closed tells whether the terminal update is acknowledged: nothing follows.
func (s *stream) closed() bool { return s.terminal && len(s.pending) == 0 }

// backoff is how long to wait for the acknowledgement of what is sent now.
func (s *stream) backoff() time.Duration {
	s.interval = min(max(retryMin, 2*s.interval), retryMax)
	return s.interval
}

// reported is the status that the framework has seen, or may have seen, last.
func (s *stream) reported() *mesos.TaskStatus {
	if f := s.front(); f != nil {
		return f
	}
	return s.acked
}
