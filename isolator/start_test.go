// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/isolator"
	"github.com/tepui/tepui/isolator/pid1"
)

// Every step of a start can fail; the error says which and about what, and the
// footprint of the isolator says that nothing is left.
func TestStartFails(t *testing.T) {
	dir := playground(t)
	for _, c := range []struct {
		name   string
		change func(*specs.Spec)
		step   string
		about  string
		is     error
	}{
		{"no command", func(s *specs.Spec) { s.Process.Args = nil }, isolator.StepSpec, "process.args", nil},
		{"unknown user", func(s *specs.Spec) { s.Process.User = specs.User{Username: "no-such-user"} }, isolator.StepSpec, "no-such-user", nil},
		{"unknown field", func(s *specs.Spec) { s.Linux = &specs.Linux{Seccomp: &specs.LinuxSeccomp{}} }, isolator.StepSpec, "linux.seccomp", nil},
		{"long hostname", func(s *specs.Spec) { s.Hostname = strings.Repeat("h", 65) }, string(pid1.StepHostname), "hhh", syscall.EINVAL},
		{"mount target missing", mount("/etc", dir+"/nope"), string(pid1.StepMount), dir + "/nope", os.ErrNotExist},
		{"mount target is a link", mount("/etc", dir+"/link"), string(pid1.StepMount), dir + "/link", syscall.ELOOP},
		{"mount target below a link", mount("/etc", dir+"/link/bin"), string(pid1.StepMount), dir + "/link/bin", syscall.ELOOP},
		{"mount source missing", mount(dir+"/nope", "/mnt"), string(pid1.StepMount), dir + "/nope", os.ErrNotExist},
		{"mount source is a link", mount(dir+"/link", "/mnt"), string(pid1.StepMount), dir + "/link", syscall.ELOOP},
		{"tmpfs option", func(s *specs.Spec) {
			s.Mounts = []specs.Mount{{Destination: "/mnt", Type: "tmpfs", Options: []string{"size=much"}}}
		}, string(pid1.StepMount), "size=much", syscall.EINVAL},
		{"rlimit", func(s *specs.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: 1 << 40, Hard: 1 << 40}}
		}, string(pid1.StepRlimit), "1099511627776", os.ErrPermission},
		{"directory missing", cwd(dir + "/nope"), string(pid1.StepDir), dir + "/nope", os.ErrNotExist},
		{"directory is a file", cwd(dir + "/data"), string(pid1.StepDir), dir + "/data", syscall.ENOTDIR},
		{"directory of root", cwd(dir + "/secret"), string(pid1.StepDir), dir + "/secret", os.ErrPermission},
		{"directory below one of root", cwd(dir + "/secret/below"), string(pid1.StepDir), dir + "/secret/below", os.ErrPermission},
		{"program missing", args(dir + "/nope"), string(pid1.StepProgram), dir + "/nope", os.ErrNotExist},
		{"program not in PATH", args("no-such-program"), string(pid1.StepProgram), "no-such-program in PATH /usr/local/bin:/usr/bin:/bin", os.ErrNotExist},
		{"program is a directory", args(dir + "/secret"), string(pid1.StepProgram), dir + "/secret", os.ErrPermission},
		{"program is data", args(dir + "/data"), string(pid1.StepProgram), dir + "/data", os.ErrPermission},
		{"program of root", args(dir + "/private"), string(pid1.StepProgram), dir + "/private", os.ErrPermission},
		{"program is garbage", args(dir + "/garbage"), string(pid1.StepExec), dir + "/garbage", syscall.ENOEXEC},
		{"program has no interpreter", args(dir + "/script"), string(pid1.StepExec), dir + "/script", os.ErrNotExist},
		{"arguments too long", func(s *specs.Spec) { s.Process.Args = append(s.Process.Args, strings.Repeat("x", 3*mib)) }, string(pid1.StepExec), "/bin/sh", syscall.E2BIG},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
				spec := shell("true")
				c.change(spec)
				_, err := tryStart(t, iso, "c", spec, isolator.Limits{CPUs: 1000, Memory: 64 * mib})
				e := startError(t, err)
				if e.ID != "c" || e.Step != c.step || !strings.Contains(e.Err.Error(), c.about) || e.Cleanup != nil {
					t.Errorf("got %v: step %q, want step %q about %q", e, e.Step, c.step, c.about)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("got %v, want one that is %v", err, c.is)
				}
				if _, err := tryStartAndDestroy(t, iso, "c"); err != nil {
					t.Errorf("the id cannot be used again: %v", err)
				}
			})
		})
	}
}

