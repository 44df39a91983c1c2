// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tepui/tepui/integration/vm/guest"
	"github.com/tepui/tepui/integration/vm/proto"
	"github.com/tepui/tepui/integration/vm/qmp"
)

const portName = guest.PortName

// Names of files in a machine's folder.
const (
	portFile    = "port"
	monitorFile = "monitor"
	consoleFile = "console.log"
	dataFile    = "data.ext4"
)

// Machine is a VM that runs. One goroutine uses it.
type Machine struct {
	dir     string
	proc    *process // nil if another process started it
	owner   *os.File // locked while the starter lives; nil in others
	session *session // nil between Hang and the next Greet
	unlock  func()   // ends the exclusive use of the port; nil for the starter
}

// power starts QEMU with its sockets in dir. Nobody has talked to the guest
// when it returns.
func power(dir string, l launch, state *os.File) (_ *Machine, err error) {
	owner, err := own(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			owner.Close()
		}
	}()
	console, err := os.Create(filepath.Join(dir, consoleFile))
	if err != nil {
		return nil, err
	}
	defer console.Close()
	port, err := listen(filepath.Join(dir, portFile))
	if err != nil {
		return nil, err
	}
	defer port.Close()
	monitor, err := listen(filepath.Join(dir, monitorFile))
	if err != nil {
		return nil, err
	}
	defer monitor.Close()
	files := []*os.File{port, monitor}
	if state != nil {
		files = append(files, state)
	}
	p, err := startProcess(l.args(), files, console)
	if err != nil {
		return nil, err
	}
	return &Machine{dir: dir, proc: p, owner: owner}, nil
}

// listen makes a listening unix socket for QEMU to inherit. Since it listens
// already, whoever dials it need not wait for QEMU.
func listen(name string) (*os.File, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("vm: %w", err)
	}
	l.SetUnlinkOnClose(false)
	f, err := l.File()
	return f, errors.Join(err, l.Close())
}

// Attach opens a session with a machine that another process started in dir,
// waiting for others to end theirs.
func Attach(ctx context.Context, dir string) (*Machine, error) {
	if _, err := os.Stat(filepath.Join(dir, portFile)); err != nil {
		return nil, fmt.Errorf("vm: no machine is up here: %w", err)
	}
	unlock, err := lockFile(ctx, filepath.Join(dir, "session.lock"))
	if err != nil {
		return nil, err
	}
	m := &Machine{dir: dir, unlock: unlock}
	if err := m.Greet(ctx, true); err != nil {
		unlock()
		return nil, err
	}
	return m, nil
}

// Greet opens a session: the guest sets its clock and randomness, and mounts
// the data disk if there is one. It waits for a guest that still boots.
func (m *Machine) Greet(ctx context.Context, data bool) error {
	seed := make([]byte, 32)
	rand.Read(seed) // never fails
	s, err := openSession(ctx, filepath.Join(m.dir, portFile), proto.Greeting{
		Session: hex.EncodeToString(seed[:8]),
		Now:     time.Now(),
		Seed:    seed,
		Data:    data,
	})
	if err != nil {
		return m.explain("greet the guest", err)
	}
	m.session = s
	return nil
}

// Kernel returns the release of the guest's kernel and how long it had been
// up when the session began.
func (m *Machine) Kernel() (release string, uptime time.Duration) {
	return m.session.welcome.Kernel, m.session.welcome.Uptime
}

// Dir is the folder with the machine's sockets, for [Attach], and its console.
func (m *Machine) Dir() string { return m.dir }

// Hang ends the session; the machine goes on.
func (m *Machine) Hang() error {
	if m.unlock != nil {
		defer m.unlock()
	}
	if m.session == nil {
		return nil
	}
	s := m.session
	m.session = nil
	return s.conn.Close()
}

// Ended is closed when the machine has ended; nil if another process started
// it.
func (m *Machine) Ended() <-chan struct{} {
	if m.proc == nil {
		return nil
	}
	return m.proc.ended
}

// Stop ends a machine at once, and removes its folder.
func (m *Machine) Stop() error {
	err := m.Hang()
	if m.proc == nil {
		return errors.Join(err, m.quit())
	}
	return errors.Join(err, m.proc.kill(), os.RemoveAll(m.dir), m.owner.Close())
}

// quit tells a QEMU that is not ours to end; its starter cleans up.
func (m *Machine) quit() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := qmp.Dial(ctx, filepath.Join(m.dir, monitorFile))
	if err != nil {
		return err
	}
	return errors.Join(c.Execute(ctx, "quit", nil, nil), c.Close())
}

// explain adds to an error what the machine's console said last, and how QEMU
// ended if it did.
func (m *Machine) explain(what string, err error) error {
	status := ""
	if m.proc != nil {
		select {
		case <-m.proc.ended:
			status = fmt.Sprintf("; QEMU ended (%v)", m.proc.err)
		case <-time.After(100 * time.Millisecond): // its end and the port's come together, in any order
		}
	}
	return fmt.Errorf("vm: %s: %w%s; the console's last lines:%s", what, err, status, m.console())
}

func (m *Machine) console() string {
	b, err := os.ReadFile(filepath.Join(m.dir, consoleFile))
	if err != nil {
		return "\n\t" + err.Error()
	}
	if len(b) == 0 {
		return "\n\t(none)"
	}
	text := strings.ReplaceAll(string(b), "\r", "")
	if i := strings.Index(text, "Kernel panic"); i >= 0 { // what follows it says less
		text = text[i:min(len(text), i+tail)]
	}
	return lastOf(text)
}
