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
// be emulated, ten to forty times slower than real ones.
const patience = 3 * time.Minute

// machines is opened once, by TestMain: asking Vagrant takes seconds. It is nil
// where there are no machines to test.
var machines *vagrant.Cluster

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	if len(os.Args) > 1 && os.Args[1] == executorMode {
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
	machines, err = vagrant.Open(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer machines.Close()
	return m.Run()
}

// open returns the cluster, or skips the test where there is none.
func open(t *testing.T) *vagrant.Cluster {
	t.Helper()
	if machines == nil {
		t.Skip("needs the machines of the Vagrantfile: 'make test-vagrant' runs it")
	}
	return machines
}
