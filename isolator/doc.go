// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package isolator runs commands in containers on Linux: cgroup v2 limits,
// namespaces, a process 1 of its own. It takes a description in the form of the
// OCI runtime specification and quantities of resources, and knows nothing
// of tasks, frameworks or agents.
//
//	iso, err := isolator.New(isolator.Options{
//		RuntimeDir: "/run/tepui",
//		Init:       "/usr/libexec/tepui-init",
//		Isolation:  []string{isolator.CPU, isolator.Memory},
//	})
//	c, err := iso.Start(ctx, "web-1", spec, isolator.Limits{CPUs: 500, Memory: 64 << 20}, isolator.Stdio{})
//	exit, err := c.Wait(ctx)
//	err = c.Destroy(ctx)
//
// # Invariants
//
//   - A command runs only inside limits that were written and read back. There
//     is no moment at which it runs without them: process 1 is born in the cgroup.
//   - What a spec asks for and the isolator does not implement is an error.
//   - A failed start and a destroyed container leave no process, cgroup, mount,
//     file or descriptor; what cannot be removed is an error.
//   - A container depends on nothing of the process that started it.
//   - Nothing in a container can write to the program that process 1 runs, nor
//     has it a descriptor that it was not given.
//   - No container costs a thread of the caller.
//
// It must not import anything of ours but resource, and isolator/pid1, which is
// the program of process 1. It runs on Linux from 5.14 on.
package isolator
