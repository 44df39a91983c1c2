// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Where tests run, as the variable INTEGRATION says.
const (
	InVM   = "vm"   // in the test VM; set there by make integration
	OnHost = "host" // on this very machine, which the tests change
)

// Controllers are what a scenario may count on.
var Controllers = []string{"cpu", "memory", "pids"}

// Require lets the test go on only where it can run and was asked to: as root,
// with cgroup v2 and its controllers, in the test VM or, with
// INTEGRATION=host, on this machine. It skips the test where it was not asked
// to run, and fails it where it was and cannot.
func Require(t testing.TB) {
	t.Helper()
	switch os.Getenv("INTEGRATION") {
	case OnHost:
	case InVM:
		if !insideVM() {
			t.Skip("INTEGRATION=vm is for the inside of the test VM: run make integration")
		}
	default:
		t.Skip("needs root and cgroup v2: run make integration (in a VM) or, on a machine to spare, make integration INTEGRATION=host")
	}
	if err := able(); err != nil {
		t.Fatal(err)
	}
}

// insideVM tells whether this kernel was booted by integration/vm.
func insideVM() bool {
	b, err := os.ReadFile("/proc/cmdline")
	return err == nil && strings.Contains(string(b), "vm.init=")
}

func able() error {
	if uid := os.Getuid(); uid != 0 {
		return fmt.Errorf("kernel: this is user %d: containers and cgroups need root", uid)
	}
	root, err := Root()
	if err != nil {
		return err
	}
	have, err := root.Controllers()
	if err != nil {
		return err
	}
	for _, c := range Controllers {
		if !slices.Contains(have, c) {
			return fmt.Errorf("kernel: cgroup v2 at %s has the controllers %v, and not %s: boot with systemd.unified_cgroup_hierarchy=1, or run make integration, which uses a VM", root, have, c)
		}
	}
	return nil
}

// Release is the running kernel's, as uname -r prints it.
func Release() (string, error) {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return "", fmt.Errorf("kernel: uname: %w", err)
	}
	return unix.ByteSliceToString(uts.Release[:]), nil
}
