// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"
	"strconv"
	"strings"
)

// mountLine is what a line of /proc/<pid>/mountinfo says about a mount.
type mountLine struct {
	root     string   // the directory of the file system that is mounted
	point    string   // where
	readOnly bool     // for this mount or for the whole file system
	fsType   string   // cgroup2, cgroup, …
	super    []string // options of the file system; for cgroup the controllers are among them
}

// parseMountLine reads a line such as
//
//	31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
//
// whose optional fields end with a lone dash (proc_pid_mountinfo(5)).
func parseMountLine(line string) (mountLine, error) {
	before, after, ok := strings.Cut(line, " - ")
	head, tail := strings.Split(before, " "), strings.Split(after, " ")
	if !ok || len(head) < 6 || len(tail) < 3 {
		return mountLine{}, fmt.Errorf("mountinfo line %q has too few fields", line)
	}
	m := mountLine{
		root:   unescape(head[3]),
		point:  unescape(head[4]),
		fsType: tail[0],
		super:  strings.Split(tail[len(tail)-1], ","),
	}
	for _, o := range append(strings.Split(head[5], ","), m.super...) {
		m.readOnly = m.readOnly || o == "ro"
	}
	return m, nil
}

// unescape undoes the octal escapes of blanks and backslashes in paths.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// parseOwnCgroup finds the path in the v2 hierarchy in the text of
// /proc/<pid>/cgroup: the line that begins with "0::". It is empty if the
// kernel has no v2 hierarchy.
func parseOwnCgroup(text string) string {
	for line := range strings.Lines(text) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return strings.TrimSuffix(strings.TrimSuffix(path, "\n"), " (deleted)")
		}
	}
	return ""
}

// controllerLine is a line of /proc/cgroups: whether the kernel has a
// controller enabled, and which v1 hierarchy has it (0: none, so v2 may).
type controllerLine struct {
	name      string
	hierarchy int
	enabled   bool
}

func parseControllerLine(line string) (controllerLine, error) {
	f := strings.Fields(line)
	if len(f) != 4 {
		return controllerLine{}, fmt.Errorf("cgroups line %q has not four fields", line)
	}
	h, err := strconv.Atoi(f[1])
	if err != nil {
		return controllerLine{}, fmt.Errorf("cgroups line %q: hierarchy %q is not a number", line, f[1])
	}
	return controllerLine{name: f[0], hierarchy: h, enabled: f[3] == "1"}, nil
}

// parseKernel reads "6.1.0-56-cloud-amd64" up to the minor version.
func parseKernel(release string) (major, minor int, ok bool) {
	first, rest, _ := strings.Cut(release, ".")
	second, _, _ := strings.Cut(rest, ".")
	if i := strings.IndexFunc(second, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		second = second[:i]
	}
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return major, minor, err1 == nil && err2 == nil
}
