// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/tepui/tepui/sdk/scheduler"
)

// killPatience is how long an interrupted run waits for its task to end, and for
// a master that is away to come back.
const killPatience = 20 * time.Second

// giveUp ends a run before its task has, for the reason why. The exit status is
// code if that is certain.
func (a *app) giveUp(o *oneOff, driver scheduler.Driver, why string, code int) error {
	now := o.standing()
	switch {
	case now.launched && now.connected:
		o.say("%s: killing the task", why)
		return a.kill(o, driver, code)
	case now.launched:
		o.say("%s: the master is away, waiting up to %v for it to kill the task", why, killPatience)
		return a.kill(o, driver, code)
	case now.connected:
		o.say("%s: no offer had room for the task", why)
	default:
		o.say("%s: there is no master, the task was not launched", why)
		if code == exitTimeout {
			code = exitNoCluster
		}
	}
	return &exitError{code}
}

// kill ends the task and waits until it has ended, but not for ever: as long as
// the master is there, the end of the framework ends the task too.
func (a *app) kill(o *oneOff, driver scheduler.Driver, code int) error {
	patience := time.After(killPatience)
	for {
		_, err := driver.KillTask(o.task.TaskId)
		if err != nil && o.standing().connected {
			o.say("%v", err)
		}
		select {
		case end := <-o.result:
			if end.err != nil {
				return a.exit(end)
			}
			o.sayWhere(context.Background(), end)
			return &exitError{code}
		case <-o.back: // what was asked of it before may not have arrived
		case <-patience:
			if now := o.standing(); !now.connected {
				o.say("the master cannot be reached: the task may still run on %s", now.host)
				code = exitLost
			}
			return &exitError{code}
		}
	}
}
