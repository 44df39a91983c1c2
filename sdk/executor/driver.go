// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/internal/session"
)

var (
	// ErrDisconnected is what SendFrameworkMessage fails with while no agent is
	// connected: messages are best effort and not kept.
	ErrDisconnected = errors.New("not connected to the agent")
	// ErrBusy is what a call fails with when too many earlier ones wait: to be sent,
	// or, status updates, to be acknowledged (see WithQueue).
	ErrBusy = errors.New("too many calls are waiting: make the call again later")
	// ErrAborted is wrapped by the error of a driver that the agent or its own
	// inability aborted.
	ErrAborted = errors.New("executor: aborted")
)

// Driver is what an executor may ask of its driver: the guide's ExecutorDriver.
// Each method returns the driver's status after it, and does nothing but that
// when the driver does not run.
//
// It is an interface, and not *MesosDriver, so that an executor can be tested
// with a driver of the author's own; embed a Driver in that to be safe from
// additions.
type Driver interface {
	// Start begins to speak with the agent, and returns at once. It fails, and the
	// driver stays DRIVER_NOT_STARTED, when the environment is not that of an
	// executor: the error names the variable. (Guide: start.)
	Start() (mesos.Status, error)

	// Stop ends the driver. Updates that were sent before it are still delivered:
	// the driver waits for their acknowledgement, 5 s at most, and, if its framework
	// checkpoints, tries for as long to reach an agent that is away. Stop returns at
	// once; Join waits. The status of an aborted driver is DRIVER_ABORTED for the
	// last time, and nothing more is sent. (Guide: stop.)
	Stop() mesos.Status

	// Abort ends the driver so that no callback comes any more and nothing more is
	// sent. (Guide: abort.)
	Abort() mesos.Status

	// Join waits until the driver was stopped or aborted and has ended. The error
	// wraps ErrAborted when it ended for an unrecoverable error. It must not be
	// called from a callback. (Guide: join.)
	Join() (mesos.Status, error)

	// Run is Start and then Join. (Guide: run.)
	Run() (mesos.Status, error)

	// SendStatusUpdate tells the scheduler of a task's state, reliably and in order
	// per task. The driver sets uuid, source, timestamp and executor_id; TASK_STAGING
	// is not an executor's to send. (Guide: see killTask, shutdown.)
	SendStatusUpdate(status *mesos.TaskStatus) (mesos.Status, error)

	// SendFrameworkMessage sends data to the scheduler, best effort: it may be lost
	// and is not repeated. (Guide: see frameworkMessage.)
	SendFrameworkMessage(data []byte) (mesos.Status, error)
}

// MesosDriver is the Driver that speaks with an agent: the guide's
// MesosExecutorDriver. It may be used by any number of goroutines.
type MesosDriver struct {
	executor Executor
	opts     options
	log      *slog.Logger
	config   Config    // set by Start
	leaving  time.Time // of the loop: when Stop waits no longer; zero = it does not wait yet

	out  *session.Outbox[*wire.Call]
	wake chan struct{} // capacity 1: an update was sent
	halt chan struct{} // closed when the driver no longer runs
	done chan struct{} // closed when loop has ended

	mu      sync.Mutex
	status  mesos.Status
	aborted bool   // and stays so when status becomes DRIVER_STOPPED
	ledger  ledger // tasks and updates that the agent has not acknowledged
	cause   error  // why the driver aborted itself
}

var _ Driver = (*MesosDriver)(nil)

// NewDriver returns a driver, not yet started, that finds its agent and what it
// must tell it in the environment. (Guide, "Create your Framework Executor".)
func NewDriver(e Executor, opts ...Option) *MesosDriver {
	o := defaults()
	for _, set := range opts {
		set(&o)
	}
	return &MesosDriver{
		executor: e,
		opts:     o,
		log:      o.log,
		out:      session.NewOutbox[*wire.Call](max(o.queue, 1)),
		wake:     make(chan struct{}, 1),
		halt:     make(chan struct{}),
		done:     make(chan struct{}),
		status:   mesos.Status_DRIVER_NOT_STARTED,
		ledger:   ledger{limit: max(o.queue, 1)},
	}
}
