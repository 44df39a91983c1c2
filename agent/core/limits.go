// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// How long to wait before limits that the kernel did not take are tried again.
const (
	limitsRetryMin = time.Second
	limitsRetryMax = time.Minute
)

// limits is where a container's limits are on their way from the ledger to the
// kernel. At most one change is under way; the latest wins.
type limits struct {
	applied  Limits // what the kernel has
	target   Limits // of the change under way
	updating bool
	covers   uint64 // order of the last task that target counts in
	failed   bool   // the last change failed: applied may be there in part only
	mounts   bool   // the change under way brings mounts too
	retry    timer
	backoff  time.Duration
}

// shrinks tells whether the change under way gives more of nothing.
func (l *limits) shrinks() bool { return l.applied.union(l.target) == l.applied }

// flush brings limits and queue of an execution forward: first the kernel gets
// what the ledger says, then the executor gets the tasks it says it for.
func (c *Core) flush(e *execution) {
	if e.over || e.destroying || e.limits.updating || e.state < Registering {
		return
	}
	l, want := &e.limits, c.ledger.Limits(e.id())
	mounts := e.newMounts()
	if want == l.applied && !l.failed && len(mounts) == 0 && len(e.unmount) == 0 {
		c.deliver(e, c.order)
		return
	}
	// What gives comes before what takes: a task does not have to wait for what
	// others do not give back.
	if more := l.applied.union(want); more != l.applied {
		want = more
	}
	l.updating, l.target, l.covers, l.mounts = true, want, c.order, len(mounts) > 0
	c.timers.stop(&l.retry)
	c.do(Update{e.id(), want, mounts, e.unmount})
	e.unmount = nil
}

// newMounts are those of the tasks that wait, of which the container does not see
// them yet. From now on it is asked to.
func (e *execution) newMounts() []Mount {
	var all []Mount
	for _, t := range e.queue {
		if t.phase == queued && !t.mounted {
			t.mounted = true
			all = append(all, t.mounts...)
		}
	}
	return all
}

// deliver sends queued tasks up to this order to the executor.
func (c *Core) deliver(e *execution, upTo uint64) {
	if e.state != Running || e.conn == 0 {
		return
	}
	n := 0
	for ; n < len(e.queue) && e.queue[n].order <= upTo; n++ {
		if t := e.queue[n]; t.phase == queued {
			c.event(e, e.handOver(t))
		}
	}
	clear(e.queue[:n])
	e.queue = e.queue[n:]
}

// handOver makes a task, with its group, one that the executor has. The tasks of
// a group are queued together, so that they go together.
func (e *execution) handOver(t *task) *executor.Event {
	e.served = true
	if t.group == nil {
		e.delivered(t)
		return &executor.Event{Type: executor.Event_LAUNCH.Enum(), Launch: &executor.Event_Launch{Task: t.info}}
	}
	group := &mesos.TaskGroupInfo{}
	for _, t := range t.group {
		e.delivered(t)
		group.Tasks = append(group.Tasks, t.info)
	}
	return &executor.Event{
		Type:        executor.Event_LAUNCH_GROUP.Enum(),
		LaunchGroup: &executor.Event_LaunchGroup{TaskGroup: group},
	}
}

func (e *execution) delivered(t *task) {
	t.phase, t.group = delivered, nil
	e.waiting--
}

// limitsUpdated ends a change of limits.
func (c *Core) limitsUpdated(now time.Time, e *execution, problem string) error {
	l := &e.limits
	if !l.updating {
		return &TransitionError{e.id(), e.state, "limits updated"}
	}
	l.updating = false
	if e.over {
		return nil
	}
	if problem == "" {
		l.applied, l.failed, l.backoff = l.target, false, 0
		c.deliver(e, l.covers)
		c.touch(e)
		return nil
	}
	c.limitsFailed(now, e, problem)
	return nil
}

// limitsFailed handles limits that the kernel did not take. If it was to give
// more, the tasks that were waiting for it cannot run. If it was to give less,
// the executor has what its tasks need and more: they run, and the change is
// tried again.
func (c *Core) limitsFailed(now time.Time, e *execution, problem string) {
	l := &e.limits
	c.note(Note{
		Kind: NoteLimitsFailed, Framework: e.framework.id, Executor: e.launch.Executor,
		Container: e.id(), Text: problem,
	})
	l.failed = true
	switch {
	case e.state >= Terminating: // its end says what becomes of its tasks
	case l.shrinks() && !l.mounts:
		c.deliver(e, l.covers)
	default:
		c.dropWaiting(now, e, problem)
	}
	l.backoff = min(max(limitsRetryMin, 2*l.backoff), limitsRetryMax)
	c.timers.set(&l.retry, now.Add(l.backoff))
}

// dropWaiting ends the tasks that were to get the limits under way.
func (c *Core) dropWaiting(now time.Time, e *execution, problem string) {
	for _, t := range e.live() {
		if t.phase == queued && t.order <= e.limits.covers {
			c.end(now, t, &fate{
				state:   t.framework.lost(mesos.TaskState_TASK_GONE),
				reason:  mesos.TaskStatus_REASON_CONTAINER_UPDATE_FAILED,
				message: "the executor's container could not be given the task's resources: " + problem,
			})
		}
	}
}
