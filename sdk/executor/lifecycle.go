// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// The states of a driver. Only the first transition out of DRIVER_RUNNING
// counts. An aborted driver can still be stopped, which changes its status and
// nothing else: the other side hears no more of it.
//
//	DRIVER_NOT_STARTED --Start--> DRIVER_RUNNING --Abort, error--> DRIVER_ABORTED
//	                                    |                               |
//	                                    +--Stop--> DRIVER_STOPPED <-Stop-+

// Start implements Driver.
func (d *MesosDriver) Start() (mesos.Status, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status != mesos.Status_DRIVER_NOT_STARTED {
		return d.status, nil
	}
	config, err := ReadConfig(d.opts.getenv)
	if err != nil {
		return d.status, fmt.Errorf("executor: start: %w", err)
	}
	d.config = config
	d.status = mesos.Status_DRIVER_RUNNING
	go d.loop() // Join waits for it
	return d.status, nil
}

// Stop implements Driver.
func (d *MesosDriver) Stop() mesos.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status == mesos.Status_DRIVER_ABORTED {
		d.status = mesos.Status_DRIVER_STOPPED
		return mesos.Status_DRIVER_ABORTED
	}
	d.stopRunning()
	return d.status
}

// stopRunning stops a driver that runs; it needs mu.
func (d *MesosDriver) stopRunning() {
	if d.status == mesos.Status_DRIVER_RUNNING {
		d.status = mesos.Status_DRIVER_STOPPED
		close(d.halt)
	}
}

// Abort implements Driver.
func (d *MesosDriver) Abort() mesos.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.abort(nil)
}

// abort needs mu.
func (d *MesosDriver) abort(cause error) mesos.Status {
	if d.status == mesos.Status_DRIVER_RUNNING {
		d.status, d.cause, d.aborted = mesos.Status_DRIVER_ABORTED, cause, true
		close(d.halt)
	}
	return d.status
}

// Join implements Driver.
func (d *MesosDriver) Join() (mesos.Status, error) {
	if status := d.state(); status == mesos.Status_DRIVER_NOT_STARTED {
		return status, nil
	}
	<-d.done
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status, d.cause
}

// Run implements Driver.
func (d *MesosDriver) Run() (mesos.Status, error) {
	if status, err := d.Start(); err != nil {
		return status, err
	}
	return d.Join()
}

// running tells whether callbacks may be made.
func (d *MesosDriver) running() bool {
	return d.state() == mesos.Status_DRIVER_RUNNING
}

func (d *MesosDriver) state() mesos.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// isAborted tells whether the driver was ever aborted, whatever its status is now.
func (d *MesosDriver) isAborted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.aborted
}
