// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vagrant_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/vagrant"
)

// patience bounds every wait for something that must happen: the machines may
// be emulated, ten to forty times slower than a real one.
const patience = 3 * time.Minute

// cluster is opened once by TestMain: asking Vagrant takes seconds.
var cluster *vagrant.Cluster

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	if os.Getenv("MESOS_EXECUTOR_ID") != "" {
		return runExecutor()
	}
	if os.Getenv("TEPUI_VAGRANT") != "1" {
		return m.Run()
	}
	// Short, because the path of a unix socket in it must fit in 108 bytes.
	dir, err := os.MkdirTemp("", "tv")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	cluster, err = vagrant.Open(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer cluster.Close()
	return m.Run()
}

// open returns the cluster, or skips the test where there is none.
func open(t *testing.T) *vagrant.Cluster {
	t.Helper()
	if cluster == nil {
		t.Skip("needs the machines of the Vagrantfile: 'make test-vagrant' runs it")
	}
	return cluster
}

// run runs a script on a machine; the test ends if it fails.
func run(t *testing.T, m vagrant.Machine, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
