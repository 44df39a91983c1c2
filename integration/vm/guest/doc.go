// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package guest is what runs inside a test VM before and around the tests.
//
// One static program, cmd/vm-guest, plays three parts, told apart by how it
// was started (see [Main]):
//
//  1. in the initramfs it loads modules, makes / an overlay of the read-only
//     Debian disk and a tmpfs, and executes the init that the kernel command
//     line names (vm.init=plain or vm.init=systemd);
//  2. as the plain init it mounts what a host has mounted, and reaps orphans:
//     a zombie that nobody reaps would be counted against its cgroup;
//  3. as the runner it waits at the virtio-serial port for the host and
//     carries out its requests, one command at a time (package proto).
//
// Invariants: part 2 and part 3 are two processes, because waiting for any
// child would steal the children of os/exec. Nothing here knows of Tepui.
// What goes wrong before the port is open is printed on the console, and the
// machine powers off: the host shows the console's tail.
package guest
