// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"os"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
)

// newSpec describes the container of a launch: its command, in its sandbox, as
// its user, whose rights it cannot extend. Shared memory is the container's own:
// it ends with it, and nobody else's processes can reach it or pay for it.
func newSpec(l *core.Launch, box *sandbox, env []string) *specs.Spec {
	return &specs.Spec{
		Version: specs.Version,
		Process: &specs.Process{
			Args: arguments(l.Command),
			Env:  env,
			Cwd:  box.path,
			User: specs.User{UID: box.owner.uid, GID: box.owner.gid, AdditionalGids: box.owner.groups},

			NoNewPrivileges: true,
		},
		Mounts: sharedMemory(),
	}
}

// sharedMemory is a /dev/shm of its own, on a host that has one.
func sharedMemory() []specs.Mount {
	const dir = "/dev/shm"
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	return []specs.Mount{{
		Destination: dir, Type: "tmpfs", Source: "shm",
		Options: []string{"nosuid", "nodev", "noexec", "mode=1777"},
	}}
}

// arguments are argv: a shell's, or the value as the program with what follows
// arguments[0]. An OCI spec has one place for the program and the name that it
// sees as its own, so that arguments[0] counts only where there is no value.
func arguments(c *mesos.CommandInfo) []string {
	args := c.GetArguments()
	switch {
	case c.GetShell():
		return []string{"/bin/sh", "-c", c.GetValue()}
	case c.GetValue() == "":
		return args
	default:
		return append([]string{c.GetValue()}, args[min(1, len(args)):]...)
	}
}
