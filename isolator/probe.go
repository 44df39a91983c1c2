// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Host is what a machine offers for containers.
type Host struct {
	UID    int    // effective user id of the process
	Kernel string // release, as uname -r prints it

	Mount    string   // where cgroup v2 is mounted; empty if it is not
	ReadOnly bool     // that mount can only be read
	RealRoot bool     // Mount shows the root of the hierarchy, not that of a cgroup namespace
	Own      string   // the directory of the cgroup that the process is in; empty if Mount does not show it
	Outside  bool     // Mount shows more than the cgroup namespace of the process, which may not be used
	Tree     string   // the subtree that the process may manage: delegated to it, or one below the real root
	Offered  []string // controllers that can be enabled in Tree

	V1       []string // controllers that cgroup v1 hierarchies hold, so that v2 cannot have them
	Disabled []string // controllers that the kernel command line disables
}

// Probe looks at the host through /proc and the cgroup file system, and
// changes nothing. An error means that /proc itself could not be read.
func Probe() (Host, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Host{}, fmt.Errorf("isolator: probe: uname: %w", err)
	}
	h := Host{UID: os.Geteuid(), Kernel: unix.ByteSliceToString(u.Release[:])}
	return h, h.look("/proc")
}

// look fills in what the files below proc say.
func (h *Host) look(proc string) error {
	mounts, err := os.ReadFile(proc + "/self/mountinfo")
	if err != nil {
		return fmt.Errorf("isolator: probe: %w", err)
	}
	own, err := os.ReadFile(proc + "/self/cgroup")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("isolator: probe: %w", err)
	}
	controllers, err := os.ReadFile(proc + "/cgroups")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("isolator: probe: %w", err)
	}
	if err := h.lookAtControllers(string(controllers)); err != nil {
		return err
	}
	if err := h.lookAtMounts(string(mounts), parseOwnCgroup(string(own))); err != nil || h.Mount == "" {
		return err
	}
	return h.lookForTree()
}

func (h *Host) lookAtControllers(text string) error {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		c, err := parseControllerLine(line)
		if err != nil {
			return fmt.Errorf("isolator: probe: %w", err)
		}
		switch {
		case !c.enabled:
			h.Disabled = append(h.Disabled, c.name)
		case c.hierarchy != 0:
			h.V1 = append(h.V1, c.name)
		}
	}
	return nil
}

// lookAtMounts finds where cgroup v2 is mounted, and the directory of the own
// cgroup there. The last mount wins: it hides those below it.
func (h *Host) lookAtMounts(text, own string) error {
	for line := range strings.Lines(text) {
		m, err := parseMountLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return fmt.Errorf("isolator: probe: %w", err)
		}
		if m.fsType != "cgroup2" {
			continue
		}
		h.Mount, h.ReadOnly, h.Own = m.point, m.readOnly, ""
		if h.Outside = strings.HasPrefix(m.root, "/.."); h.Outside {
			continue
		}
		if rel, err := filepath.Rel(m.root, own); err == nil && own != "" && rel != ".." && !strings.HasPrefix(rel, "../") {
			h.Own = filepath.Join(m.point, rel)
		}
	}
	return nil
}

// lookForTree chooses the subtree to manage: the own cgroup or its parent if it was
// delegated, otherwise one of our own below the real root. Only the real root
// has no cgroup.type.
func (h *Host) lookForTree() error {
	_, err := os.Stat(filepath.Join(h.Mount, "cgroup.type"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("isolator: probe: %w", err)
	}
	h.RealRoot = err != nil
	h.Tree = filepath.Join(h.Mount, treeName)
	offering := h.Mount
	if d := h.delegated(); d != "" {
		h.Tree, offering = d, d
	}
	b, err := os.ReadFile(filepath.Join(offering, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("isolator: probe: %w", err)
	}
	h.Offered = strings.Fields(string(b))
	return nil
}

// delegated returns the directory that was handed over to this process, or "".
// systemd marks it; the process is in it, or in a leaf that it made for itself or that
// systemd made (DelegateSubgroup=). The root of a cgroup namespace is handed over by definition.
func (h *Host) delegated() string {
	if h.Own == "" {
		return ""
	}
	for _, dir := range []string{h.Own, filepath.Dir(h.Own)} {
		if !within(dir, h.Mount) {
			break
		}
		if dir == h.Mount && !h.RealRoot || marked(dir) {
			return dir
		}
	}
	return ""
}

// marked tells whether systemd has delegated dir (Delegate=yes).
func marked(dir string) bool {
	for _, attr := range []string{"trusted.delegate", "user.delegate"} {
		var v [8]byte
		if n, err := unix.Getxattr(dir, attr, v[:]); err == nil && string(v[:n]) == "1" {
			return true
		}
	}
	return false
}

// within tells whether dir is base or below it; both are clean.
func within(dir, base string) bool {
	return dir == base || base == "/" || strings.HasPrefix(dir, base+"/")
}

// missing returns the controllers among want that cannot be enabled.
func (h *Host) missing(want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(c string) bool { return slices.Contains(h.Offered, c) })
}
