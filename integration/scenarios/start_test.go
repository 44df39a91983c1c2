// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/kernel"
)

// daemonFails runs a command that is to fail, and returns what it says.
func daemonFails(t *testing.T, cmd *exec.Cmd, start func(*exec.Cmd) error) string {
	t.Helper()
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := start(cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("%v ended with success, want a failure", cmd.Args)
	}
	t.Logf("it says: %s", out.String())
	return out.String()
}

func wantSays(t *testing.T, said string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(said, p) {
			t.Errorf("it does not say %q: %s", p, said)
		}
	}
}

func tepui(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(cluster.Bin(), "tepui"))
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

func agentCommand(t *testing.T, more ...string) *exec.Cmd {
	t.Helper()
	args := []string{"agent", "--master", "127.0.0.1:1", "--ip", "127.0.0.1", "--work_dir", t.TempDir(), "--runtime_dir", t.TempDir()}
	return tepui(t, append(args, more...)...)
}

func TestAnUnknownFlagIsNamed(t *testing.T) {
	onKernel(t)
	wantSays(t, daemonFails(t, agentCommand(t, "--no_such_flag"), (*exec.Cmd).Start), "no_such_flag")
}

func TestAPortInUseIsNamed(t *testing.T) {
	_, c, _ := begin(t, cluster.Options{})
	port := c.Address[strings.LastIndex(c.Address, ":")+1:]
	said := daemonFails(t, tepui(t, "master", "--ip", "127.0.0.1", "--port", port, "--work_dir", t.TempDir()), (*exec.Cmd).Start)
	wantSays(t, said, port, "in use")
	wantSays(t, daemonFails(t, agentCommand(t, "--port", port), (*exec.Cmd).Start), port, "in use")
}

func TestAnAgentWithoutRootSaysSo(t *testing.T) {
	onKernel(t)
	cmd := agentCommand(t)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	wantSays(t, daemonFails(t, cmd, (*exec.Cmd).Start), "root")
}

// An agent that finds no controllers says what it found, what is missing, and
// what to do. Here it sees a cgroup namespace whose root has none.
func TestAnAgentWithoutControllersSaysSo(t *testing.T) {
	onKernel(t)
	leavesNothing(t)
	root, err := kernel.Root()
	if err != nil {
		t.Fatal(err)
	}
	bare := root.Make(t, "scenario-bare", nil).Child("inner")
	if err := os.Mkdir(string(bare), 0o755); err != nil {
		t.Fatal(err)
	}
	inner := agentCommand(t)
	script := `umount /sys/fs/cgroup && mount -t cgroup2 cgroup /sys/fs/cgroup && exec "$@"`
	cmd := exec.Command("unshare", append([]string{"--cgroup", "--mount", "sh", "-c", script, "sh"}, inner.Args...)...)
	wantSays(t, daemonFails(t, cmd, bare.Start), "cpu", "memory", "cgroup")
}
