// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/isolator"
)

func TestExitStatus(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		for script, want := range map[string]string{
			"exit 0":          "exited with status 0",
			"exit 7":          "exited with status 7",
			"kill -TERM $$":   "ended by signal 15 (terminated)",
			"kill -KILL $$":   "ended by signal 9 (killed)",
			"kill -SEGV $$":   "ended by signal 11 (segmentation fault)",
			"sleep 1000 & :":  "exited with status 0", // does not wait for what is left running
			"exec sleep 0.01": "exited with status 0",
		} {
			_, exit := output(t, iso, shell(script))
			if got := exit.String(); got != want {
				t.Errorf("%s: got %q, want %q", script, got, want)
			}
		}
	})
}

// If nobody could write down how the command ended, the end of process 1 counts.
func TestExitStatusOfProcess1(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		if err := syscall.Kill(c.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if exit := wait(t, c.Container); !exit.Status.Signaled() || exit.Status.Signal() != syscall.SIGKILL || exit.OOM != nil {
			t.Errorf("exit is %+v", exit)
		}
	})
}

func TestSignals(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		// A loop without a command: a dash that is between the vfork of one and its
		// exec takes a signal to its whole group for the child's, and its trap
		// never runs.
		c := start(t, iso, "trap", shell(`trap 'echo hup' HUP; trap 'echo usr1' USR1; trap 'echo term; exit 9' TERM; echo ready; while :; do :; done`), isolator.Limits{CPUs: 1000})
		for _, step := range []struct {
			sig  syscall.Signal
			says string
		}{{0, "ready\n"}, {syscall.SIGHUP, "hup\n"}, {syscall.SIGUSR1, "usr1\n"}, {syscall.SIGTERM, "term\n"}} {
			if step.sig != 0 {
				if err := c.Signal(step.sig); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "the command says "+step.says, func() bool { return strings.Contains(read(t, c.out)+"\n", step.says) })
		}
		if exit := wait(t, c.Container); exit.Status.ExitStatus() != 9 {
			t.Errorf("exit is %v", &exit)
		}
		if err := c.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("signal after the end: %v", err)
		}
	})
}

// SIGKILL and SIGSTOP reach the command's group and not process 1.
func TestSignalsThatCannotBeCaught(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		command := childOf(t, c.Pid())
		for _, step := range []struct {
			sig   syscall.Signal
			state string
		}{{syscall.SIGSTOP, "T"}, {syscall.SIGCONT, "S"}} {
			if err := c.Signal(step.sig); err != nil {
				t.Fatal(err)
			}
			eventually(t, "state of the command is "+step.state, func() bool {
				_, after, _ := strings.Cut(read(t, "/proc/"+command+"/stat"), ") ")
				return strings.HasPrefix(after, step.state)
			})
		}
		if err := c.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if exit := wait(t, c.Container); exit.String() != "ended by signal 9 (killed)" {
			t.Errorf("exit is %v", &exit)
		}
		for _, sig := range []syscall.Signal{-1, 0, 65} {
			if err := c.Signal(sig); err == nil || errors.Is(err, os.ErrProcessDone) {
				t.Errorf("signal %d: %v, want a refusal", int(sig), err)
			}
		}
	})
}

func TestOrphansAreReaped(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell(`for i in 1 2 3 4 5 6 7 8; do (setsid sh -c 'exit 0' &) ; done; echo done; exec sleep 1000`), isolator.Limits{CPUs: 1000})
		eventually(t, "the orphans are made and gone", func() bool {
			return read(t, c.out) == "done" && len(strings.Fields(read(t, childrenFile(c.Pid())))) == 1
		})
	})
}

func TestWaitMayBeCalledByManyAndGivesUp(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := c.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("wait: %v, want the end of its context", err)
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if exit, err := c.Wait(t.Context()); err != nil || exit.Status.Signal() != syscall.SIGTERM {
					t.Errorf("wait: %+v, %v", exit, err)
				}
			})
		}
		if err := c.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		destroy(t, c.Container)
		if exit := wait(t, c.Container); exit.Status.Signal() != syscall.SIGTERM {
			t.Errorf("after Destroy exit is %v", &exit)
		}
	})
}

// childOf returns the id on the host of the one child of a process.
func childOf(tb testing.TB, pid int) string {
	tb.Helper()
	list := strings.Fields(read(tb, childrenFile(pid)))
	if len(list) != 1 {
		tb.Fatalf("process %d has children %v, want one", pid, list)
	}
	return list[0]
}

func childrenFile(pid int) string {
	p := strconv.Itoa(pid)
	return "/proc/" + p + "/task/" + p + "/children"
}
