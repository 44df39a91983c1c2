// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// Check tells the first invariant that does not hold. It looks at everything,
// and is for tests and audits.
func (c *Core) Check() error {
	if err := c.ledger.Check(); err != nil {
		return err
	}
	for _, e := range c.executions() {
		if err := c.checkExecution(e); err != nil {
			return fmt.Errorf("core: container %s (%v): %w", e.id(), e.state, err)
		}
	}
	for _, t := range c.allTasks() {
		if err := c.checkTask(t); err != nil {
			return fmt.Errorf("core: task %s of framework %s: %w", t.id, t.framework.id, err)
		}
	}
	if c.drain != nil && c.isEmpty() || len(c.idle) > 0 {
		return errors.New("core: the agent is drained, and does not notice")
	}
	return errors.Join(c.checkOperations(), c.checkAccounts(), c.checkFrameworks(), c.checkConns(), c.checkTimers())
}

func (c *Core) checkExecution(e *execution) error {
	a := c.ledger.accounts[e.id()]
	switch {
	case c.containers[e.id()] != e || e.state == Terminated:
		return errors.New("it should have been forgotten")
	case e.over != (a == nil):
		return fmt.Errorf("over is %v, but its account is %v", e.over, a)
	case e.over && (len(e.tasks) > 0 || e.waiting > 0 || e.conn != 0 || e.timer.place > 0 || e.drain.place > 0):
		return errors.New("it is over, but has tasks, a connection or a timer")
	case e.over && e.state != Terminating:
		return errors.New("it is over, but not terminating")
	case e.over && !e.destroying:
		return errors.New("it is over, but nobody destroys its container")
	case e.destroying && e.state != Terminating:
		return errors.New("it is destroyed, but not terminating")
	case e.isCommand() && e.conn != 0:
		return errors.New("a command task has a connection")
	case c.drain != nil && !e.isCommand() && e.state < Terminating && (len(e.tasks) == 0 || e.drain.place == 0):
		return errors.New("it goes on, while the agent is drained")
	case e.state == Registering && e.timer.place == 0:
		return errors.New("it registers without a timeout")
	case e.state == Running && !e.isCommand() && (e.conn == 0) != (e.timer.place > 0):
		return fmt.Errorf("connection %d, but waiting for one: %v", e.conn, e.timer.place > 0)
	case e.state == Terminating && !e.destroying && e.timer.place == 0:
		return errors.New("it terminates without end")
	}
	return c.checkExecutionTasks(e, a)
}

func (c *Core) checkExecutionTasks(e *execution, a *account) error {
	waiting := 0
	for id, t := range e.tasks {
		if e.framework.tasks[id] != t || t.executor != e || t.phase == ended {
			return fmt.Errorf("task %s is not one of its live tasks", id)
		}
		if t.phase == queued {
			waiting++
		}
		for _, m := range t.group {
			if m.phase != queued || m.executor != e {
				return fmt.Errorf("task %s waits without task %s of its group", id, m.id)
			}
		}
		if held, ok := a.tasks[t.holder()]; !ok || !held.Equal(t.resources) {
			return fmt.Errorf("task %s holds %s, the ledger says %s", id, t.resources, held)
		}
	}
	if waiting != e.waiting {
		return fmt.Errorf("%d tasks are queued, it counts %d", waiting, e.waiting)
	}
	inQueue := 0
	for _, t := range e.queue {
		if t.phase == queued {
			inQueue++
		}
	}
	if inQueue != waiting {
		return fmt.Errorf("%d tasks are queued, its queue has %d", waiting, inQueue)
	}
	if a != nil && len(a.tasks) != len(e.tasks) {
		return fmt.Errorf("%d tasks live, %d have resources", len(e.tasks), len(a.tasks))
	}
	return nil
}

func (c *Core) checkTask(t *task) error {
	s := &t.updates
	switch {
	case t.framework.tasks[t.id] != t || c.frameworks[t.framework.id] != t.framework:
		return errors.New("nobody knows it")
	case t.phase != ended && (t.executor == nil || t.executor.over || t.executor.tasks[t.id] != t):
		return errors.New("it lives without an executor")
	case t.phase != ended && (s.terminal || mesos.Terminal(t.latest)):
		return errors.New("it lives after a terminal update")
	case t.phase == ended && !s.terminal:
		return errors.New("it ended without a terminal update")
	case t.phase == ended && (s.closed() || c.leaving):
		return errors.New("it is over and should have been forgotten")
	case (s.retry.place > 0) != (c.link == registered && len(s.pending) > 0):
		return fmt.Errorf("%d updates are pending, a timer runs: %v, registered: %v",
			len(s.pending), s.retry.place > 0, c.link == registered)
	}
	for i, u := range s.pending {
		if mesos.Terminal(u.GetState()) && i != len(s.pending)-1 {
			return errors.New("an update follows its terminal one")
		}
	}
	return nil
}

func (c *Core) checkAccounts() error {
	for id := range c.ledger.accounts {
		if c.containers[id] == nil {
			return fmt.Errorf("core: container %s has an account, but is not there", id)
		}
	}
	return nil
}

func (c *Core) checkFrameworks() error {
	live := map[*framework]int{}
	for _, e := range c.containers {
		live[e.framework]++
	}
	for id, f := range c.frameworks {
		if f.live != live[f] {
			return fmt.Errorf("core: framework %s has %d executors, it counts %d", id, live[f], f.live)
		}
		if f.empty() {
			return fmt.Errorf("core: framework %s has nothing and should have been forgotten", id)
		}
		for eid, e := range f.executors {
			if c.containers[e.id()] != e {
				return fmt.Errorf("core: executor %s of framework %s is not there", eid, id)
			}
		}
	}
	return nil
}

func (c *Core) checkConns() error {
	for conn, e := range c.conns {
		if e.conn != conn && e.early.id() != conn || e.over {
			return fmt.Errorf("core: connection %d belongs to container %s, which does not have it", conn, e.id())
		}
	}
	return nil
}

func (c *Core) checkTimers() error {
	if (c.silence.place > 0) != (c.link == registered && c.pingTimeout > 0) {
		return fmt.Errorf("core: a ping is awaited: %v, but the link is %d and promises one within %v",
			c.silence.place > 0, c.link, c.pingTimeout)
	}
	for i, t := range c.timers {
		if t.place != i+1 || t.fire == nil {
			return fmt.Errorf("core: timer %d thinks that it is at %d", i, t.place-1)
		}
	}
	return nil
}
