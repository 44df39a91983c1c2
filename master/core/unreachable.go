// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

// Rate is how many of something there may be in a time, evenly spread.
type Rate struct {
	N   int
	Per time.Duration
}

const (
	// removedAtOnce is how many agents become unreachable in one go, with
	// removalPause between two: every framework is told of each, so that all
	// agents of a large cluster at once would be more than any queue takes.
	removedAtOnce = 100
	removalPause  = 100 * time.Millisecond
)

// giveUp has an agent become unreachable when its turn comes, unless it comes
// back before.
func (c *Core) giveUp(a *agent, why string) {
	if a.overdue == "" {
		c.note(Note{Level: Info, Event: "agent overdue", Agent: a.id, Detail: why})
	}
	a.overdue = why
	if a.queued {
		return
	}
	a.queued = true
	c.overdue = append(c.overdue, a)
	if c.removal == nil {
		at := c.now
		if c.nextTurn.After(at) {
			at = c.nextTurn
		}
		c.removal = c.timers.set(at, c.takeTurns)
	}
}

// leaveQueue takes an agent that has left in another way out of those that wait for
// their turn.
func (c *Core) leaveQueue(a *agent) {
	if a.overdue = ""; a.queued {
		a.queued = false
		c.overdue = slices.DeleteFunc(c.overdue, func(other *agent) bool { return other == a })
	}
}

// takeTurns makes the next agents unreachable that were given up and are still
// away, and comes back for the rest.
func (c *Core) takeTurns() {
	n, pause := removedAtOnce, removalPause
	if r := c.cfg.AgentRemovalRate; r.N > 0 {
		n, pause = 1, r.Per/time.Duration(r.N)
	}
	for n > 0 && len(c.overdue) > 0 {
		a := c.overdue[0]
		c.overdue[0], c.overdue = nil, c.overdue[1:]
		a.queued = false
		if a.overdue != "" {
			c.nextTurn = c.now.Add(pause)
			c.markUnreachable(a, a.overdue)
			n--
		}
	}
	if len(c.overdue) == 0 {
		c.overdue, c.removal = nil, nil
		return
	}
	c.removal = c.timers.set(c.nextTurn, c.takeTurns)
}

// markUnreachable takes an agent out of the cluster that may still come back. Its
// tasks are told so: what they are doing, nobody knows.
func (c *Core) markUnreachable(a *agent, why string) {
	c.depart(a, agentOverdue, why, loss{
		precise: mesos.TaskState_TASK_UNREACHABLE, reason: mesos.TaskStatus_REASON_AGENT_REMOVED,
		message: "agent " + a.info.GetHostname() + " is unreachable: " + why, since: timeInfo(c.now),
	})
}

// loseAway tells the tasks of an unreachable agent that it will never come back.
// Frameworks without PARTITION_AWARE have been told so before.
func (c *Core) loseAway(a *agent, l loss) {
	if a.state == AgentUnreachable {
		return
	}
	for _, t := range sortedTasks(a.away) {
		c.loseOne(t, l)
	}
}

// loseOne tells a task that was unreachable that it is lost.
func (c *Core) loseOne(t *task, l loss) {
	t.framework.unreachable.remove(t)
	end := ending{state: t.framework.lostState(l.precise), at: seconds(c.now), reason: l.reason, message: l.message}
	if t.framework.caps.PartitionAware {
		end = c.tellLost(t, l)
	}
	c.completeTask(t, end)
}

// forgetAway completes the unreachable tasks of a framework that is removed.
func (c *Core) forgetAway(f *framework) {
	for f.unreachable.len() > 0 {
		for t := range f.unreachable.all() {
			f.unreachable.remove(t)
			c.completeTask(t, t.last)
			break
		}
	}
}
