// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"bytes"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"google.golang.org/protobuf/proto"
)

// ledger is what the executor would have to tell an agent that comes back: the
// tasks it was given and the updates it sent, as far as not acknowledged.
type ledger struct {
	limit   int
	tasks   []*mesos.TaskInfo // given, and no update of theirs acknowledged
	updates []*pending        // oldest first
	live    map[string]bool   // ids of tasks given and without a terminal update
}

// pending is an update that waits for its acknowledgement.
type pending struct {
	update *wire.Call_Update
	sent   bool // in the present conversation
}

// given notes a task that the agent launched here.
func (l *ledger) given(task *mesos.TaskInfo) {
	if l.live == nil {
		l.live = make(map[string]bool)
	}
	l.tasks = append(l.tasks, task)
	l.live[task.GetTaskId().GetValue()] = true
}

// full tells whether add would exceed the limit.
func (l *ledger) full() bool { return len(l.updates) >= l.limit }

// add notes an update, and whether it is on its way already.
func (l *ledger) add(update *wire.Call_Update, sent bool) {
	l.updates = append(l.updates, &pending{update: update, sent: sent})
	if mesos.Terminal(update.GetStatus().GetState()) {
		delete(l.live, update.GetStatus().GetTaskId().GetValue())
	}
}

// acknowledged forgets an update, and that its task is news to the agent.
func (l *ledger) acknowledged(task string, uuid []byte) {
	for i, p := range l.updates {
		s := p.update.GetStatus()
		if s.GetTaskId().GetValue() == task && bytes.Equal(s.GetUuid(), uuid) {
			l.updates = append(l.updates[:i], l.updates[i+1:]...)
			break
		}
	}
	for i, t := range l.tasks {
		if t.GetTaskId().GetValue() == task {
			l.tasks = append(l.tasks[:i], l.tasks[i+1:]...)
			break
		}
	}
}

// subscription is what SUBSCRIBE must say, as far as it fits into room bytes:
// the oldest updates, and tasks with what they leave. Its updates count as sent,
// and no others.
func (l *ledger) subscription(room int) *wire.Call_Subscribe {
	s := &wire.Call_Subscribe{}
	fits := true
	for _, p := range l.updates {
		room -= entry(p.update)
		fits = fits && room >= 0 // one that does not fit keeps its place before later ones
		p.sent = fits
		if fits {
			s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, p.update)
		}
	}
	for _, t := range l.tasks {
		if size := entry(t); size <= room {
			room -= size
			s.UnacknowledgedTasks = append(s.UnacknowledgedTasks, t)
		}
	}
	return s
}

// entry is how many bytes m takes at most as one of the fields of a SUBSCRIBE.
func entry(m proto.Message) int { return 8 + proto.Size(m) }

// unsent returns the updates that did not fit into the subscription or came
// after it was made. They count as sent.
func (l *ledger) unsent() []*wire.Call_Update {
	var updates []*wire.Call_Update
	for _, p := range l.updates {
		if !p.sent {
			p.sent = true
			updates = append(updates, p.update)
		}
	}
	return updates
}
