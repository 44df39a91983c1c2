// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
)

// settleLimit is how long what a scenario leaves behind has to go by itself.
const settleLimit = 15 * time.Second

// Census is what a scenario must not add to.
type Census struct {
	Groups    []Group
	Processes []Process // the kernel's own threads left out
	Mounts    []string  // "where (type)", of this mount namespace
	Links     []string  // network interfaces, of this network namespace
}

// Take counts now.
func Take() (Census, error) {
	var c Census
	root, err := Root()
	if err != nil {
		return c, err
	}
	if c.Groups, err = root.Tree(); err != nil {
		return c, err
	}
	if c.Processes, err = Processes(); err != nil {
		return c, err
	}
	mounts, err := mountinfo.GetMounts(nil)
	if err != nil {
		return c, fmt.Errorf("kernel: %w", err)
	}
	for _, m := range mounts {
		c.Mounts = append(c.Mounts, fmt.Sprintf("%s (%s)", m.Mountpoint, m.FSType))
	}
	links, err := net.Interfaces()
	if err != nil {
		return c, fmt.Errorf("kernel: %w", err)
	}
	for _, l := range links {
		c.Links = append(c.Links, l.Name)
	}
	return c, nil
}

// Added describes what is in c and was not in before, each thing in a line.
// Where other programs run too, processes count only if they descend from
// process self or live in a cgroup that was not there before; self = 0 counts
// all.
func (c Census) Added(before Census, self int) []string {
	var out []string
	for _, g := range added(before.Groups, c.Groups) {
		out = append(out, "cgroup "+string(g))
	}
	for _, m := range added(before.Mounts, c.Mounts) {
		out = append(out, "mount "+m)
	}
	for _, l := range added(before.Links, c.Links) {
		out = append(out, "network interface "+l)
	}
	for _, p := range c.Processes {
		same := func(b Process) bool { return b.PID == p.PID && b.Start == p.Start && b.Zombie() == p.Zombie() }
		if !slices.ContainsFunc(before.Processes, same) && (self == 0 || c.concerns(p, before, self)) {
			out = append(out, p.String())
		}
	}
	return out
}

// concerns tells whether a process has to do with process self.
func (c Census) concerns(p Process, before Census, self int) bool {
	if len(c.Groups) > 0 && !slices.Contains(before.Groups, c.Groups[0].Child(p.Group)) { // the first is the root
		return true
	}
	return c.descends(p, self)
}

// descends follows the parents of a process. The table is not read in one
// moment, so it may show a loop: no chain is longer than the table.
func (c Census) descends(p Process, ancestor int) bool {
	for range c.Processes {
		if p.Parent == ancestor {
			return true
		}
		i := slices.IndexFunc(c.Processes, func(q Process) bool { return q.PID == p.Parent })
		if i < 0 {
			return false
		}
		p = c.Processes[i]
	}
	return false
}

// added lists what is in after more often than in before.
func added[T comparable](before, after []T) []T {
	count := map[T]int{}
	for _, x := range before {
		count[x]++
	}
	var out []T
	for _, x := range after {
		if count[x]--; count[x] < 0 {
			out = append(out, x)
		}
	}
	return out
}

// Guard takes a census now, and fails the test if, some seconds after it and
// its later clean-ups have ended, there is a cgroup, process, zombie, mount or
// network interface that was not there before.
func Guard(t testing.TB) {
	t.Helper()
	before, err := Take()
	if err != nil {
		t.Fatal(err)
	}
	self := os.Getpid()
	if insideVM() {
		self = 0 // nothing else happens there
	}
	t.Cleanup(func() {
		var left []string
		ctx, cancel := context.WithTimeoutCause(context.Background(), settleLimit, errLate)
		defer cancel()
		err := Until(ctx, func() (bool, error) {
			after, err := Take()
			left = after.Added(before, self)
			return len(left) == 0, err
		})
		if err != nil {
			t.Errorf("%d things are left behind, %v:\n\t%s", len(left), err, strings.Join(left, "\n\t"))
		}
	})
}
