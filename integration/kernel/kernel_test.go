// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/kernel"
)

const limit = time.Minute

// fixture makes a folder with the files of a cgroup.
func fixture(t *testing.T, files map[string]string) kernel.Group {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return kernel.Group(dir)
}

func TestGroupReadsItsFiles(t *testing.T) {
	g := fixture(t, map[string]string{
		"memory.current": "4096\n",
		"memory.max":     "max\n",
		"memory.events":  "low 0\noom_kill 2\n",
		"cgroup.procs":   "1\n22\n",
		"bad":            "many\n",
	})
	if n, err := g.Uint("memory.current"); n != 4096 || err != nil {
		t.Errorf("memory.current %d, %v", n, err)
	}
	if n, err := g.Uint("memory.max"); n != kernel.Max || err != nil {
		t.Errorf("memory.max %d, %v", n, err)
	}
	if e, err := g.Keyed("memory.events"); e["oom_kill"] != 2 || len(e) != 2 || err != nil {
		t.Errorf("memory.events %v, %v", e, err)
	}
	if p, err := g.PIDs(); len(p) != 2 || p[1] != 22 || err != nil {
		t.Errorf("PIDs %v, %v", p, err)
	}
	if _, err := g.Uint("bad"); err == nil || !strings.Contains(err.Error(), "bad") {
		t.Errorf("a number that is none: %v", err)
	}
	if _, err := g.Keyed("bad"); err == nil {
		t.Error("a line without a number was read")
	}
	if _, err := g.Read("none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func load(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	dir := os.Getenv("TEPUI_BIN")
	if dir == "" {
		t.Skip("TEPUI_BIN does not name the folder with the program load: run make integration")
	}
	return exec.Command(filepath.Join(dir, "load"), args...)
}

// start starts a load in a group of the test's own, and returns the file with
// what it prints.
func start(t *testing.T, name string, limits map[string]string, args ...string) (kernel.Group, *exec.Cmd, string) {
	t.Helper()
	kernel.Require(t)
	cmd := load(t, args...)
	kernel.Guard(t)
	root, err := kernel.Root()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	// Waited for after the group is removed, which kills it.
	t.Cleanup(func() {
		if cmd.Process != nil && cmd.ProcessState == nil {
			_ = cmd.Wait() // killed, as it was meant
		}
	})
	g := root.Make(t, name, limits)
	if err := g.Start(cmd); err != nil {
		t.Fatal(err)
	}
	return g, cmd, out.Name()
}

func TestTheKernelEnforcesMemory(t *testing.T) {
	g, cmd, out := start(t, "test-memory", map[string]string{
		"memory.max": "67108864", "memory.oom.group": "1",
	}, "memory", "200")
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		b, _ := os.ReadFile(out)
		t.Fatalf("ended with %v, want SIGKILL; it printed %q", err, b)
	}
	events, err := g.Keyed("memory.events")
	if err != nil || events["oom_kill"] == 0 {
		t.Errorf("memory.events %v, %v; want an oom_kill", events, err)
	}
	peak, err := g.Uint("memory.peak")
	if err != nil || peak > 64<<20 || peak < 56<<20 {
		t.Errorf("memory.peak %d, %v; want nearly 64 MiB and no more", peak, err)
	}
}

func TestTheKernelEnforcesCPU(t *testing.T) {
	g, _, _ := start(t, "test-cpu", map[string]string{"cpu.max": "20000 100000"}, "cpu", "2")
	// The first period is not throttled from its beginning.
	kernel.Await(t, limit, "throttled", func() (bool, error) {
		stat, err := g.Keyed("cpu.stat")
		return stat["nr_throttled"] > 2, err
	})
	shares, err := kernel.CPUShares(t.Context(), 3*time.Second, g)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(shares[0]-0.2) > 0.04 {
		t.Errorf("used %.3f CPUs, allowed are 0.2", shares[0])
	}
}

func TestTheKernelSharesCPUByWeight(t *testing.T) {
	kernel.Require(t)
	one, _, _ := start(t, "test-weight-1", map[string]string{"cpu.weight": "100", "cpuset.cpus": "0"}, "cpu")
	three, _, _ := start(t, "test-weight-3", map[string]string{"cpu.weight": "300", "cpuset.cpus": "0"}, "cpu")
	shares, err := kernel.CPUShares(t.Context(), 4*time.Second, one, three)
	if err != nil {
		t.Fatal(err)
	}
	if ratio := shares[1] / shares[0]; math.Abs(ratio-3) > 0.4 {
		t.Errorf("shares %.3f, ratio %.2f, want 3", shares, ratio)
	}
}

func TestOrphansAreReapedByThisKernelsInit(t *testing.T) {
	_, _, out := start(t, "test-orphans", nil, "fork", "5")
	kernel.Await(t, limit, "5 orphans left, and reaped", func() (bool, error) {
		if b, err := os.ReadFile(out); err != nil || !strings.Contains(string(b), "left 5 orphans") {
			return false, err
		}
		all, err := kernel.Processes()
		for _, p := range all {
			if p.Zombie() || p.Name == "sleep" || p.Name == "sh" && strings.Contains(p.Group, "test-orphans") {
				return false, err
			}
		}
		return true, err
	})
}

func TestGuardSeesWhatIsLeft(t *testing.T) {
	g, cmd, _ := start(t, "test-left", nil, "sleep")
	before, err := kernel.Take()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(string(g.Child("more")), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	kernel.Await(t, limit, "the group and the zombie are seen", func() (bool, error) {
		after, err := kernel.Take()
		left := strings.Join(after.Added(before, 0), "\n")
		return strings.Contains(left, "cgroup "+string(g)+"/more") && strings.Contains(left, "state Z"), err
	})
}

func TestFilesOfAProcess(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, err := kernel.Files(os.Getpid())
	if err != nil || !strings.Contains(strings.Join(files, "\n"), " -> /dev/null") {
		t.Errorf("open files %q, %v", files, err)
	}
}

func TestUntilEnds(t *testing.T) {
	wrong := errors.New("wrong")
	if err := kernel.Until(t.Context(), func() (bool, error) { return false, wrong }); !errors.Is(err, wrong) {
		t.Errorf("got %v", err)
	}
	n := 0
	if err := kernel.Until(t.Context(), func() (bool, error) { n++; return n == 3, nil }); err != nil || n != 3 {
		t.Errorf("%d looks, %v", n, err)
	}
}
