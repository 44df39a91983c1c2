// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package vm runs tests on a real kernel with cgroup v2: a small Debian in
// QEMU, booted once, kept as a snapshot, and restored in a fraction of a
// second for each package that is tested.
//
// [Prepare] makes an [Image]: kernel, initramfs, Debian disk and snapshot,
// each kept in a [Store] under a hash of what it is made from. [Image.Start]
// restores a fresh [Machine] with a data disk of its own (programs under test,
// test binaries, test data); [Machine.Exec] runs commands in it.
//
// Invariants:
//   - a machine never outlives the process that started it, and the host's
//     network, cgroups and apt configuration are never touched;
//   - every wait is bounded, and an error about a machine ends with the tail
//     of its console;
//   - any number of processes may use one store at the same time.
//
// The package imports nothing of Tepui but its own parts (proto, qmp, and the
// name of the port from guest).
package vm
