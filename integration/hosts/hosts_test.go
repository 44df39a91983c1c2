// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/hosts"
	"github.com/tepui/tepui/integration/kernel"
)

func TestMain(m *testing.M) {
	hosts.Main()
	os.Exit(m.Run())
}

const limit = time.Minute

// lab makes a lab with hosts of these names, and checks at the end that
// nothing of it is left.
func lab(t *testing.T, names ...string) []*hosts.Host {
	t.Helper()
	kernel.Require(t)
	kernel.Guard(t)
	l := hosts.New(t)
	var hs []*hosts.Host
	for _, name := range names {
		h, err := l.Host(t.Context(), name, hosts.Size{Memory: 256 << 20, CPUs: 1.5})
		if err != nil {
			t.Fatal(err)
		}
		hs = append(hs, h)
	}
	return hs
}

func run(t *testing.T, h *hosts.Host, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out, err := h.Run(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out, "\n")
}

func TestHostLooksLikeOne(t *testing.T) {
	h := lab(t, "alpha")[0]
	for _, c := range []struct{ line, want string }{
		{"cat /proc/sys/kernel/hostname", "alpha"},
		{"cat /proc/1/cgroup", "0::/init"},
		{"cat /proc/self/cgroup", "0::/init"},
		{"ls /sys/fs/cgroup | grep -c '^init$'", "1"},
		{"cat /sys/fs/cgroup/memory.max", "268435456"},
		{"cat /sys/fs/cgroup/cpu.max", "150000 100000"},
		{"ls -A /tmp /run | grep -v :", ""},
		{"ls /sys/class/net", "eth0\nlo"},
		{"grep alpha /etc/hosts", "10.77.0.10 alpha"},
		{"ps -e -o ppid= -o comm= | grep -c '^ *0 '", "1"}, // nobody but PID 1 comes from outside
	} {
		if got := run(t, h, "sh", "-c", c.line+" || true"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.line, got, c.want)
		}
	}
}

func TestHostsReachEachOtherUntilTheCableIsCut(t *testing.T) {
	hs := lab(t, "alpha", "beta")
	ping := func() error {
		_, err := hs[0].Run(t.Context(), "ping", "-c1", "-W2", "beta")
		return err
	}
	if err := ping(); err != nil {
		t.Fatal(err)
	}
	if err := hs[1].Cut(); err != nil {
		t.Fatal(err)
	}
	if ping() == nil {
		t.Error("beta answers with its cable cut")
	}
	if err := hs[1].Heal(); err != nil {
		t.Fatal(err)
	}
	kernel.Await(t, limit, "beta answers again", func() (bool, error) { return ping() == nil, nil })
}

