// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tepui/tepui/api/link"
)

// cutGrace is the least time that a framework has to subscribe again whose
// connection the master itself ended: it has done nothing to be removed for.
const cutGrace = time.Minute

// schedulerClosed handles the loss of a scheduler's connection: the framework
// has its failover_timeout to subscribe again.
func (c *Core) schedulerClosed(in SchedulerClosed) {
	f := c.schedulers[in.Conn]
	if f == nil {
		return
	}
	c.detach(f, "")
	wait := f.failoverTimeout()
	if in.Cut {
		wait = max(wait, cutGrace)
	}
	c.leave(f, wait)
}

// leave handles a framework whose connection has ended: it has so long to
// subscribe again.
func (c *Core) leave(f *framework, wait time.Duration) {
	c.note(Note{Level: Info, Event: "framework disconnected", Framework: f.id, Detail: wait.String()})
	f.disconnected = c.now
	if wait == 0 {
		c.endFramework(f, "disconnected, failover_timeout 0")
		return
	}
	c.rememberFramework(f)
	c.awaitReturn(f, wait)
}

// awaitReturn has a framework removed that does not subscribe in time.
func (c *Core) awaitReturn(f *framework, wait time.Duration) {
	f.failover = c.timers.set(c.now.Add(wait), func() {
		c.endFramework(f, "it did not subscribe again in "+wait.String())
	})
}

// teardown handles TEARDOWN, which ends the connection too.
func (c *Core) teardown(f *framework) {
	c.close(f.conn, CloseDone)
	c.detach(f, "")
	c.endFramework(f, "teardown")
}

// endFramework begins the removal of a framework that is detached. Its id is
// refused from now on; its tasks and executors are shut down, and hold their
// resources until their agent says that they are gone, so that nobody else is
// offered what is still in use.
func (c *Core) endFramework(f *framework, why string) {
	c.timers.stop(f.failover)
	f.ending, f.unregistered = true, c.now
	c.history.add(f)
	c.retire(f)
	c.note(Note{Level: Info, Event: "framework removed", Framework: f.id, Detail: why})
	for _, a := range agentsOf(f) {
		c.toAgent(a, shutdownFramework(f))
	}
	for _, t := range sortedTasks(f.tasks) {
		if t.resources.IsEmpty() {
			c.dropTask(t)
			c.completeTask(t, t.last)
		}
	}
	c.forgetAway(f)
	c.endOperations(f)
	c.forgetIfEmpty(f)
}

// agentsOf returns the agents on which the framework has a task or an executor,
// in order of registration.
func agentsOf(f *framework) []*agent {
	set := make(map[*agent]struct{})
	for _, t := range f.tasks {
		set[t.agent] = struct{}{}
	}
	for e := range f.executors {
		set[e.agent] = struct{}{}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b *agent) int { return cmp.Compare(a.seq, b.seq) })
}

// forgetIfEmpty drops a framework that is ending once nothing of it is left.
func (c *Core) forgetIfEmpty(f *framework) {
	if !f.ending || !f.empty() {
		return
	}
	if c.frameworks[f.id] == f {
		delete(c.frameworks, f.id)
		c.alloc.RemoveFramework(f.id)
		c.note(Note{Level: Debug, Event: "framework gone", Framework: f.id})
	}
}

func shutdownFramework(f *framework) *link.FromMaster {
	return &link.FromMaster{Message: &link.FromMaster_ShutdownFramework{
		ShutdownFramework: &link.ShutdownFramework{FrameworkId: f.protoID},
	}}
}
