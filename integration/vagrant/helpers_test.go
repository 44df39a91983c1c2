// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/framework"
	"github.com/tepui/tepui/integration/vagrant"

	mesos "github.com/tepui/tepui/api/v1"
)

// run runs a script on a machine; the test ends if it fails.
func run(t *testing.T, m vagrant.Machine, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := m.Run(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// eventually calls check until it returns nil; the test ends with its last
// error when that takes longer than limit.
func eventually(t *testing.T, limit time.Duration, check func(context.Context) error) {
	t.Helper()
	// Not t.Context(), which has ended when the test cleans up.
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %v", limit, last)
		case <-tick.C:
		}
	}
}

// subscribe starts a framework and stops it, tasks included, when the test ends.
func subscribe(t *testing.T) *framework.Framework {
	t.Helper()
	f, err := framework.Start(vagrant.Endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Errorf("the framework's driver ended with: %v", err)
		}
	})
	return f
}

// launch waits for an offer of the agent m and launches the tasks with it.
func launch(t *testing.T, f *framework.Framework, m vagrant.Machine, tasks ...*mesos.TaskInfo) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := f.Launch(ctx, from(m), tasks...); err != nil {
		t.Fatalf("launch on %s: %v", m.Name, err)
	}
}

// begin launches a small command task on m and waits until it runs.
func begin(t *testing.T, f *framework.Framework, m vagrant.Machine, id, command string) {
	t.Helper()
	launch(t, f, m, framework.Command(id, command, .1, 32))
	await(t, f, id, mesos.TaskState_TASK_RUNNING)
}

// await waits until task is, or was, in state.
func await(t *testing.T, f *framework.Framework, task string, state mesos.TaskState) framework.Update {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	u, err := f.Await(ctx, task, state)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// awaitLost waits until task is lost, for the given reason.
func awaitLost(t *testing.T, f *framework.Framework, task string, reason mesos.TaskStatus_Reason) framework.Update {
	t.Helper()
	u := await(t, f, task, mesos.TaskState_TASK_LOST)
	if u.GetReason() != reason {
		t.Errorf("%s was lost with reason %v (%s), want %v", task, u.GetReason(), u.GetMessage(), reason)
	}
	return u
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

// wantGone checks that no container on m runs text any more.
func wantGone(t *testing.T, m vagrant.Machine, text string) {
	t.Helper()
	list, err := m.Containers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Runs(text) {
			t.Errorf("on %s, container %s still runs %q", m.Name, c.ID, text)
		}
	}
}

// takeOffers takes what all agents offer out of f's memory, so that each offer
// that it remembers later has come later.
func takeOffers(t *testing.T, f *framework.Framework) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, m := range machines.Agents {
		if _, err := f.Offer(ctx, from(m)); err != nil {
			t.Fatal(err)
		}
	}
}

// from suits offers of m.
func from(m vagrant.Machine) func(*mesos.Offer) bool {
	return func(o *mesos.Offer) bool { return o.GetHostname() == m.IP }
}

// leftovers prints what containers leave when they are not taken down
// properly: inits, zombies, mounts of a sandbox. Cgroups are listed apart.
const leftovers = `
pgrep -a tepui-init || true
ps -eo pid,stat,args | awk '$2 ~ /^Z/'
grep /var/lib/tepui/ /proc/mounts || true`

// clean makes the test wait, when all else of it has ended, until nothing is left
// of any container on any agent. To be called before anything is started.
func clean(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		for _, m := range machines.Agents {
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
