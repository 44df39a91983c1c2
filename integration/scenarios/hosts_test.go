// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/hosts"
	"github.com/tepui/tepui/integration/kernel"

	mesos "github.com/tepui/tepui/api/v1"
)

const (
	masterPort = "5050"
	agentPort  = "5051"
)

// spread is a cluster whose master and agents are on hosts of their own.
type spread struct {
	*framework.Framework
	address string // of the master
	agents  []*hosts.Host
}

// spreadOver starts a master and two agents on three hosts, and a framework on
// the machine that they are in.
func spreadOver(t *testing.T, ctx context.Context, masterFlags ...string) *spread {
	t.Helper()
	kernel.Guard(t)
	lab := hosts.New(t)
	master := newHost(t, ctx, lab, "master")
	s := &spread{address: net.JoinHostPort(master.Address().String(), masterPort)}
	daemon(t, ctx, master, s.address, append([]string{"master", "--ip", master.Address().String(), "--work_dir", "/srv/master"}, masterFlags...)...)
	for _, name := range []string{"one", "two"} {
		h := newHost(t, ctx, lab, name)
		s.startAgent(t, ctx, h)
		s.agents = append(s.agents, h)
	}
	f, err := framework.Start(s.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Framework = f
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Errorf("the framework's driver ended with: %v", err)
		}
	})
	return s
}

func newHost(t *testing.T, ctx context.Context, lab *hosts.Lab, name string) *hosts.Host {
	t.Helper()
	h, err := lab.Host(ctx, name, hosts.Size{Memory: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (s *spread) startAgent(t *testing.T, ctx context.Context, h *hosts.Host) {
	t.Helper()
	ip := h.Address().String()
	daemon(t, ctx, h, net.JoinHostPort(ip, agentPort), "agent", "--master", s.address, "--ip", ip, "--hostname", h.Name(),
		"--work_dir", "/srv/agent", "--runtime_dir", "/run/tepui", "--resources", "cpus:1;mem:128")
}

// daemon starts tepui on a host and waits until address answers. What it
// writes is shown with a failed test.
func daemon(t *testing.T, ctx context.Context, h *hosts.Host, address string, args ...string) {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(cluster.Bin(), "tepui"))
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), h.Name()+".log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("tepui %s on %s wrote (%v):\n%s", args[0], h.Name(), err, text)
		}
		log.Close()
	})
	if _, err := h.Start(ctx, hosts.Command{Args: append([]string{program}, args...), Stdout: log, Stderr: log, Alone: true}); err != nil {
		t.Fatal(err)
	}
	kernel.Await(t, patience, "tepui "+args[0]+" listens on "+h.Name(), func() (bool, error) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	})
}

// on suits offers of one host.
func on(h *hosts.Host) func(*mesos.Offer) bool {
	return func(o *mesos.Offer) bool { return o.GetHostname() == h.Name() }
}

// launchOn launches a task that sleeps on a host, waits until it runs, and
// checks that it does so below that host's cgroup, where its limit is set.
func (s *spread) launchOn(t *testing.T, ctx context.Context, h *hosts.Host, id string) {
	t.Helper()
	if _, err := s.Launch(ctx, on(h), framework.Command(id, "exec sleep 3600", 0.1, 32)); err != nil {
		t.Fatal(err)
	}
	await(t, ctx, s.Framework, id, mesos.TaskState_TASK_RUNNING)
	groups, err := h.Group().Tree()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if limit, err := g.Uint("memory.max"); err == nil && limit == 32<<20 {
			return
		}
	}
	t.Errorf("no cgroup of %s has a memory.max of 32 MiB: %s", h.Name(), groups)
}

// stillRuns tells whether no update says that the task has ended.
func (s *spread) stillRuns(t *testing.T, id string) {
	t.Helper()
	if s.Finished(id) {
		t.Errorf("task %s has ended: %v", id, s.Updates(id))
	}
}

func TestAHostCrashesAndComesBack(t *testing.T) {
	ctx := onKernel(t)
	s := spreadOver(t, ctx, "--agent_reregister_timeout", "2secs")
	one, two := s.agents[0], s.agents[1]
	s.launchOn(t, ctx, one, "lost")
	s.launchOn(t, ctx, two, "kept")
	if err := one.Crash(ctx); err != nil {
		t.Fatal(err)
	}
	wantReason(t, await(t, ctx, s.Framework, "lost", mesos.TaskState_TASK_LOST), mesos.TaskStatus_REASON_AGENT_REMOVED)
	if err := one.Boot(ctx); err != nil {
		t.Fatal(err)
	}
	s.startAgent(t, ctx, one)
	s.launchOn(t, ctx, one, "again")
	s.stillRuns(t, "kept")
}

func TestACableIsCutAndPluggedInAgain(t *testing.T) {
	ctx := onKernel(t)
	s := spreadOver(t, ctx)
	two := s.agents[1]
	s.launchOn(t, ctx, two, "patient")
	free, err := s.Offer(ctx, on(two))
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Cut(); err != nil {
		t.Fatal(err)
	}
	if err := s.AwaitRescinded(ctx, free); err != nil {
		t.Fatal(err)
	}
	s.stillRuns(t, "patient")
	if err := two.Heal(); err != nil {
		t.Fatal(err)
	}
	s.launchOn(t, ctx, two, "after")
	s.stillRuns(t, "patient")
	// A task runs from when its shell does, which may not be sleep yet.
	eventually(t, func() error {
		out, err := two.Run(ctx, "sh", "-c", "ps -e -o args= | grep -c '^sleep 3600'")
		if strings.TrimSpace(out) != "2" || err != nil {
			return fmt.Errorf("%q sleeps run on the host, %v; want 2", out, err)
		}
		return nil
	})
}
