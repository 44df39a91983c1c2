// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tepui/tepui/integration/vm/proto"
	"golang.org/x/sys/unix"
)

// gone is received instead of a frame when the host has closed the port.
var gone = proto.Frame{}

// server is the runner: it answers the sessions that the host opens at the
// port, one after the other.
type server struct {
	conn    *proto.Conn
	frames  <-chan proto.Frame
	console io.Writer
	group   string // cgroup folder in which commands start; "" = the runner's own
	mounted bool   // the data disk
}

// serve runs until the host asks to power off.
func serve() error {
	port, err := openPort(PortName, 10*time.Second)
	if err != nil {
		return fmt.Errorf("vm-guest: open the port to the host: %w", err)
	}
	group, err := leaveOwnGroup("/sys/fs/cgroup")
	if err != nil {
		return fmt.Errorf("vm-guest: leave the service's cgroup to the tests: %w", err)
	}
	frames := make(chan proto.Frame)
	conn := proto.NewConn(port)
	go receive(conn, frames) // ends with this process: the port cannot be closed under a reader
	s := &server{conn: conn, frames: frames, console: os.Stdout, group: group}
	return s.loop()
}

// receive passes on what the host sends. A port without a host at its other
// end reads as an end of file, again and again.
func receive(conn *proto.Conn, frames chan<- proto.Frame) {
	connected := false
	for {
		f, err := conn.Receive()
		switch {
		case err == nil:
			connected = true
			frames <- f
		case connected:
			connected = false
			frames <- gone
		default:
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func (s *server) loop() error {
	for f := range s.frames {
		var err error
		switch f.Kind {
		case proto.Hello:
			err = s.greet(f)
		case proto.Run:
			err = s.run(f)
		case proto.PowerOff:
			return powerOff()
		case gone.Kind, proto.Signal: // a signal may cross the end of its command
		default:
			err = fmt.Errorf("unexpected frame %q", f.Kind)
		}
		if err != nil {
			fmt.Fprintln(s.console, "vm-guest:", err)
		}
	}
	return errors.New("vm-guest: the port is closed")
}

func powerOff() error {
	unix.Sync()
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// greet answers a Hello: what the host says about time, randomness and the
// data disk has become true when Ready is sent.
func (s *server) greet(f proto.Frame) error {
	var g proto.Greeting
	if err := f.Decode(&g); err != nil {
		return err
	}
	w := proto.Welcome{Session: g.Session}
	if err := s.carryOut(g); err != nil {
		w.Error = err.Error()
	}
	w.Kernel, w.Uptime = kernel()
	return s.conn.SendJSON(proto.Ready, w)
}

func (s *server) carryOut(g proto.Greeting) error {
	if err := setClock(g.Now); err != nil {
		return err
	}
	if err := mixEntropy(g.Seed); err != nil {
		return err
	}
	if !g.Data || s.mounted {
		return nil
	}
	if err := mountData("/dev/vdb", "/data"); err != nil {
		return err
	}
	s.mounted = true
	return nil
}
