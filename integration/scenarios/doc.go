// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package scenarios holds the tests of the whole on a real kernel, as root: the
// programs run, a framework uses them, and the kernel's files and process table
// are the witnesses. Each scenario leaves no cgroup, process, mount or zombie.
package scenarios
