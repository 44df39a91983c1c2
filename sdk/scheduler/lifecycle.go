// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
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
	if d.framework == nil {
		return d.status, errors.New("scheduler: start: framework is nil: give NewDriver a FrameworkInfo with user and name")
	}
	if err := checkMaster(d.master); err != nil {
		return d.status, fmt.Errorf("scheduler: start: %w", err)
	}
	if err := wire.Validate(d.subscription()); err != nil {
		return d.status, fmt.Errorf("scheduler: start: %w", err)
	}
	if err := wire.ValidateConstraints(d.constraints); err != nil {
		return d.status, fmt.Errorf("scheduler: start: %w", err)
	}
	d.status = mesos.Status_DRIVER_RUNNING
	go d.loop() // Join waits for it
	return d.status, nil
}

// checkMaster tells an address from what can only be tried in vain for ever.
func checkMaster(master string) error {
	host, port, err := net.SplitHostPort(master)
	number, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || bad != nil || number == 0 {
		return fmt.Errorf("master %q: must be host:port with a port of 1 to 65535, such as 10.0.0.1:5050: zk:// and lists of masters are not supported", master)
	}
	return nil
}

// Stop implements Driver.
func (d *MesosDriver) Stop(failover bool) mesos.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.status {
	case mesos.Status_DRIVER_RUNNING:
		d.status, d.failover = mesos.Status_DRIVER_STOPPED, failover
		close(d.halt)
	case mesos.Status_DRIVER_ABORTED:
		d.status = mesos.Status_DRIVER_STOPPED
		return mesos.Status_DRIVER_ABORTED
	}
	return d.status
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
	d.mu.Lock()
	status := d.status
	d.mu.Unlock()
	if status == mesos.Status_DRIVER_NOT_STARTED {
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
