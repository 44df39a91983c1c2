// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vagrant"
)

// tepui is the program as built from the tree, the same as on the machines.
const tepui = "../../bin/tepui"

// Two tasks that each need more than half of the processors of an agent can only
// run on different agents. They are started by two "tepui run" on this side of
// the network; the kernels of both agents must show them, with their limits.
func TestRunOnBothAgents(t *testing.T) {
	c := open(t)
	clean(t)
	cpus := 0.6 * processors(t, c)
	for i := range c.Agents {
		start(t, "--cpus", fmt.Sprint(cpus), "--mem", "48", "--", "sleep", strconv.Itoa(7001+i))
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
		job := start(t, "--cpus", ".1", "--mem", "32", "--", "sh", "-c", fmt.Sprintf("exit %d", want))
		job.wait(t)
		if got := job.cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("exit code %d of a task that exits with %d; output:\n%s", got, want, job.out.String())
		}
	}
}

// job is a "tepui run" that runs here.
type job struct {
	cmd  *exec.Cmd
	out  bytes.Buffer // complete once done is closed
	done chan struct{}
}

// start begins "tepui run" with args. It is interrupted, and waited for, when
// the test ends.
func start(t *testing.T, args ...string) *job {
	t.Helper()
	if _, err := os.Stat(tepui); err != nil {
		t.Fatalf("%v: run 'make build' first", err)
	}
	j := &job{done: make(chan struct{})}
	j.cmd = exec.Command(tepui, append([]string{"run", "--master", vagrant.Endpoint}, args...)...)
	j.cmd.Stdout, j.cmd.Stderr = &j.out, &j.out
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(j.done)
		// How it ended is in ProcessState.
		_ = j.cmd.Wait()
	}()
	t.Cleanup(func() {
		// It may have ended by itself.
		_ = j.cmd.Process.Signal(syscall.SIGINT)
		j.wait(t)
		if t.Failed() {
			t.Logf("tepui run %q:\n%s", args, j.out.String())
		}
	})
	return j
}

// wait waits for the end of the job, and kills it when that takes too long.
func (j *job) wait(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-j.done:
	case <-ctx.Done():
		t.Errorf("tepui run did not end within %v", patience)
		_ = j.cmd.Process.Kill()
		<-j.done
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

// awaitContainer waits for a container on m with text in the command of one of its processes.
func awaitContainer(t *testing.T, m vagrant.Machine, text string) vagrant.Container {
	t.Helper()
	var found vagrant.Container
	eventually(t, patience, func(ctx context.Context) error {
		list, err := m.Containers(ctx)
		if err != nil {
			return err
		}
		for _, c := range list {
			if c.Runs(text) {
				found = c
				return nil
			}
		}
		return fmt.Errorf("on %s, no container runs %q: %v", m.Name, text, list)
	})
	return found
}

// leftovers prints what containers leave when they are not taken down
// properly: cgroups (listed apart), inits, zombies, mounts of a sandbox.
const leftovers = `
pgrep -a tepui-init || true
ps -eo pid,stat,args | awk '$2 ~ /^Z/'
grep /var/lib/tepui/ /proc/mounts || true`

// clean makes the test wait, when all else of it has ended, until nothing is left
// of any container on any agent. To be called before anything is started.
func clean(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		for _, m := range cluster.Agents {
			eventually(t, patience, func(ctx context.Context) error {
				list, err := m.Containers(ctx)
				if err != nil {
					return err
				}
				left, err := m.Run(ctx, leftovers)
				if err != nil {
					return err
				}
				if len(list) > 0 || strings.TrimSpace(left) != "" {
					return fmt.Errorf("left on %s: containers %v; %s", m.Name, list, left)
				}
				return nil
			})
		}
	})
}
