// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tepui/tepui/isolator"
)

const (
	mib = 1 << 20

	// hold keeps some 40 MiB of memory that cannot be reclaimed: tail has them
	// in its buffers and cannot get rid of them.
	hold = `head -c 41943040 /dev/zero | tail -c 41943040 | sleep 1000`
	spin = `exec taskset -c 0 sh -c 'while :; do :; done'`
)

// limitFiles are the files that a container's limits are in.
func limitFiles(tb testing.TB, c running) map[string]string {
	tb.Helper()
	got := make(map[string]string)
	for _, f := range []string{"cpu.weight", "cpu.max", "memory.max", "memory.swap.max", "memory.oom.group"} {
		path := filepath.Join(c.Cgroup(), f)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && f == "memory.swap.max" {
			got[f] = "0" // a kernel without swap
			continue
		}
		got[f] = read(tb, path)
	}
	return got
}

func TestLimitsAreInTheFiles(t *testing.T) {
	iso := withCgroups(t, true)
	c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 500, Memory: 64 * mib})
	check := func(weight, max, memory string) {
		t.Helper()
		want := map[string]string{"cpu.weight": weight, "cpu.max": max, "memory.max": memory, "memory.swap.max": "0", "memory.oom.group": "1"}
		if diff := cmp.Diff(want, limitFiles(t, c)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	check("50", "50000 100000", "67108864")
	for _, step := range []struct {
		limits              isolator.Limits
		weight, max, memory string
	}{
		{isolator.Limits{CPUs: 4000, Memory: 512 * mib}, "400", "400000 100000", "536870912"},
		{isolator.Limits{CPUs: 1, Memory: 32*mib + 1000}, "1", "1000 100000", "33554432"},
		{isolator.Limits{CPUs: 200_000}, "10000", "20000000 100000", "max"},
		{isolator.Limits{CPUs: 1000, Memory: 48 * mib}, "100", "100000 100000", "50331648"},
	} {
		if err := c.Update(t.Context(), step.limits); err != nil {
			t.Fatal(err)
		}
		check(step.weight, step.max, step.memory)
	}
}

func TestWithoutCFSThereIsNoHardLimit(t *testing.T) {
	c := start(t, withCgroups(t, false), "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 500, Memory: 64 * mib})
	if got := read(t, filepath.Join(c.Cgroup(), "cpu.max")); got != "max 100000" {
		t.Errorf("cpu.max is %q", got)
	}
}

// Every process of the container sits in the leaf, process 1 included.
func TestProcessesAreInTheLeaf(t *testing.T) {
	iso := withCgroups(t, false)
	c := start(t, iso, "c", shell("sleep 1000 & sleep 1000 & wait"), isolator.Limits{CPUs: 1000})
	eventually(t, "four processes are in the leaf", func() bool {
		return len(strings.Fields(read(t, c.Cgroup()+"/leaf/cgroup.procs"))) == 4
	})
	if got := read(t, c.Cgroup()+"/cgroup.procs"); got != "" {
		t.Errorf("processes %q are in the container's own group", got)
	}
	want := strings.TrimPrefix(c.Cgroup(), iso.Host().Mount) + "/leaf"
	if got := read(t, "/proc/"+strconv.Itoa(c.Pid())+"/cgroup"); !strings.HasSuffix(got, "0::"+want) {
		t.Errorf("process 1 is in %q, want %q", got, want)
	}
}

func TestShrinkReclaims(t *testing.T) {
	iso := withCgroups(t, false)
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("1"), 0); err != nil {
		t.Skip(err) // others' pages would be charged to others
	}
	c := start(t, iso, "c", shell(`find /usr/lib -type f -size +64k -exec cat {} + >/dev/null; echo done; exec sleep 1000`), isolator.Limits{CPUs: 1000, Memory: 256 * mib})
	eventually(t, "the files are read", func() bool { return read(t, c.out) == "done" })
	current := filepath.Join(c.Cgroup(), "memory.current")
	if n := bytesIn(t, current); n < 24*mib {
		t.Skipf("only %d bytes of page cache were charged to the container", n)
	}
	if err := c.Update(t.Context(), isolator.Limits{CPUs: 1000, Memory: 16 * mib}); err != nil {
		t.Fatal(err)
	}
	if n := bytesIn(t, current); n > 16*mib {
		t.Errorf("%d bytes are in use", n)
	}
	if kills := number(t, c.Cgroup()+"/memory.events", "oom_kill"); kills != 0 {
		t.Errorf("the shrink killed %d processes", kills)
	}
}

// A limit below what is in use would kill the container, so it is refused and
// the old one stays; the CPU's does not wait for it.
func TestShrinkBelowWhatIsInUseIsRefused(t *testing.T) {
	iso := withCgroups(t, true)
	before := isolator.Limits{CPUs: 1000, Memory: 128 * mib}
	c := start(t, iso, "c", shell(hold), before)
	eventually(t, "40 MiB are in use", func() bool { return number(t, c.Cgroup()+"/memory.stat", "anon") >= 40*mib })
	want := limitFiles(t, c)
	want["cpu.weight"], want["cpu.max"] = "50", "50000 100000"
	err := c.Update(t.Context(), isolator.Limits{CPUs: 500, Memory: 16 * mib})
	var refused *isolator.LimitError
	if !errors.As(err, &refused) || refused.File != c.Cgroup()+"/memory.max" || refused.Want != "16777216" {
		t.Fatalf("got %v, want a LimitError for memory.max", err)
	}
	if diff := cmp.Diff(want, limitFiles(t, c)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if kills := number(t, c.Cgroup()+"/memory.events", "oom_kill"); kills != 0 {
		t.Errorf("the shrink killed %d processes", kills)
	}
}

func TestOOMKillsOneContainerAlone(t *testing.T) {
	iso := withCgroups(t, false)
	other := start(t, iso, "other", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000, Memory: 64 * mib})
	// The command survives its child's end: only the group kill ends it.
	c := start(t, iso, "c", shell("sleep 1000 & dd if=/dev/zero of=/dev/null bs=200M count=1; echo survived; exec sleep 1000"), isolator.Limits{CPUs: 1000, Memory: 64 * mib})
	exit := wait(t, c.Container)
	if exit.OOM == nil {
		t.Fatalf("exit is %v, without OOM; memory.events: %s", &exit, read(t, c.Cgroup()+"/memory.events"))
	}
	want := isolator.OOM{Limit: bytesIn(t, c.Cgroup()+"/memory.max"), Peak: bytesIn(t, c.Cgroup()+"/memory.peak"), Kills: uint64(number(t, c.Cgroup()+"/memory.events", "oom_kill"))}
	if *exit.OOM != want {
		t.Errorf("OOM is %+v, the files say %+v", *exit.OOM, want)
	}
	if o := exit.OOM; o.Limit != 64*mib || o.Peak < 60*mib || o.Peak > 64*mib || o.Kills < 3 {
		t.Errorf("OOM is %+v, want a limit of 64 MiB that was nearly reached and at least 3 kills", *o)
	}
	if exit.Status.Signal() != 9 || strings.Contains(read(t, c.out), "survived") {
		t.Errorf("status %v, output %q", exit.Status, read(t, c.out))
	}
	if number(t, other.Cgroup()+"/memory.events", "oom_kill") != 0 || number(t, other.Cgroup()+"/cgroup.events", "populated") != 1 {
		t.Error("the other container was hit too")
	}
}

func TestHalfACPU(t *testing.T) {
	iso := withCgroups(t, true)
	c := start(t, iso, "c", shell(spin), isolator.Limits{CPUs: 500, Memory: 64 * mib})
	stat := c.Cgroup() + "/cpu.stat"
	shares(t, func(window time.Duration) bool {
		began := time.Now() // before the usage is read, so that a pause in between counts for less, not more
		before := number(t, stat, "usage_usec")
		<-time.After(window)
		share := float64(number(t, stat, "usage_usec")-before) / float64(time.Since(began).Microseconds())
		t.Logf("used %.3f of a core", share)
		if share > 0.55 {
			t.Fatalf("used %.3f of a core, more than 0.5", share)
		}
		return share >= 0.45
	})
	if number(t, stat, "nr_throttled") == 0 {
		t.Error("was never throttled")
	}
}

func TestWeightsShareABusyCore(t *testing.T) {
	iso := withCgroups(t, false)
	one := start(t, iso, "one", shell(spin), isolator.Limits{CPUs: 1000, Memory: 64 * mib}).Cgroup() + "/cpu.stat"
	three := start(t, iso, "three", shell(spin), isolator.Limits{CPUs: 3000, Memory: 64 * mib}).Cgroup() + "/cpu.stat"
	shares(t, func(window time.Duration) bool {
		a, b := number(t, one, "usage_usec"), number(t, three, "usage_usec")
		<-time.After(window)
		ratio := float64(number(t, three, "usage_usec")-b) / float64(number(t, one, "usage_usec")-a)
		t.Logf("share the core 1 : %.2f", ratio)
		return ratio > 2.7 && ratio < 3.3
	})
}

// shares measures over windows until one is as it should be: a machine that is
// itself short of time can disturb one, not all.
func shares(t *testing.T, measure func(window time.Duration) bool) {
	t.Helper()
	for range 5 {
		if measure(2 * time.Second) {
			return
		}
	}
	t.Error("no window was as it should be")
}

func TestUsageIsWhatTheFilesSay(t *testing.T) {
	iso := withCgroups(t, true)
	c := start(t, iso, "c", shell("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; "+hold), isolator.Limits{CPUs: 1000, Memory: 128 * mib})
	eventually(t, "40 MiB are in use", func() bool { return number(t, c.Cgroup()+"/memory.stat", "anon") >= 40*mib })
	u, err := c.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if u.Memory.Anon < 40*mib || u.Memory.Current < u.Memory.Anon || u.Memory.Peak < u.Memory.Current || u.Memory.Limit != 128*mib {
		t.Errorf("memory %+v", u.Memory)
	}
	if u.CPU.Total <= 0 || u.CPU.Total < u.CPU.User || u.CPU.Periods == 0 {
		t.Errorf("cpu %+v", u.CPU)
	}
	if want := bytesIn(t, c.Cgroup()+"/pids.current"); u.Processes != uint64(want) {
		t.Errorf("%d processes, pids.current is %d", u.Processes, want)
	}
	destroy(t, c.Container)
	if end, err := c.Usage(); err != nil || end.CPU.Total < u.CPU.Total || end.Memory.Peak < u.Memory.Peak {
		t.Errorf("after the end %+v, %v", end, err)
	}
}

func bytesIn(tb testing.TB, path string) int64 {
	tb.Helper()
	n, err := strconv.ParseInt(read(tb, path), 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
