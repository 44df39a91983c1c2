// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"math"
	"syscall"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
)

// Option changes what New builds.
type Option func(*Executor)

// ReportKilling makes the executor report TASK_KILLING when a kill begins. It
// is for frameworks with the TASK_KILLING_STATE capability.
func ReportKilling() Option { return func(e *Executor) { e.reportKilling = true } }

// MaxGrace bounds every grace period, whoever asks for it.
func MaxGrace(d time.Duration) Option { return func(e *Executor) { e.maxGrace = d } }

// Executor drives one command task. It is not safe for concurrent use.
type Executor struct {
	task          *mesos.TaskInfo
	grace         time.Duration // between SIGTERM and the container's end
	maxGrace      time.Duration // of any grace
	reportKilling bool

	state      State
	overtime   bool      // stopped because of max_completion_time
	completeBy time.Time // when max_completion_time is over; zero without one
	destroyAt  time.Time // when the grace is over; set in Stopping
}

// New returns the executor of a task that has not started yet. grace is the
// time between SIGTERM and the end of the container where neither the task's
// kill policy nor a kill says another.
func New(task *mesos.TaskInfo, grace time.Duration, opts ...Option) *Executor {
	e := &Executor{task: task, grace: grace, maxGrace: math.MaxInt64}
	if p := task.GetKillPolicy(); p.GetGracePeriod() != nil {
		e.grace = graceOf(p)
	}
	for _, opt := range opts {
		opt(e)
	}
	return e
}

// State tells where the command is.
func (e *Executor) State() State { return e.state }

// Stopped tells whether the command was asked to end, or has ended.
func (e *Executor) Stopped() bool { return e.state >= Stopping }

// Started says that the command has been exec'ed.
func (e *Executor) Started(now time.Time) []Effect {
	if !e.move(started) {
		return nil
	}
	if d := e.task.GetMaxCompletionTime(); d != nil {
		e.completeBy = now.Add(time.Duration(d.GetNanoseconds()))
	}
	return []Effect{Update{State: mesos.TaskState_TASK_RUNNING}}
}

// Exited says that the command has ended, with its wait status.
func (e *Executor) Exited(_ time.Time, status syscall.WaitStatus) []Effect {
	asked := e.state == Stopping || e.state == Destroying
	if !e.move(exited) {
		return nil
	}
	u := Update{State: mesos.TaskState_TASK_FAILED, Message: "command " + Words(status)}
	switch {
	case asked && e.overtime:
		u.Reason = mesos.TaskStatus_REASON_MAX_COMPLETION_TIME_REACHED.Enum()
		u.Message = "max_completion_time of " + e.completionTime().String() + " reached: " + u.Message
	case asked:
		u.State = mesos.TaskState_TASK_KILLED
	case status.Exited() && status.ExitStatus() == 0:
		u.State = mesos.TaskState_TASK_FINISHED
	}
	return []Effect{u}
}

// Kill ends the command: SIGTERM now, and the whole container when the grace
// period is over. The grace of policy, if it has one, replaces the task's. A
// further Kill can only shorten the time that is left.
func (e *Executor) Kill(now time.Time, policy *mesos.KillPolicy) []Effect {
	grace := e.grace
	if policy.GetGracePeriod() != nil {
		grace = graceOf(policy)
	}
	return e.stop(now, grace)
}

// Shutdown ends the command as Kill with no policy does.
func (e *Executor) Shutdown(now time.Time) []Effect { return e.stop(now, e.grace) }

func (e *Executor) stop(now time.Time, grace time.Duration) []Effect {
	before := e.state
	if before == Stopping || before == Destroying {
		e.overtime = false // a kill is the stronger cause
	}
	if before == Stopping {
		if end := now.Add(grace); end.Before(e.destroyAt) {
			e.destroyAt = end
		}
		return e.Tick(now)
	}
	if !e.move(stop) {
		return nil
	}
	if before == Pending {
		return []Effect{
			Update{
				State:   mesos.TaskState_TASK_KILLED,
				Message: "killed before the command started",
				Reason:  mesos.TaskStatus_REASON_TASK_KILLED_DURING_LAUNCH.Enum(),
			},
			Destroy{},
		}
	}
	e.destroyAt = now.Add(min(grace, e.maxGrace))
	var effects []Effect
	if e.reportKilling && !e.overtime {
		effects = append(effects, Update{State: mesos.TaskState_TASK_KILLING})
	}
	effects = append(effects, Signal{Sig: syscall.SIGTERM})
	return append(effects, e.Tick(now)...)
}

// Tick says what time it is. It has an effect only when a Deadline has passed.
func (e *Executor) Tick(now time.Time) []Effect {
	switch {
	case e.state == Running && !e.completeBy.IsZero() && !now.Before(e.completeBy):
		e.overtime = true
		return e.stop(now, e.grace)
	case e.state == Stopping && !now.Before(e.destroyAt):
		e.move(graceOver)
		return []Effect{Destroy{}}
	default:
		return nil
	}
}

// Deadline is when Tick has something to do, if nothing else happens first.
func (e *Executor) Deadline() (time.Time, bool) {
	switch {
	case e.state == Running && !e.completeBy.IsZero():
		return e.completeBy, true
	case e.state == Stopping:
		return e.destroyAt, true
	default:
		return time.Time{}, false
	}
}

// move follows the table and tells whether it had an arrow for the event.
func (e *Executor) move(ev event) bool {
	to, ok := next[e.state][ev]
	if ok {
		e.state = to
	}
	return ok
}

func (e *Executor) completionTime() time.Duration {
	return time.Duration(e.task.GetMaxCompletionTime().GetNanoseconds())
}

// graceOf is the grace period of a policy that has one; a negative one is none.
func graceOf(p *mesos.KillPolicy) time.Duration {
	return max(0, time.Duration(p.GetGracePeriod().GetNanoseconds()))
}
