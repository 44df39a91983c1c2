// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/resource"
)

const gigabyte = 1 << 30 // bytes, as Mesos counts them

// DetectResources looks at what the host has and leaves a part of it to the
// host itself, as Mesos does: all cpus; the memory but 1 GB, or half of it
// where there are less than 2 GB; the disk that workDir is on but 5 GB, or half
// of it where there are less than 10 GB; ports 31000 to 32000.
func DetectResources(workDir string) (resource.Resources, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return resource.Resources{}, fmt.Errorf("agent: detecting memory: sysinfo: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(workDir, &fs); err != nil {
		return resource.Resources{}, fmt.Errorf("agent: detecting disk: statfs %s: %w", workDir, err)
	}
	memory := uint64(info.Totalram) * uint64(info.Unit)
	disk := fs.Blocks * uint64(fs.Bsize)
	return resource.Parse(fmt.Sprintf("cpus:%d;mem:%d;disk:%d;ports:[31000-32000]",
		runtime.NumCPU(), share(memory, 1), share(disk, 5)))
}

// share is what tasks get of an amount of bytes when the host keeps some
// gigabytes, or half where that would be more: in whole megabytes.
func share(bytes uint64, keep uint64) uint64 {
	if bytes < 2*keep*gigabyte {
		return bytes / 2 >> 20
	}
	return (bytes - keep*gigabyte) >> 20
}
