// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package pid1 is what runs as process 1 of a container, and the two messages
// that pass between it and the isolator that started it.
//
// The isolator clones process 1 into the container's namespaces and cgroup
// with the command's standard descriptors and a few more (see the FD constants),
// sends a Config over the control socket and reads back one Report: the command
// runs, or the step that failed. From then on process 1 needs nobody: it reaps
// every orphan, passes the signals that come through a named pipe on to the
// command's process group, and when the command has ended it writes the
// command's wait status to the status file and exits. The kernel then kills
// whatever is left in the PID namespace.
//
// There is one process 1 per container, so its size and the time it takes to
// start count. The package therefore does without os, fmt, goroutines but one,
// and garbage, and imports nothing of ours.
package pid1
