// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"fmt"
	"time"

	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/internal/session"
)

// finish delivers what was sent before Stop: it waits until every update is
// acknowledged, lets the last calls leave, and waits for the agent to hang up.
// After Abort it does nothing.
func (d *MesosDriver) finish(c *conversation) {
	if d.isAborted() || !c.subscribed {
		return
	}
	timer := time.NewTimer(d.remaining())
	defer timer.Stop()
	if d.await(c, timer.C, d.delivered) {
		d.out.Drain()
		d.await(c, timer.C, func() bool { return false })
	}
}

// remaining is how much is left of the time that Stop may take, which begins
// with the first use.
func (d *MesosDriver) remaining() time.Duration {
	if d.leaving.IsZero() {
		d.leaving = time.Now().Add(stopTimeout)
	}
	return time.Until(d.leaving)
}

// deliver tells what is kept after Stop to an agent that was lost, if it comes
// back in time. Without checkpointing it would not know the executor.
func (d *MesosDriver) deliver() {
	wait := d.backoff()
	again := d.config.Checkpoint && !d.isAborted()
	for again && !d.delivered() && d.remaining() > 0 {
		err := d.reconnect()
		if fatal(err) {
			d.log.Warn("updates not delivered: refused", "agent", d.address(), "error", session.Reason(err))
			return
		}
		if !d.delivered() {
			time.Sleep(min(wait.Next(), d.remaining()))
		}
	}
}

// reconnect holds a conversation without callbacks: it is over when all is
// delivered, or the time is.
func (d *MesosDriver) reconnect() error {
	c := d.open()
	defer c.Close()
	timer := time.NewTimer(d.remaining())
	defer timer.Stop()
	for {
		select {
		case event, ok := <-c.Events():
			if !ok {
				return c.Err()
			}
			if t := event.GetType(); t == wire.Event_SUBSCRIBED || t == wire.Event_SHUTDOWN {
				d.accepted(c)
				d.finish(c)
				return nil
			}
		case <-timer.C:
			return nil
		}
	}
}

// shutdown calls Shutdown and stops the driver, unless that did, when the executor has
// nothing left to tell, at the latest after the grace period. To an executor that comes
// back the agent may say SHUTDOWN instead of SUBSCRIBED.
func (d *MesosDriver) shutdown(c *conversation) {
	if !c.subscribed {
		d.accepted(c)
	}
	timer := d.callShutdown()
	defer timer.Stop()
	if !d.running() { // the callback has ended it: of its tasks nothing more can be told
		return
	}
	d.await(c, timer.C, d.idle)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopRunning() // not Stop, which would take an abortion for its own
}

// abandon is shutdown for an executor whose agent stays away: there is no one
// to tell, so it ends when its tasks have.
func (d *MesosDriver) abandon(reason error) {
	timer := d.callShutdown()
	defer timer.Stop()
	for !d.quiet() && d.running() {
		select {
		case <-d.wake:
			continue
		case <-d.halt:
		case <-timer.C:
		}
		break
	}
	d.end(fmt.Sprintf("agent at %s lost: %s", d.address(), session.Reason(reason)))
}

// callShutdown calls back and returns a timer of what is left of the grace
// period. A callback that outlasts it ends with the process.
func (d *MesosDriver) callShutdown() *time.Timer {
	begin := time.Now()
	stuck := time.AfterFunc(d.config.ShutdownGrace, func() { d.opts.exit(1) })
	d.executor.Shutdown(d)
	stuck.Stop()
	return time.NewTimer(d.config.ShutdownGrace - time.Since(begin))
}

// await reads acknowledgements until done holds, and makes no callbacks. It
// reports false when the conversation or the time ended first, or the driver
// was stopped while it ran.
func (d *MesosDriver) await(c *conversation, timeout <-chan time.Time, done func() bool) bool {
	halt := d.halt
	if !d.running() {
		halt = nil
	}
	for !done() {
		select {
		case event, ok := <-c.Events():
			if !ok {
				return false
			}
			d.acknowledged(event.GetAcknowledged())
		case <-halt:
			return false
		case <-timeout:
			return false
		}
	}
	return true
}

// delivered tells that no update waits for its acknowledgement.
func (d *MesosDriver) delivered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ledger.updates) == 0
}

// quiet tells that every task has had its terminal update.
func (d *MesosDriver) quiet() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ledger.live) == 0
}

func (d *MesosDriver) idle() bool { return d.quiet() && d.delivered() }
