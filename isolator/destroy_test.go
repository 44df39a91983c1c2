// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tepui/tepui/isolator"
)

// What gets out of a process group, a session or its parent's sight does not
// get out of its container.
const escapees = `
fork() { if [ $1 -gt 0 ]; then fork $(($1-1)) & fork $(($1-1)) & fi; sleep 1000; }
fork 4 &
setsid sh -c 'sleep 1000 & sleep 1000' &
(setsid sh -c '(sleep 1000 &) ; exec sleep 1000' >/dev/null 2>&1 &)
trap '' TERM HUP INT
echo ready
while :; do sleep 1000; done`

func TestDestroyLeavesNothing(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell(escapees), isolator.Limits{CPUs: 1000})
		ns := link(t, fmt.Sprintf("/proc/%d/ns/pid", c.Pid()))
		eventually(t, "all 37 processes run", func() bool { return len(inNamespace(t, ns)) >= 37 })
		destroy(t, c.Container)
		if left := inNamespace(t, ns); len(left) > 0 {
			t.Errorf("processes %v are left", left)
		}
		if exit := wait(t, c.Container); exit.Status.Signal() != 9 {
			t.Errorf("exit is %v", &exit)
		}
		destroy(t, c.Container) // again, to no effect
		if err := c.Update(t.Context(), isolator.Limits{CPUs: 1}); !errors.Is(err, isolator.ErrEnded) {
			t.Errorf("update after destroy: %v", err)
		}
	})
}

// Root in a container can write to the cgroup file system and make groups there.
func TestDestroyRemovesForeignGroups(t *testing.T) {
	iso := withCgroups(t, false)
	leaf := filepath.Join(iso.Root(), "c", "leaf")
	c := start(t, iso, "c", asRoot(shell("mkdir -p "+leaf+"/a/b "+leaf+"/../x; echo $$ >"+leaf+"/a/b/cgroup.procs; echo ready; exec sleep 1000")), isolator.Limits{CPUs: 1000})
	eventually(t, "the groups are made", func() bool { return strings.Contains(read(t, c.out), "ready") })
	destroy(t, c.Container)
	if _, err := os.Stat(c.Cgroup()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", c.Cgroup(), err)
	}
}

func TestDestroyGivesUpWithItsContext(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		c := start(t, iso, "c", shell("exec sleep 1000"), isolator.Limits{CPUs: 1000})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		// It may be quick enough all the same; what it must not do is to claim
		// an end that has not come.
		if err := c.Destroy(ctx); err == nil {
			if _, err := c.Wait(ctx); err != nil {
				t.Errorf("destroyed, but: %v", err)
			}
		}
		destroy(t, c.Container)
	})
}

func TestAHundredAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, iso *isolator.Isolator) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				id := fmt.Sprintf("c%d", i)
				c, err := tryStart(t, iso, id, shell(fmt.Sprintf("echo %d; exit %d", i, i)), isolator.Limits{CPUs: 100, Memory: 64 * mib})
				if err != nil {
					t.Error(err)
					return
				}
				if i%3 > 0 { // some are destroyed before they have ended
					if exit := wait(t, c.Container); exit.Status.ExitStatus() != i || read(t, c.out) != fmt.Sprint(i) {
						t.Errorf("%s: exit is %v, output %q", id, &exit, read(t, c.out))
					}
				}
				destroy(t, c.Container)
			})
		}
		all.Wait()
	})
}

// inNamespace lists the processes on the host that are in a PID namespace.
func inNamespace(tb testing.TB, ns string) []string {
	tb.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && to == ns {
			list = append(list, strings.Split(l, "/")[2])
		}
	}
	return list
}
