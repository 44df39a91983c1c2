// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tepui/tepui/isolator"
)

// mortalAgentEnv makes the test binary an agent: it names its runtime directory.
const mortalAgentEnv = "TEPUI_TEST_MORTAL_AGENT"

// mortalAgent starts a container, says which, and dies without a word to it.
func mortalAgent(dir string) {
	self, _ := os.Executable()
	iso, err := isolator.New(isolator.Options{RuntimeDir: dir, Init: self})
	if err == nil {
		var c *isolator.Container
		c, err = iso.Start(context.Background(), "c", shell("while ! [ -e "+dir+"/go ]; do sleep 0.02; done; exit 5"), isolator.Limits{}, isolator.Stdio{})
		if err == nil {
			fmt.Println(c.Pid())
			err = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

func TestContainerOutlivesItsAgent(t *testing.T) {
	needRoot(t)
	dir, err := os.MkdirTemp("/tmp", "isolator")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	agent := exec.Command("/proc/self/exe")
	agent.Env = append(os.Environ(), mortalAgentEnv+"="+dir)
	out, err := agent.Output()
	if agent.ProcessState == nil || agent.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the agent said %q: %v", out, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, "/proc/"+strconv.Itoa(pid)+"/comm"); got != "tepui-init" {
		t.Errorf("process %d is %q", pid, got)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the exit status is in the file", func() bool { return read(t, filepath.Join(dir, "c", "status")) == strconv.Itoa(5<<8) })
}
