// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"github.com/tepui/tepui/integration/kernel"
)

// Host is one host of a lab.
type Host struct {
	lab   *Lab
	name  string
	size  Size
	index int      // last byte of its address
	disk  string   // folder that it has as /srv
	init  *control // its PID 1; nil while it is off
}

// Name is the host's name, and Address where the others reach it.
func (h *Host) Name() string { return h.name }

// Address is the host's address in the lab's network.
func (h *Host) Address() netip.Addr {
	a := subnet.Addr().As4()
	a[3] = byte(h.index)
	return netip.AddrFrom4(a)
}

// Disk is the folder, as the test sees it, that the host has as /srv.
func (h *Host) Disk() string { return h.disk }

// Group is the cgroup, as the test sees it, that the host has as its root.
func (h *Host) Group() kernel.Group { return h.lab.group.Child(h.name) }

// PID is the host's PID 1, as the test sees it; 0 while the host is off.
func (h *Host) PID() int {
	if h.init == nil {
		return 0
	}
	return h.init.cmd.Process.Pid
}

// link is the lab's end of the host's network cable.
func (h *Host) link() string { return "lab-" + h.name }

// Boot starts a host that is off: with a fresh process table, cgroup subtree
// and network interface, and the disk that it had.
func (h *Host) Boot(ctx context.Context) (err error) {
	if h.init != nil {
		return fmt.Errorf("hosts: %s is on already", h.name)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("hosts: boot %s: %w", h.name, err), h.Crash(context.Background()))
		}
	}()
	if err := h.makeGroup(); err != nil {
		return err
	}
	h.init, err = startInit(h.Group(), machine{Name: h.name, Disk: h.disk, Names: h.lab.namesFile()})
	if err != nil {
		return err
	}
	if err := h.init.awaitReady(ctx); err != nil {
		return err
	}
	return h.plugIn()
}

func (h *Host) makeGroup() error {
	g := h.Group()
	if err := os.Mkdir(string(g), 0o755); err != nil {
		return err
	}
	if h.size.Memory > 0 {
		if err := g.Write("memory.max", strconv.FormatInt(h.size.Memory, 10)); err != nil {
			return err
		}
	}
	if h.size.CPUs > 0 {
		const period = 100_000 // µs
		return g.Write("cpu.max", fmt.Sprintf("%d %d", int64(h.size.CPUs*period), period))
	}
	return nil
}

// Crash takes the power away: first the network falls silent, so that nobody
// is told, then everything dies at once. The disk stays. It is no error if the
// host is off.
func (h *Host) Crash(ctx context.Context) error {
	errs := []error{removeLink(h.link()), h.Group().Remove(ctx)}
	if h.init != nil {
		errs = append(errs, h.init.close())
		h.init = nil
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("hosts: crash %s: %w", h.name, err)
	}
	return nil
}

// Reboot crashes a host and boots it.
func (h *Host) Reboot(ctx context.Context) error {
	if err := h.Crash(ctx); err != nil {
		return err
	}
	return h.Boot(ctx)
}

// Cut pulls the host's network cable: packets in flight are lost, connections
// hang. Heal plugs it in again.
func (h *Host) Cut() error { return setLink(h.link(), false) }

// Heal undoes Cut.
func (h *Host) Heal() error { return setLink(h.link(), true) }
