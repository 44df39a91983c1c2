// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Max is what [Group.Uint] returns for a limit that is "max", no limit.
const Max = math.MaxUint64

// Group is a cgroup v2: its folder, absolute, where cgroup2 is mounted.
type Group string

// Root is the cgroup at the mount point of cgroup2, as this process sees it.
func Root() (Group, error) {
	mounts, err := mountinfo.GetMounts(mountinfo.FSTypeFilter("cgroup2"))
	if err != nil {
		return "", fmt.Errorf("kernel: %w", err)
	}
	if len(mounts) == 0 {
		return "", errors.New("kernel: cgroup2 is not mounted: this is a cgroup v1 host; run make integration, which uses a VM")
	}
	return Group(mounts[0].Mountpoint), nil
}

// Own is the cgroup of this process.
func Own() (Group, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	path, err := groupOf("self")
	return root.Child(path), err
}

// groupOf returns the cgroup v2 path of a process, relative to the mount point.
func groupOf(pid string) (string, error) {
	b, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return strings.TrimSuffix(path, "\n"), nil
		}
	}
	return "", fmt.Errorf("kernel: process %s is in no cgroup v2: %q", pid, b)
}

// Child is the cgroup of that name or path below g, which need not exist.
func (g Group) Child(path string) Group { return Group(filepath.Join(string(g), path)) }

// Read returns the text of one of the group's files, e.g. "memory.max",
// without the newline at its end.
func (g Group) Read(file string) (string, error) {
	b, err := os.ReadFile(filepath.Join(string(g), file))
	return strings.TrimSuffix(string(b), "\n"), err
}

// Write writes one of the group's files.
func (g Group) Write(file, value string) error {
	if err := os.WriteFile(filepath.Join(string(g), file), []byte(value), 0o644); err != nil {
		return fmt.Errorf("kernel: write %q: %w", value, err)
	}
	return nil
}

// Uint reads a file with one number, e.g. memory.current, or the word max,
// which is [Max].
func (g Group) Uint(file string) (uint64, error) {
	text, err := g.Read(file)
	if err != nil {
		return 0, err
	}
	if text == "max" {
		return Max, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("kernel: %s/%s: %w", g, file, err)
	}
	return n, nil
}

// Keyed reads a file of lines "key number", e.g. memory.events or cpu.stat.
func (g Group) Keyed(file string) (map[string]uint64, error) {
	text, err := g.Read(file)
	if err != nil {
		return nil, err
	}
	out := map[string]uint64{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("kernel: %s/%s, line %q: %w", g, file, line, err)
		}
		out[key] = n
	}
	return out, nil
}

// PIDs lists the processes in the group itself, not below it.
func (g Group) PIDs() ([]int, error) {
	text, err := g.Read("cgroup.procs")
	if err != nil {
		return nil, err
	}
	var pids []int
	for word := range strings.FieldsSeq(text) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("kernel: %s/cgroup.procs: %w", g, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Controllers lists those that the group may have limits of.
func (g Group) Controllers() ([]string, error) {
	text, err := g.Read("cgroup.controllers")
	return strings.Fields(text), err
}

// Populated tells whether a process lives in the group or below it.
func (g Group) Populated() (bool, error) {
	events, err := g.Keyed("cgroup.events")
	return events["populated"] != 0, err
}

// Exists tells whether the group is there.
func (g Group) Exists() bool {
	_, err := os.Stat(string(g))
	return err == nil
}

// Tree lists the group and all below it, parents first. Groups that go away
// meanwhile are left out.
func (g Group) Tree() ([]Group, error) {
	var out []Group
	err := filepath.WalkDir(string(g), func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir():
			out = append(out, Group(name))
		}
		return nil
	})
	return out, err
}
