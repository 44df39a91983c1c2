// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"math"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Name is what process 1 is called in process lists.
const Name = "tepui-init"

// Exit codes of process 1 when it was the one that failed. Nobody depends on
// them: the Report says more, if there was one to send it to.
const (
	exitUsage = 125 // not started by an isolator
	exitStart = 126 // the command was not started; see the Report
)

// Main is process 1 from its start to its end. It returns the code to exit
// with: the command's own, or 128 plus the number of the signal that ended it.
func Main() int {
	// Identities, no_new_privs and the parent of the command belong to a
	// thread, and all must be the same one.
	runtime.LockOSThread()
	if unix.Getpid() != 1 || unclutter() != nil {
		complain(Name + " is process 1 of a container and is started by the agent; it does nothing for people\n")
		return exitUsage
	}
	pid, report := launch()
	_ = writeAll(ControlFD, report.marshal()) // an isolator that went away kills us or adopts us; neither needs this
	unix.Close(ControlFD)
	if pid == 0 {
		return exitStart
	}
	go forward(pid)
	status := reap(pid)
	_ = writeAll(StatusFD, strconv.AppendUint(nil, uint64(status), 10)) // without it our own exit code has to do
	return exitCode(status)
}

// launch reads the Config and carries it out up to the running command.
func launch() (pid int, _ *Report) {
	payload, err := readConfig()
	if err != nil {
		return 0, failed(StepConfig, "", err)
	}
	var c Config
	if err := c.Unmarshal(payload); err != nil {
		return 0, &Report{Step: StepConfig, Object: err.Error()}
	}
	if len(c.Args) == 0 {
		return 0, failed(StepConfig, "without arguments", unix.EINVAL)
	}
	if r := deafen(); r != nil {
		return 0, r
	}
	if r := c.prepare(); r != nil {
		return 0, r
	}
	pid, r := c.start()
	if r != nil {
		return 0, r
	}
	return pid, &Report{}
}

// unclutter gives process 1 its name, hides it from the container's debuggers,
// and makes sure that the command gets nothing but 0, 1 and 2, whatever the
// isolator left open. Closing the rest would take away what our own runtime
// has opened by now.
func unclutter() error {
	name := append([]byte(Name), 0)
	if err := unix.Prctl(unix.PR_SET_NAME, addressOf(name), 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Close(ProgramFD); err != nil {
		return err
	}
	return unix.CloseRange(ControlFD, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
}

// reap waits for children, the command and orphans alike, until the command
// has ended, and returns its wait status.
func reap(command int) syscall.WaitStatus {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if pid == command && err == nil && (status.Exited() || status.Signaled()) {
			return status
		}
	}
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