// playground makes files of every kind that a command could trip over.
func playground(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "isolator")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	err = errors.Join(
		os.Chmod(dir, 0o755),
		os.WriteFile(dir+"/data", []byte("text"), 0o644),
		os.WriteFile(dir+"/garbage", []byte{0, 1, 2, 3}, 0o755),
		os.WriteFile(dir+"/script", []byte("#!/no/such/interpreter\n"), 0o755),
		os.WriteFile(dir+"/private", []byte("#!/bin/sh\n"), 0o700),
		os.Mkdir(dir+"/secret", 0o700),
		os.Mkdir(dir+"/secret/below", 0o755),
		os.Symlink("/usr", dir+"/link"),
	)
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

func mount(source, target string) func(*specs.Spec) {
	return func(s *specs.Spec) {
		s.Mounts = []specs.Mount{{Source: source, Destination: target, Options: []string{"bind"}}}
	}
}

func cwd(dir string) func(*specs.Spec) { return func(s *specs.Spec) { s.Process.Cwd = dir } }

func args(a ...string) func(*specs.Spec) { return func(s *specs.Spec) { s.Process.Args = a } }

func tryStartAndDestroy(tb testing.TB, iso *isolator.Isolator, id string) (running, error) {
	tb.Helper()
	c, err := tryStart(tb, iso, id, shell("true"), isolator.Limits{CPUs: 1000})
	if err == nil {
		destroy(tb, c.Container)
	}
	return c, err
}

