// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tepui/tepui/integration/kernel"
	"github.com/vishvananda/netlink"
)

// bridgeName and groupName are the only things of a lab that the machine sees
// by name; so there is one lab at a time.
const (
	bridgeName = "tepui-lab"
	groupName  = "tepui-lab"
)

// subnet is the lab's network. The machine itself has the first address, so
// that a test can talk to its hosts; they have 10.77.0.10 and up.
var subnet = netip.MustParsePrefix("10.77.0.0/24")

// firstHost is the last byte of the first host's address.
const firstHost = 10

// maxHosts bounds a lab.
const maxHosts = 64

// Lab is some hosts and the network between them. One goroutine uses it.
type Lab struct {
	dir    string // of the hosts' disks
	group  kernel.Group
	bridge netlink.Link
	hosts  []*Host
}

// Size is what a host has.
type Size struct {
	Memory int64   // bytes; 0 = as much as there is
	CPUs   float64 // 0 = as many as there are
}

// New makes a lab for a test, and closes it when the test ends.
func New(t testing.TB) *Lab {
	t.Helper()
	l, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Open makes a lab without hosts. Their disks are folders of dir.
func Open(dir string) (_ *Lab, err error) {
	root, err := kernel.Root()
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: dir, group: root.Child(groupName)}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if err := root.Delegate(kernel.Controllers...); err != nil {
		return nil, err
	}
	if err := os.Mkdir(string(l.group), 0o755); err != nil {
		return nil, fmt.Errorf("hosts: the lab's cgroup: %w", err)
	}
	available, err := l.group.Controllers()
	if err != nil {
		return nil, err
	}
	if err := l.group.Delegate(available...); err != nil {
		return nil, err
	}
	l.bridge, err = makeBridge(bridgeName, gateway())
	return l, err
}

// gateway is the machine's address in the lab.
func gateway() netip.Prefix { return netip.PrefixFrom(subnet.Addr().Next(), subnet.Bits()) }

// Gateway is the address at which hosts reach the machine they are in.
func (l *Lab) Gateway() netip.Addr { return gateway().Addr() }

// Host makes a host and boots it. Its name is a host name, and every host of
// the lab can resolve it.
func (l *Lab) Host(ctx context.Context, name string, size Size) (*Host, error) {
	if len(l.hosts) == maxHosts {
		return nil, fmt.Errorf("hosts: %d hosts, a lab has no more", maxHosts)
	}
	if name == "" || len(name) > 8 || strings.ContainsAny(name, "/. \n") {
		return nil, fmt.Errorf("hosts: name %q: want 1 to 8 letters, as its network interface is named after it", name)
	}
	h := &Host{lab: l, name: name, size: size, index: firstHost + len(l.hosts), disk: filepath.Join(l.dir, name)}
	if err := os.Mkdir(h.disk, 0o755); err != nil {
		return nil, fmt.Errorf("hosts: disk of %s: %w", name, err)
	}
	l.hosts = append(l.hosts, h)
	if err := l.writeNames(); err != nil {
		return nil, err
	}
	return h, h.Boot(ctx)
}

// writeNames writes the file that hosts have as /etc/hosts.
func (l *Lab) writeNames() error {
	var b strings.Builder
	fmt.Fprintf(&b, "127.0.0.1 localhost\n%s gateway\n", l.Gateway())
	for _, h := range l.hosts {
		fmt.Fprintf(&b, "%s %s\n", h.Address(), h.name)
	}
	return os.WriteFile(l.namesFile(), []byte(b.String()), 0o644)
}

func (l *Lab) namesFile() string { return filepath.Join(l.dir, "names") }

// Close crashes every host and removes the lab; the hosts' disks stay.
func (l *Lab) Close() error {
	var errs []error
	for _, h := range l.hosts {
		errs = append(errs, h.Crash(context.Background()))
	}
	if l.bridge != nil {
		errs = append(errs, removeLink(bridgeName))
	}
	return errors.Join(append(errs, l.group.Remove(context.Background()))...)
}
