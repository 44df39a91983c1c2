// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package kernel is the independent witness of the scenarios: it reads what
// the kernel says in /proc, /sys/fs/cgroup and its lists of mounts and links,
// and never asks the program under test.
//
// [Require] decides whether a test may run here. [Guard] takes a census before
// a scenario and compares it with one taken afterwards. A [Group] is a cgroup
// as its files show it. [Await] polls: no scenario sleeps and hopes.
//
// The package imports nothing of Tepui.
package kernel
