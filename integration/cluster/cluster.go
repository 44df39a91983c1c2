// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

// startPatience is how long a daemon may take until it listens.
const startPatience = 30 * time.Second

// Options say how a cluster differs from the plain one: a master and one agent.
type Options struct {
	Agents      int      // 0 = 1
	MasterFlags []string // more flags of the master
	AgentFlags  []string // more flags of each agent
}

// Cluster is a master and agents that run.
type Cluster struct {
	Address string // of the master, host:port
	Master  *Process
	Agents  []*Agent

	masterArgs []string
}

// Agent is one agent of a cluster.
type Agent struct {
	*Process
	Address    string // host:port
	WorkDir    string
	RuntimeDir string
}

// Start starts a cluster on loopback, and has it stopped when the test ends.
// The test fails if a daemon does not come up or does not end when asked to;
// the daemons' logs are shown with a failed test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	c := &Cluster{Address: freeAddress(t)}
	c.masterArgs = append([]string{"master", "--work_dir", t.TempDir()}, listen(c.Address)...)
	c.masterArgs = append(c.masterArgs, o.MasterFlags...)
	c.StartMaster(t)
	for range max(o.Agents, 1) {
		c.Agents = append(c.Agents, StartAgent(t, c.Address, o.AgentFlags...))
	}
	return c
}

// StartMaster starts the master, again after it has ended: with the same address
// and work directory.
func (c *Cluster) StartMaster(t testing.TB) {
	t.Helper()
	c.Master = daemon(t, c.Address, c.masterArgs)
}

// StartAgent starts one more agent of the master at address.
func StartAgent(t testing.TB, master string, flags ...string) *Agent {
	t.Helper()
	a := &Agent{Address: freeAddress(t), WorkDir: t.TempDir(), RuntimeDir: shortDir(t)}
	args := append([]string{"agent", "--master", master, "--work_dir", a.WorkDir, "--runtime_dir", a.RuntimeDir}, listen(a.Address)...)
	a.Process = daemon(t, a.Address, append(args, flags...))
	return a
}

// shortDir is a folder for the agent's unix socket, whose path may have 107
// bytes (unix(7)): that of t.TempDir has the test's name in it.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tepui-run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func listen(address string) []string {
	host, port, _ := net.SplitHostPort(address) // we made it
	return []string{"--ip", host, "--port", port, "--hostname", host}
}

// daemon starts tepui, waits until address answers, and arranges for its end.
func daemon(t testing.TB, address string, args []string) *Process {
	t.Helper()
	p, err := Run("tepui", args, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("tepui %s wrote:\n%s", args[0], p.Output())
		}
	})
	if err := p.Listens(address); err != nil {
		t.Fatal(err)
	}
	return p
}

// Listens waits until something listens at address, or the process ends.
func (p *Process) Listens(address string) error {
	deadline := time.After(startPatience)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.Done():
			return fmt.Errorf("cluster: %s ended with status %d before it listened: %s", p.name, p.ExitCode(), p.Output())
		case <-deadline:
			return fmt.Errorf("cluster: %s does not listen on %s within %s: %w", p.name, address, startPatience, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}
