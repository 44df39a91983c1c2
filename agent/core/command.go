// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/executor/command"
)

// newCommand returns the executor that speaks for a command task.
func (c *Core) newCommand(t *task) *command.Executor {
	opts := []command.Option{command.MaxGrace(c.cfg.MaxGrace)}
	if t.framework.has(mesos.FrameworkInfo_Capability_TASK_KILLING_STATE) {
		opts = append(opts, command.ReportKilling())
	}
	return command.New(t.info, c.cfg.KillGrace, opts...)
}

// apply carries out what the executor of a command task wants.
func (c *Core) apply(now time.Time, e *execution, effects []command.Effect) {
	for _, effect := range effects {
		switch effect := effect.(type) {
		case command.Update:
			s := c.status(now, e.task, effect.State, mesos.TaskStatus_SOURCE_EXECUTOR)
			s.Reason = effect.Reason
			if effect.Message != "" {
				s.Message = &effect.Message
			}
			c.report(now, e.task, s)
		case command.Signal:
			c.do(Signal{e.id(), effect.Sig})
		case command.Destroy:
			c.destroy(e)
		}
	}
	if at, ok := e.command.Deadline(); ok && !e.over && !e.destroying {
		c.timers.set(&e.timer, at)
	} else {
		c.timers.stop(&e.timer)
	}
}
