// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

// A container's folder in the runtime directory has files that work without the
// process that made them.
const (
	statusFile  = "status"  // the command's wait status in decimal, written when it has ended
	signalsFile = "signals" // a named pipe: a byte in is a signal for the command
	cgroupFile  = "cgroup"  // the directory of its cgroup, if it has one
)

// makeStatus makes the container's folder, and the file there into which
// process 1 writes the wait status.
func (c *Container) makeStatus() (*os.File, error) {
	if err := c.isolator.runtime.Mkdir(c.id, 0o700); err != nil {
		return nil, existing(err)
	}
	c.folder = true
	return c.isolator.runtime.OpenFile(c.id+"/"+statusFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// noteCgroup writes down where the container's cgroup is: after a kill -9, the
// next process may have been given another tree.
func (c *Container) noteCgroup() error {
	return c.isolator.runtime.WriteFile(c.id+"/"+cgroupFile, []byte(c.group.path), 0o600)
}

// readStatus returns what process 1 wrote into the status file, or nil if it
// did not come to that.
func (c *Container) readStatus() (*syscall.WaitStatus, error) {
	text, err := c.isolator.runtime.ReadFile(c.id + "/" + statusFile)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("status file of container %s holds %q, not a wait status", c.id, text)
	}
	status := syscall.WaitStatus(n)
	return &status, nil
}

// makeSignals makes the named pipe for signals. It is opened for both directions, so
// that process 1, which inherits it, never reads an end of file.
func (c *Container) makeSignals() (*os.File, error) {
	dir, err := c.isolator.runtime.Open(c.id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if err := unix.Mkfifoat(int(dir.Fd()), signalsFile, 0o600); err != nil {
		return nil, fmt.Errorf("make named pipe %s/%s: %w", c.id, signalsFile, err)
	}
	return c.isolator.runtime.OpenFile(c.id+"/"+signalsFile, os.O_RDWR, 0)
}

// Signal sends any signal, SIGKILL included, to the command's process group. It returns
// when process 1 has it in its hands, not when the command has.
// os.ErrProcessDone, wrapped, means that the container has ended.
func (c *Container) Signal(sig syscall.Signal) error {
	if sig < 1 || sig > pid1.LastSignal {
		return fmt.Errorf("isolator: signal container %s: %d is not a signal: must be 1 to %d", c.id, int(sig), int(pid1.LastSignal))
	}
	if err := c.sendSignal(sig); err != nil {
		return fmt.Errorf("isolator: signal container %s with %v: %w", c.id, sig, err)
	}
	return nil
}

func (c *Container) sendSignal(sig syscall.Signal) error {
	select {
	case <-c.done:
		return os.ErrProcessDone
	default:
	}
	// Without waiting: a pipe that nobody reads must not hold up the caller.
	pipe, err := c.isolator.runtime.OpenFile(c.id+"/"+signalsFile, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, os.ErrNotExist) {
		return os.ErrProcessDone // nobody reads it any more
	}
	if err != nil {
		return err
	}
	defer pipe.Close()
	conn, err := pipe.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { _, failed = unix.Write(int(fd), []byte{byte(sig)}) })
	return errors.Join(err, failed)
}
