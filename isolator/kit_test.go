// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/isolator"
)

// patience is how long a test waits for something that should happen soon. An
// emulated machine that is shared with others can be slow.
const patience = 60 * time.Second

// nobody is an ordinary user without rights.
const nobody = 65534

func initProgram(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("TEPUI_INIT"); path != "" {
		return path
	}
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	return self
}

func needRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("needs root")
	}
}

// needCgroups skips a test where the kernel cannot enforce limits.
func needCgroups(tb testing.TB) {
	tb.Helper()
	host, err := isolator.Probe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := host.Require([]string{isolator.CPU, isolator.Memory}); err != nil {
		tb.Skip(err)
	}
}

// withCgroups returns an isolator that enforces all limits.
func withCgroups(tb testing.TB, cfs bool) *isolator.Isolator {
	tb.Helper()
	needCgroups(tb)
	return open(tb, isolator.Options{Isolation: []string{isolator.CPU, isolator.Memory}, CFS: cfs})
}

// open returns an isolator, and makes sure in the end that the containers of the
// test have left nothing.
func open(tb testing.TB, o isolator.Options) *isolator.Isolator {
	tb.Helper()
	needRoot(tb)
	o.RuntimeDir, o.Init = tb.TempDir(), initProgram(tb)
	iso, err := isolator.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	before := footprint(tb, iso, o.RuntimeDir)
	tb.Cleanup(func() {
		after := footprint(tb, iso, o.RuntimeDir)
		if err := iso.Close(); err != nil {
			tb.Error(err)
		}
		if before != after {
			tb.Errorf("containers left something behind\nbefore:\n%s\nafter:\n%s", before, after)
		}
	})
	return iso
}

// eachWay runs a test without cgroups and, where there are any, with them.
func eachWay(t *testing.T, test func(t *testing.T, iso *isolator.Isolator)) {
	t.Run("namespaces", func(t *testing.T) { test(t, open(t, isolator.Options{})) })
	t.Run("cgroups", func(t *testing.T) { test(t, withCgroups(t, false)) })
}

// footprint lists all that a container could leave, from the kernel's own files.
func footprint(tb testing.TB, iso *isolator.Isolator, runtimeDir string) string {
	tb.Helper()
	var b strings.Builder
	if root := iso.Root(); root != "" {
		b.WriteString("cgroups: " + strings.Join(subdirectories(tb, root), " ") + "\n")
	}
	b.WriteString("runtime: " + strings.Join(subdirectories(tb, runtimeDir), " ") + "\n")
	b.WriteString("children: " + strings.Join(children(tb), " ") + "\n")
	b.WriteString("descriptors: " + strings.Join(descriptors(tb), "\n  ") + "\n")
	b.WriteString("mounts: " + read(tb, "/proc/self/mountinfo") + "\n")
	return b.String()
}

func subdirectories(tb testing.TB, dir string) []string {
	tb.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if e.IsDir() {
			list = append(list, e.Name())
		}
	}
	return list
}

// children lists the processes, zombies included, whose parent is this one.
func children(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has just ended has no children
		}
		list = append(list, strings.Fields(string(b))...)
	}
	return list
}

// descriptors lists what this process has open that containers could add to.
func descriptors(tb testing.TB) []string {
	tb.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, l := range links {
		to, err := os.Readlink(l)
		if err == nil && !strings.HasPrefix(to, "anon_inode:[event") {
			list = append(list, filepath.Base(l)+"="+to)
		}
	}
	return list
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

// number reads a line "key value" of a flat keyed cgroup file.
func number(tb testing.TB, path, key string) int64 {
	tb.Helper()
	for line := range strings.Lines(read(tb, path) + "\n") {
		if v, ok := strings.CutPrefix(line, key+" "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n
		}
	}
	tb.Fatalf("%s has no %s", path, key)
	return 0
}

// eventually waits until ok.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}

// shell describes a container that runs a script as nobody.
func shell(script string) *specs.Spec {
	return &specs.Spec{Process: &specs.Process{
		Args: []string{"/bin/sh", "-c", script},
		Cwd:  "/",
		Env:  []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
		User: specs.User{UID: nobody, GID: nobody},
	}}
}

// asRoot lets the command keep the rights of root.
func asRoot(s *specs.Spec) *specs.Spec {
	s.Process.User = specs.User{}
	return s
}

// running is a container with what it writes.
type running struct {
	*isolator.Container
	out string // path of the file with standard output and error
}

// start starts a container that is destroyed at the end of the test.
func start(tb testing.TB, iso *isolator.Isolator, id string, spec *specs.Spec, limits isolator.Limits) running {
	tb.Helper()
	c, err := tryStart(tb, iso, id, spec, limits)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { destroy(tb, c.Container) })
	return c
}

func tryStart(tb testing.TB, iso *isolator.Isolator, id string, spec *specs.Spec, limits isolator.Limits) (running, error) {
	tb.Helper()
	out, err := os.CreateTemp(tb.TempDir(), "out")
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Close()
	c, err := iso.Start(tb.Context(), id, spec, limits, isolator.Stdio{Stdout: out, Stderr: out})
	return running{c, out.Name()}, err
}

func destroy(tb testing.TB, c *isolator.Container) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Destroy(ctx); err != nil {
		tb.Error(err)
	}
}

func wait(tb testing.TB, c *isolator.Container) isolator.Exit {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	exit, err := c.Wait(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return exit
}

// output runs a container to its end and returns what it wrote.
func output(tb testing.TB, iso *isolator.Isolator, spec *specs.Spec) (string, isolator.Exit) {
	tb.Helper()
	c, err := tryStart(tb, iso, "output", spec, isolator.Limits{CPUs: 1000})
	if err != nil {
		tb.Fatal(err)
	}
	exit := wait(tb, c.Container)
	destroy(tb, c.Container)
	return read(tb, c.out), exit
}

func startError(tb testing.TB, err error) *isolator.StartError {
	tb.Helper()
	var e *isolator.StartError
	if !errors.As(err, &e) {
		tb.Fatalf("got error %v, want a StartError", err)
	}
	return e
}
