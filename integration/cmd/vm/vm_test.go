// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/kernel"
)

// insideVariable is set when this test binary runs in the VM.
const insideVariable = "TEPUI_VM_INSIDE"

// limit bounds every wait for the world outside of the VM.
const limit = 2 * time.Minute

// tool returns a call of the command that TEPUI_VM names.
func tool(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program := os.Getenv("TEPUI_VM")
	if program == "" {
		t.Skip("TEPUI_VM does not name the program vm: run make integration")
	}
	cache, err := filepath.Abs("../../../.cache/vm") // whatever folder the call is made in
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TEPUI_CACHE"); dir != "" {
		cache = filepath.Join(dir, "vm")
	}
	return exec.CommandContext(t.Context(), program, append([]string{"-cache", cache}, args...)...)
}

// outcome runs a call to its end.
func outcome(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return finish(tool(t, args...))
}

func finish(cmd *exec.Cmd) (code int, stdout, stderr string) {
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, out.String(), err.Error()
	}
	return cmd.ProcessState.ExitCode(), out.String(), msg.String()
}

func TestExitCodesAndOutput(t *testing.T) {
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"sh", "echo out; echo err >&2; exit 7"}, 7, "out\n", "err\n"},
		{[]string{"run", "echo", "two words"}, 0, "two words\n", ""},
		{[]string{"sh", "kill -KILL $$"}, 137, "", "signal 9 (killed)"},
		{[]string{"run", "no-such-program"}, 125, "", `"no-such-program"`},
		{[]string{"-timeout", "2s", "sh", "echo begun; sleep 1000"}, 125, "begun\n", "-timeout 2s is over"},
		{[]string{"-env", "A=b c", "sh", `echo "$A"`}, 0, "b c\n", ""},
	} {
		code, stdout, stderr := outcome(t, c.args...)
		if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.stderr) {
			t.Errorf("vm %q: exit code %d, stdout %q, stderr %q; want %d, %q, %q", c.args, code, stdout, stderr, c.code, c.stdout, c.stderr)
		}
	}
}

func TestEachMachineIsFresh(t *testing.T) {
	const line = "cat /root/mark; touch /root/mark; date +%s; head -c8 /dev/urandom | od -An -tx8"
	var outs [3][]string
	var wg sync.WaitGroup
	for i := range outs { // all at once, from one snapshot
		cmd := tool(t, "sh", line)
		wg.Go(func() {
			code, stdout, stderr := finish(cmd)
			if code != 0 {
				t.Errorf("exit code %d, %s", code, stderr)
			}
			outs[i] = strings.Fields(stdout)
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, out := range outs {
		if len(out) != 2 {
			t.Fatalf("printed %q: want no mark of another machine, the time, and a random number", out)
		}
		sec, err := strconv.ParseInt(out[0], 10, 64)
		if since := time.Since(time.Unix(sec, 0)); err != nil || since < -time.Minute || since > limit {
			t.Errorf("the machine's clock is %s behind, %v", since, err)
		}
		if seen[out[1]] {
			t.Errorf("two machines drew the random number %s", out[1])
		}
		seen[out[1]] = true
	}
}

// TestInside is what TestExecRunsTestBinaries runs in the VM.
func TestInside(t *testing.T) {
	if os.Getenv(insideVariable) == "" {
		t.Skip("runs in the VM, for TestExecRunsTestBinaries")
	}
	b, err := os.ReadFile("testdata/greeting")
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.ReadFile("/data/extra/name")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, %s", b, name)
}

func TestExecRunsTestBinaries(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"testdata/greeting": "hello", "name": "world"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := tool(t, "-data", filepath.Join(dir, "name")+":extra/name", "exec", self, "-test.v", "-test.run=^TestInside$", "-test.memprofile=mem.out")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "hello, world") || !strings.Contains(string(out), "--- PASS: TestInside") {
		t.Errorf("%v\n%s", err, out)
	}
	if info, err := os.Stat(filepath.Join(dir, "mem.out")); err != nil || info.Size() == 0 {
		t.Errorf("the profile did not come back: %v", err)
	}
}

// begun starts a call and returns when it has printed its first line.
func begun(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := tool(t, args...)
	var msg bytes.Buffer
	cmd.Stderr = &msg
	r, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(io.LimitReader(r, 1<<10)).ReadString('\n'); err != nil {
		t.Fatalf("no first line: %v, %v, %s", err, cmd.Wait(), &msg)
	}
	return cmd, &msg
}

func TestSignalsReachTheProgram(t *testing.T) {
	cmd, msg := begun(t, "sh", "trap 'exit 3' TERM; echo ready; while :; do :; done")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("ended with %v, want the program's exit code 3; %s", err, msg)
	}
}

func TestQEMUDoesNotOutliveAKilledTool(t *testing.T) {
	cmd, _ := begun(t, "sh", "echo ready; sleep 1000")
	all, err := kernel.Processes()
	if err != nil {
		t.Fatal(err)
	}
	var qemu kernel.Process
	for _, p := range all {
		if p.Parent == cmd.Process.Pid && strings.HasPrefix(p.Name, "qemu") {
			qemu = p
		}
	}
	if qemu.PID == 0 {
		t.Fatal("the tool has no child that is QEMU")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	kernel.Await(t, limit, "QEMU has ended", func() (bool, error) {
		p, err := kernel.Lookup(qemu.PID)
		return err != nil || p.Start != qemu.Start || p.Zombie(), nil
	})
}

func TestAPanicIsShown(t *testing.T) {
	code, _, stderr := outcome(t, "sh", "echo c > /proc/sysrq-trigger; sleep 10")
	if code != 125 || !strings.Contains(stderr, "sysrq triggered crash") {
		t.Errorf("exit code %d, stderr %q; want 125 and the console", code, stderr)
	}
}

func TestSystemdDelegates(t *testing.T) {
	code, stdout, stderr := outcome(t, "-flavour", "systemd", "sh",
		"cat /proc/1/comm; systemctl is-system-running; cat /proc/self/cgroup; cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cgroup.controllers")
	want := "systemd\nrunning\n0::/system.slice/vm-guest.service\ncpuset cpu io memory pids\n"
	if code != 0 || stdout != want {
		t.Errorf("exit code %d, stdout %q, stderr %q; want %q", code, stdout, stderr, want)
	}
}

func TestUpIsUsedAgainAndStopped(t *testing.T) {
	cmd := tool(t, "up")
	var msg bytes.Buffer
	cmd.Stderr = &msg
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // has ended, unless the test failed
	kernel.Await(t, limit, "the machine is up", func() (bool, error) {
		code, _, _ := outcome(t, "-up", "sh", "echo kept > /root/mark")
		return code == 0, nil
	})
	if code, stdout, stderr := outcome(t, "-up", "sh", "cat /root/mark"); code != 0 || stdout != "kept\n" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	if code, _, stderr := outcome(t, "stop"); code != 0 {
		t.Errorf("stop: exit code %d, %s", code, stderr)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("up ended with %v, %s", err, &msg)
	}
	if code, _, stderr := outcome(t, "-up", "sh", "true"); code != 125 || !strings.Contains(stderr, "no machine is up") {
		t.Errorf("after stop: exit code %d, %q", code, stderr)
	}
}
