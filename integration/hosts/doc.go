// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package hosts makes several hosts inside one machine, for scenarios that
// need a master, some agents, and a network that fails between them.
//
// A [Host] has network, mount, PID, UTS, IPC and cgroup namespaces of its own,
// an address on a bridge of the [Lab], a cgroup subtree whose memory.max and
// cpu.max are the size of the machine and whose top it sees as the root of
// /sys/fs/cgroup, fresh /tmp and /run, and a disk, /srv, that outlives its
// crashes. Hosts share the kernel, the clock and the file system that they
// boot from.
//
// PID 1 of a host is the test binary itself, which is why TestMain begins with
// [Main]. It reaps orphans, and starts commands for the test over a socket.
//
// Invariants: a host dies with the test that made it; Lab.Close leaves no
// process, cgroup, link or mount. Needs root and cgroup v2, so tests call
// kernel.Require first. The package imports nothing of Tepui but
// integration/kernel.
package hosts