func TestStartRefusesBadIDsAndLimits(t *testing.T) {
	iso := open(t, isolator.Options{})
	for _, id := range []string{"", ".", "..", "a/b", "../x", `a\b`, "a\nb", "agent", strings.Repeat("x", 256)} {
		_, err := tryStart(t, iso, id, shell("true"), isolator.Limits{})
		if e := startError(t, err); e.Step != isolator.StepSpec || !strings.Contains(e.Error(), "container id") {
			t.Errorf("id %q: %v", id, err)
		}
	}
	for _, l := range []isolator.Limits{{CPUs: -1}, {Memory: -1}} {
		_, err := tryStart(t, iso, "c", shell("true"), l)
		if e := startError(t, err); e.Step != isolator.StepSpec || !strings.Contains(e.Error(), "-") {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestStartRefusesAnIDInUse(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		if _, err := tryStart(t, iso, "c", shell("true"), isolator.Limits{CPUs: 1000}); !errors.Is(err, isolator.ErrExists) {
			t.Errorf("second start: %v", err)
		}
	})
}

// What another agent has left is neither used nor removed.
func TestStartLeavesAlone(t *testing.T) {
	t.Run("a cgroup", func(t *testing.T) {
		iso := withCgroups(t, false)
		dir := filepath.Join(iso.Root(), "c")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := tryStart(t, iso, "c", shell("true"), isolator.Limits{CPUs: 1000})
		if e := startError(t, err); e.Step != isolator.StepCgroup || !errors.Is(err, isolator.ErrExists) {
			t.Errorf("start: %v", err)
		}
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	t.Run("an exit status", func(t *testing.T) {
		needRoot(t)
		dir := t.TempDir()
		iso, err := isolator.New(isolator.Options{RuntimeDir: dir, Init: initProgram(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer iso.Close()
		if err := os.Mkdir(dir+"/c", 0o700); err != nil {
			t.Fatal(err)
		}
		_, err = tryStart(t, iso, "c", shell("true"), isolator.Limits{})
		if e := startError(t, err); e.Step != isolator.StepStatus || !errors.Is(err, isolator.ErrExists) {
			t.Errorf("start: %v", err)
		}
		if _, err := os.Stat(dir + "/c"); err != nil {
			t.Error(err)
		}
	})
}

func TestLimitsThatCannotBe(t *testing.T) {
	iso := withCgroups(t, false)
	_, err := tryStart(t, iso, "c", shell("true"), isolator.Limits{CPUs: 1000, Memory: 100})
	var limit *isolator.LimitError
	if e := startError(t, err); e.Step != isolator.StepLimits || !errors.As(err, &limit) || limit.Want != "100" {
		t.Errorf("100 bytes of memory: %v", err)
	}
	_, err = tryStart(t, iso, "c", shell("true"), isolator.Limits{CPUs: 1000, Memory: 64 << 10})
	if e := startError(t, err); e.Step != isolator.StepInit && e.Step != isolator.StepClone && e.Step != string(pid1.StepExec) {
		t.Errorf("64 KiB of memory: %v", err)
	}
	t.Log(err)
}

// Process 1 that is not ours, or too slow, is found out.
func TestInitThatIsNone(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("garbage"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ program, step, says string }{
		{garbage, isolator.StepClone, "exec format error"},
		{"/bin/false", isolator.StepInit, "exited with status 1"},
		{"/usr/bin/yes", isolator.StepInit, "did not report in time"},
	} {
		for _, isolation := range [][]string{nil, {isolator.CPU, isolator.Memory}} {
			t.Run(filepath.Base(c.program)+strings.Join(isolation, "+"), func(t *testing.T) {
				needRoot(t)
				if isolation != nil {
					needCgroups(t)
				}
				iso, err := isolator.New(isolator.Options{RuntimeDir: t.TempDir(), Init: c.program, Isolation: isolation})
				if err != nil {
					t.Fatal(err)
				}
				defer iso.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				_, err = iso.Start(ctx, "c", shell("true"), isolator.Limits{CPUs: 1000}, isolator.Stdio{})
				if e := startError(t, err); e.Step != c.step || !strings.Contains(e.Error(), c.says) || e.Cleanup != nil {
					t.Errorf("start: %v", err)
				}
				if left := children(t); len(left) > 0 {
					t.Errorf("processes %v are left", left)
				}
			})
		}
	}
}

func TestNewFails(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    isolator.Options
		says string
	}{
		"no init":           {isolator.Options{RuntimeDir: dir, Init: dir + "/nope"}, dir + "/nope"},
		"empty init":        {isolator.Options{RuntimeDir: dir, Init: empty}, "empty"},
		"runtime is a file": {isolator.Options{RuntimeDir: empty, Init: initProgram(t)}, empty},
		"unknown isolation": {isolator.Options{RuntimeDir: dir, Init: initProgram(t), Isolation: []string{"disk"}}, `"disk"`},
	} {
		before := descriptors(t)
		iso, err := isolator.New(c.o)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error about %s", name, err, c.says)
		}
		if iso != nil {
			t.Errorf("%s: got an isolator beside the error", name)
		}
		if after := descriptors(t); len(after) > len(before) {
			t.Errorf("%s: descriptors %v before, %v after", name, before, after)
		}
	}
}

func TestClose(t *testing.T) {
	needRoot(t)
	iso, err := isolator.New(isolator.Options{RuntimeDir: t.TempDir(), Init: initProgram(t)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := iso.Start(t.Context(), "c", shell("exec sleep 1000"), isolator.Limits{}, isolator.Stdio{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(iso.Close(), iso.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context()); !errors.Is(err, isolator.ErrClosed) {
		t.Errorf("wait: %v", err)
	}
	if _, err := iso.Start(t.Context(), "d", shell("true"), isolator.Limits{}, isolator.Stdio{}); !errors.Is(err, isolator.ErrClosed) {
		t.Errorf("start: %v", err)
	}
	if err := syscall.Kill(c.Pid(), syscall.SIGKILL); err != nil {
		t.Errorf("the container is gone: %v", err)
	}
	if _, err := syscall.Wait4(c.Pid(), nil, 0, nil); err != nil {
		t.Error(err)
	}
}