func TestTheTestReachesItsHosts(t *testing.T) {
	kernel.Require(t)
	kernel.Guard(t)
	l := hosts.New(t)
	h, err := l.Host(t.Context(), "alpha", hosts.Size{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := net.Listen("tcp", net.JoinHostPort(l.Gateway().String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Start(t.Context(), hosts.Command{Args: []string{"bash", "-c", "echo hello > /dev/tcp/gateway/" + port}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if from, _, _ := net.SplitHostPort(conn.RemoteAddr().String()); from != h.Address().String() {
		t.Errorf("the host comes from %s, want %s", from, h.Address())
	}
	if status, err := p.Wait(t.Context()); status != 0 || err != nil {
		t.Errorf("status %#x, %v", uint32(status), err)
	}
}

func TestExitStatusAndSignals(t *testing.T) {
	h := lab(t, "alpha")[0]
	start := func(args ...string) *hosts.Process {
		p, err := h.Start(t.Context(), hosts.Command{Args: args})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if status, err := start("sh", "-c", "exit 7").Wait(t.Context()); err != nil || status.ExitStatus() != 7 {
		t.Errorf("status %#x, %v; want exit code 7", uint32(status), err)
	}
	p := start("sleep", "1000")
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status, err := p.Wait(t.Context()); err != nil || status.Signal() != syscall.SIGTERM {
		t.Errorf("status %#x, %v; want SIGTERM", uint32(status), err)
	}
	if _, err := h.Start(t.Context(), hosts.Command{Args: []string{"no-such-program"}}); err == nil {
		t.Error("a program that does not exist was started")
	}
}

func TestOrphansAreReaped(t *testing.T) {
	h := lab(t, "alpha")[0]
	run(t, h, "sh", "-c", "for i in 1 2 3; do (sleep 0.05 &) ; done")
	group := h.Group().Child("init")
	kernel.Await(t, limit, "nobody but PID 1 is left", func() (bool, error) {
		pids, err := group.PIDs() // zombies are in it too
		return len(pids) == 1, err
	})
}

func TestAloneOwnsTheRootCgroup(t *testing.T) {
	h := lab(t, "alpha")[0]
	var out strings.Builder
	p, err := h.Start(t.Context(), hosts.Command{
		Alone: true, Stdout: &out, Stderr: &out,
		// What an agent does: leave the root to have children with controllers.
		Args: []string{"sh", "-ec", `
			cat /proc/self/cgroup
			mkdir /sys/fs/cgroup/agent /sys/fs/cgroup/task
			echo 0 > /sys/fs/cgroup/agent/cgroup.procs
			echo +memory +cpu > /sys/fs/cgroup/cgroup.subtree_control
			echo 32M > /sys/fs/cgroup/task/memory.max
			cat /sys/fs/cgroup/task/memory.max`},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, err := p.Wait(t.Context())
	if d := cmp.Diff("0::/\n33554432\n", out.String()); d != "" || status != 0 || err != nil {
		t.Errorf("status %#x, %v; -want +got\n%s", uint32(status), err, d)
	}
}

func TestCrashIsSilentAndTheDiskStays(t *testing.T) {
	hs := lab(t, "alpha", "beta")
	h := hs[0]
	run(t, h, "sh", "-c", "echo kept > /srv/file; echo lost > /tmp/file")
	p, err := h.Start(t.Context(), hosts.Command{Args: []string{"sleep", "1000"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(t.Context()); !errors.Is(err, hosts.ErrHostDown) {
		t.Errorf("the command's end: %v, want that the host is down", err)
	}
	if _, err := h.Run(t.Context(), "true"); !errors.Is(err, hosts.ErrHostDown) {
		t.Errorf("a command on a host that is off: %v", err)
	}
	if h.Group().Exists() {
		t.Error("the crashed host has a cgroup")
	}
	if err := h.Boot(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := run(t, h, "sh", "-c", "cat /srv/file; ls /tmp"); got != "kept" {
		t.Errorf("after the reboot: %q", got)
	}
	run(t, hs[1], "ping", "-c1", "-W5", "alpha")
	if b, err := os.ReadFile(filepath.Join(h.Disk(), "file")); string(b) != "kept\n" || err != nil {
		t.Errorf("the disk as the test sees it: %q, %v", b, err)
	}
}

func TestMemoryOfAHostIsBounded(t *testing.T) {
	h := lab(t, "alpha")[0]
	p, err := h.Start(t.Context(), hosts.Command{Args: []string{"sh", "-c", "head -c 1G /dev/zero | tail"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	events, err := h.Group().Keyed("memory.events")
	if err != nil || events["oom_kill"] == 0 {
		t.Errorf("memory.events %v, %v; want an oom_kill", events, err)
	}
}

func TestOutputIsWhole(t *testing.T) {
	h := lab(t, "alpha")[0]
	out := run(t, h, "seq", "100000")
	if n := strings.Count(out, "\n") + 1; n != 100_000 || !strings.HasSuffix(out, strconv.Itoa(100_000)) {
		t.Errorf("%d lines, want 100000", n)
	}
	var echo strings.Builder
	p, err := h.Start(t.Context(), hosts.Command{Args: []string{"cat"}, Stdin: strings.NewReader("from the test"), Stdout: &echo})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(t.Context()); err != nil || echo.String() != "from the test" {
		t.Errorf("cat printed %q, %v", &echo, err)
	}
}
