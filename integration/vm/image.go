// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/tepui/tepui/integration/vm/qmp"
)

// bootLimit is how long a machine has to boot, and restoreLimit to answer
// after it was restored; both are some thirty times what a quiet host needs.
const (
	bootLimit    = 3 * time.Minute
	restoreLimit = 30 * time.Second
)

// Flavour is a way to boot the machine.
type Flavour struct {
	Name   string   // vm.init on the kernel's command line
	settle []string // command to run before the snapshot
}

// The flavours: without and with systemd as PID 1.
var (
	Plain   = Flavour{Name: "plain"}
	Systemd = Flavour{Name: "systemd", settle: []string{"systemctl", "is-system-running", "--wait"}}
)

// FlavourNamed returns the flavour of a name.
func FlavourNamed(name string) (Flavour, error) {
	for _, f := range []Flavour{Plain, Systemd} {
		if f.Name == name {
			return f, nil
		}
	}
	return Flavour{}, fmt.Errorf("vm: no flavour %q: there are plain and systemd", name)
}

// Config says what to make an image from.
type Config struct {
	Cache   string // folder of the store
	Program string // file of the guest's program, cmd/vm-guest, a static binary
	Flavour Flavour
	Accel   Accel  // "" = find out what works here
	Mirror  string // Debian mirror for the userland; "" = what mmdebstrap takes
	Log     *slog.Logger
}

// Image is all that it takes to restore a machine.
type Image struct {
	launch launch
	state  string // file
}

// Prepare returns the image of a configuration, making what is missing. With
// everything in the cache that takes some ten milliseconds, from nothing about
// half a minute and the download of some 100 MB.
func Prepare(ctx context.Context, c Config) (*Image, error) {
	program, err := readStatic(c.Program)
	if err != nil {
		return nil, fmt.Errorf("vm: the guest's program: %w", err)
	}
	version, err := qemuVersion(ctx)
	if err != nil {
		return nil, err
	}
	s := NewStore(c.Cache, c.Log)
	k, err := getKernel(ctx, s)
	if err != nil {
		return nil, err
	}
	l := launch{flavour: c.Flavour, kernel: k.vmlinuz(), accel: c.Accel}
	if l.root, err = getRoot(ctx, s, k, c.Mirror); err != nil {
		return nil, err
	}
	if l.initramfs, err = getInitramfs(ctx, s, program, k); err != nil {
		return nil, err
	}
	if l.accel == "" {
		if l.accel, err = findAccel(ctx, s, version, l); err != nil {
			return nil, err
		}
	}
	return snapshot(ctx, s, version, l)
}

// snapshot boots the machine and keeps its state, unless it was kept before.
func snapshot(ctx context.Context, s *Store, version string, l launch) (*Image, error) {
	dir, err := s.Get(ctx, Artifact{
		Kind:   "snapshot-" + l.flavour.Name,
		Inputs: append([]string{version, dataSize}, l.args()...),
		Build:  func(ctx context.Context, dir string) error { return buildSnapshot(ctx, dir, l) },
	})
	if err != nil {
		return nil, err
	}
	l.restore = true
	return &Image{l, filepath.Join(dir, "state")}, nil
}

func buildSnapshot(ctx context.Context, dir string, l launch) (err error) {
	m, err := boot(ctx, l, bootLimit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Stop()) }()
	ctx, cancel := context.WithTimeoutCause(ctx, bootLimit, errors.New("the guest does not come to rest"))
	defer cancel()
	if err := m.settle(ctx, l.flavour.settle); err != nil {
		return err
	}
	if err := m.Hang(); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "state"))
	if err != nil {
		return err
	}
	return errors.Join(m.save(ctx, f), f.Close())
}

// boot starts a machine with an empty data disk and waits for its runner.
func boot(ctx context.Context, l launch, limit time.Duration) (*Machine, error) {
	dir, err := tempFolder()
	if err != nil {
		return nil, err
	}
	l.data = filepath.Join(dir, dataFile)
	if err := makeDataDisk(ctx, l.data, filepath.Join(dir, "empty"), nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	m, err := power(dir, l, nil)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	if err := m.Greet(ctx, false); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

// settle runs the command after which the machine is at rest.
func (m *Machine) settle(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var out bytes.Buffer
	res, err := m.Exec(ctx, Command{Args: args, Stdout: &out, Stderr: &out})
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("vm: %s: exit code %d%s", args, res.Code, lastOf(out.String()))
	}
	return err
}

// save writes the machine's state to a file.
func (m *Machine) save(ctx context.Context, f *os.File) error {
	c, err := qmp.Dial(ctx, filepath.Join(m.dir, monitorFile))
	if err != nil {
		return m.explain("save the state", err)
	}
	return errors.Join(c.Save(ctx, f), c.Close())
}

// Start restores a fresh machine, with content on its data disk, in dir, ""
// for a temporary folder. It answers when Start returns.
func (i *Image) Start(ctx context.Context, dir string, content []Data) (_ *Machine, err error) {
	if dir == "" {
		dir, err = tempFolder()
	} else {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("vm: the machine's folder: %w", err)
	}
	m, err := i.restore(ctx, dir, content)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, restoreLimit, fmt.Errorf("no answer within %s", restoreLimit))
	defer cancel()
	if err := m.Greet(ctx, true); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

func (i *Image) restore(ctx context.Context, dir string, content []Data) (*Machine, error) {
	l := i.launch
	l.data = filepath.Join(dir, dataFile)
	scratch := filepath.Join(dir, "data")
	if err := makeDataDisk(ctx, l.data, scratch, content); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(scratch); err != nil {
		return nil, err
	}
	state, err := os.Open(i.state)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return power(dir, l, state)
}
