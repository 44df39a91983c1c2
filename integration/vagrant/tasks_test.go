// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/vagrant"
)

// Two tasks that each need more than half of the processors of an agent can only
// run on different agents. They are started by two "tepui run" on this side of
// the network; the kernels of both agents must show them, with their limits.
func TestRunOnBothAgents(t *testing.T) {
	c := open(t)
	clean(t)
	cpus := 0.6 * processors(t, c)
	for i := range c.Agents {
		start(t, "tepui", "run", "--master", vagrant.Endpoint,
			"--cpus", fmt.Sprint(cpus), "--mem", "48", "--", "sleep", strconv.Itoa(7001+i))
	}
	want := map[string]string{
		"memory.max":       strconv.Itoa(48 << 20),
		"memory.swap.max":  "0",
		"memory.oom.group": "1",
		"cpu.weight":       strconv.Itoa(int(100 * cpus)),
		"cpu.max":          "max 100000",
	}
	for _, m := range c.Agents {
		got := awaitContainer(t, m, "sleep 700")
		if diff := cmp.Diff(want, got.Files); diff != "" {
			t.Errorf("on %s, the limits of %s (-want +got):\n%s", m.Name, got.ID, diff)
		}
	}
}

// The exit code of "tepui run" is the task's, however far away the task ran.
func TestRunReportsTheExitCode(t *testing.T) {
	open(t)
	clean(t)
	for _, want := range []int{0, 3} {
		p := start(t, "tepui", "run", "--master", vagrant.Endpoint,
			"--cpus", ".1", "--mem", "32", "--", "sh", "-c", fmt.Sprintf("exit %d", want))
		wait(t, p, patience)
		if got := p.ExitCode(); got != want {
			t.Errorf("exit code %d of a task that exits with %d", got, want)
		}
	}
}

// The word count ships its executor and the shards of its text to both agents,
// and finds what it finds when it counts alone.
func TestWordCount(t *testing.T) {
	c := open(t)
	clean(t)
	text := os.Getenv("TEPUI_TEXT")
	if text == "" {
		t.Skip("TEPUI_TEXT does not name a text: 'make test-vagrant' sets it")
	}
	p := start(t, "wordcount", "--master", vagrant.Endpoint, "--text", text, "--cpus", ".4", "--timeout", "20m")
	wait(t, p, 20*time.Minute)
	t.Log(p.Output())
	if p.ExitCode() != 0 {
		t.Errorf("wordcount ended with status %d", p.ExitCode())
	}
	for _, m := range c.Agents {
		if !strings.Contains(p.Output(), m.IP) {
			t.Errorf("no shard was counted on %s", m.Name)
		}
	}
}

// start runs a program of the tree here. It is interrupted, and waited for,
// when the test ends; what it wrote is shown with a failed test.
func start(t *testing.T, program string, args ...string) *cluster.Process {
	t.Helper()
	p, err := cluster.Run(program, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// It may have ended by itself.
		_ = syscall.Kill(p.PID(), syscall.SIGINT)
		wait(t, p, patience)
		if t.Failed() {
			t.Logf("%s %q:\n%s", program, args, p.Output())
		}
	})
	return p
}

// wait waits for the end of a program; the test ends when that takes too long.
func wait(t *testing.T, p *cluster.Process, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-p.Done():
	case <-ctx.Done():
		t.Fatalf("process %d did not end within %v", p.PID(), limit)
	}
}

// processors is how many processors each agent has.
func processors(t *testing.T, c *vagrant.Cluster) float64 {
	t.Helper()
	n, err := strconv.Atoi(run(t, c.Agents[0], "nproc"))
	if err != nil {
		t.Fatal(err)
	}
	return float64(n)
}
