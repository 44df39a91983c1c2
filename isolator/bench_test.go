// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/isolator"
)

// The command of the benchmarks: it is there, static or not, and does nothing.
const idle = "/bin/sleep"

// BenchmarkStart is the time from Start to its return, when the command has
// been executed. BenchmarkBareCloneExec, the floor, is the time for the same command to be
// cloned into new namespaces and executed, and into a new cgroup if there are any.
func BenchmarkStart(b *testing.B) {
	b.Run("namespaces", func(b *testing.B) { benchmarkStart(b, open(b, realInit(b, isolator.Options{}))) })
	b.Run("cgroups", func(b *testing.B) {
		needCgroups(b)
		benchmarkStart(b, open(b, realInit(b, isolator.Options{Isolation: []string{isolator.CPU, isolator.Memory}, CFS: true})))
	})
}

func BenchmarkBareCloneExec(b *testing.B) {
	needRoot(b)
	const namespaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
	b.Run("plain", func(b *testing.B) { benchmarkClone(b, &syscall.SysProcAttr{Setsid: true}, "") })
	b.Run("namespaces", func(b *testing.B) {
		benchmarkClone(b, &syscall.SysProcAttr{Setsid: true, Cloneflags: namespaces}, "")
	})
	b.Run("cgroups", func(b *testing.B) {
		iso := withCgroups(b, true)
		benchmarkClone(b, &syscall.SysProcAttr{Setsid: true, Cloneflags: namespaces, UseCgroupFD: true}, filepath.Join(iso.Root(), "bare"))
	})
}

func benchmarkStart(b *testing.B, iso *isolator.Isolator) {
	spec := shell("")
	spec.Process.Args = []string{idle, "1000"}
	var times []time.Duration
	for i := range b.N {
		began := time.Now()
		c, err := iso.Start(b.Context(), fmt.Sprintf("b%d", i), spec, isolator.Limits{CPUs: 500, Memory: 64 * mib}, isolator.Stdio{})
		times = append(times, time.Since(began))
		if err != nil {
			b.Fatal(err)
		}
		destroy(b, c)
	}
	report(b, times)
}

func benchmarkClone(b *testing.B, sys *syscall.SysProcAttr, cgroup string) {
	sys.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	var times []time.Duration
	for range b.N {
		began := time.Now()
		if cgroup != "" {
			sys.CgroupFD = makeCgroup(b, cgroup)
		}
		pid, err := syscall.ForkExec(idle, []string{idle, "1000"}, &syscall.ProcAttr{Dir: "/", Files: []uintptr{null.Fd(), null.Fd(), null.Fd()}, Sys: sys})
		times = append(times, time.Since(began))
		if err != nil {
			b.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			b.Fatal(err)
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			b.Fatal(err)
		}
		if cgroup != "" {
			syscall.Close(sys.CgroupFD)
			eventually(b, "the bare cgroup is removed", func() bool { return syscall.Rmdir(cgroup) == nil })
		}
	}
	report(b, times)
}

func makeCgroup(b *testing.B, path string) int {
	if err := os.Mkdir(path, 0o755); err != nil {
		b.Fatal(err)
	}
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	return fd
}

// report replaces the mean, which counts the clearing up too and is at the mercy of a
// busy machine, by the median and the minimum of what was timed.
func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Nanoseconds()), "ns/op")
	b.ReportMetric(float64(times[0].Nanoseconds()), "min-ns")
}

// realInit makes sure that it is not the test binary that is measured.
func realInit(b *testing.B, o isolator.Options) isolator.Options {
	b.Helper()
	needRoot(b)
	if os.Getenv("TEPUI_INIT") == "" {
		path := filepath.Join(b.TempDir(), "tepui-init")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "github.com/tepui/tepui/cmd/tepui-init")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			b.Skipf("needs TEPUI_INIT or a go command: %v\n%s", err, out)
		}
		b.Setenv("TEPUI_INIT", path)
	}
	return o
}

// BenchmarkInitMemory reports what process 1 costs while the command runs: its
// proportional set size beside nine others, in bytes, and its threads.
func BenchmarkInitMemory(b *testing.B) {
	iso := open(b, realInit(b, isolator.Options{}))
	var pss, threads float64
	for n := range b.N {
		var all []*isolator.Container
		for i := range 10 {
			c, err := iso.Start(b.Context(), fmt.Sprintf("m%d-%d", n, i), shell("exec sleep 1000"), isolator.Limits{}, isolator.Stdio{})
			if err != nil {
				b.Fatal(err)
			}
			all = append(all, c)
		}
		dir := "/proc/" + strconv.Itoa(all[0].Pid())
		pss = field(b, dir+"/smaps_rollup", "Pss:") * 1024
		threads = field(b, dir+"/status", "Threads:")
		for _, c := range all {
			destroy(b, c)
		}
	}
	b.ReportMetric(pss, "pss-bytes")
	b.ReportMetric(threads, "threads")
}

// field returns the first number after a name in a file of /proc.
func field(b *testing.B, path, name string) float64 {
	b.Helper()
	_, after, _ := strings.Cut(read(b, path), name)
	words := strings.Fields(after)
	if len(words) == 0 {
		b.Fatalf("%s has no %s", path, name)
	}
	n, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
