// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"
	"slices"
	"strings"
)

// The isolations that Options.Isolation can name; each is the cgroup v2
// controller that enforces it.
const (
	CPU    = "cpu"
	Memory = "memory"
)

// HostError says why a host cannot run containers with the isolation that was
// asked for: what is missing, what was found, and how to get what is missing.
type HostError struct {
	Missing string
	Found   string
	Remedy  string
}

// Error has a line for each field.
func (e *HostError) Error() string {
	return "isolator: this host cannot do what was asked for" +
		"\n  missing: " + e.Missing +
		"\n  found:   " + e.Found +
		"\n  remedy:  " + e.Remedy
}

// Require returns nil if the host offers all that the isolations need,
// otherwise an error that says how to get it. Without isolations it needs only root.
func (h *Host) Require(isolation []string) error {
	for _, name := range isolation {
		if name != CPU && name != Memory {
			return fmt.Errorf("isolator: isolation %q: must be one of %s, %s", name, CPU, Memory)
		}
	}
	if h.UID != 0 {
		return &HostError{
			Missing: "the rights of root, which namespaces and cgroups need",
			Found:   fmt.Sprintf("effective user id %d", h.UID),
			Remedy:  "start the agent as root, for example with sudo or from a systemd unit",
		}
	}
	if len(isolation) == 0 {
		return nil
	}
	return h.requireCgroups(isolation)
}

func (h *Host) requireCgroups(isolation []string) error {
	if major, minor, ok := parseKernel(h.Kernel); ok && (major < 5 || major == 5 && minor < 14) {
		return &HostError{
			Missing: "cgroup.kill, which Linux has since 5.14",
			Found:   "Linux " + h.Kernel,
			Remedy:  "boot a newer kernel",
		}
	}
	if h.Mount == "" {
		return &HostError{Missing: "a cgroup v2 file system", Found: h.found(), Remedy: h.remedyMount()}
	}
	if h.ReadOnly {
		return &HostError{
			Missing: "a cgroup v2 file system that can be written",
			Found:   h.Mount + " is mounted read-only",
			Remedy:  "mount -o remount,rw " + h.Mount + "; in a container, run it with its own cgroup namespace and a writable cgroup mount",
		}
	}
	if h.Outside {
		return &HostError{
			Missing: "a cgroup v2 file system of this cgroup namespace",
			Found:   h.Mount + " shows groups outside of it, into which the kernel lets nothing be moved",
			Remedy:  "mount it again in this namespace: umount " + h.Mount + " && mount -t cgroup2 cgroup2 " + h.Mount,
		}
	}
	if missing := h.missing(isolation); len(missing) > 0 {
		return &HostError{
			Missing: "cgroup v2 controller " + strings.Join(missing, ", "),
			Found:   h.found(),
			Remedy:  h.remedyControllers(missing),
		}
	}
	return nil
}

// found describes the host's cgroups in a sentence.
func (h *Host) found() string {
	s := "no cgroup v2"
	if h.Mount != "" {
		s = "cgroup v2 at " + h.Mount + " with controllers: " + listOr(h.Offered, "none")
		if !h.RealRoot || h.Tree != h.Mount+"/"+treeName {
			s += " (in " + h.Tree + ", which is delegated to this process)"
		}
	}
	if len(h.V1) > 0 {
		s += "; cgroup v1 holds " + strings.Join(h.V1, ", ")
	}
	if len(h.Disabled) > 0 {
		s += "; disabled on the kernel command line: " + strings.Join(h.Disabled, ", ")
	}
	return s
}

func (h *Host) remedyMount() string {
	if len(h.V1) > 0 {
		return unifiedRemedy
	}
	return "mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup"
}

// unifiedRemedy moves controllers from v1 to v2.
const unifiedRemedy = "give the controllers to cgroup v2 on the kernel command line and reboot: " +
	"systemd.unified_cgroup_hierarchy=1 on a host with systemd, cgroup_no_v1=all on any other"

// remedyControllers looks for the reason that holds for the first missing
// controller; the others will mostly share it, and if not the next start says so.
func (h *Host) remedyControllers(missing []string) string {
	first := missing[0]
	switch {
	case slices.Contains(h.Disabled, first):
		return fmt.Sprintf("take cgroup_disable=%s off the kernel command line (or add cgroup_enable=%s) and reboot", first, first)
	case slices.Contains(h.V1, first):
		return unifiedRemedy
	case h.RealRoot && h.Tree == h.Mount+"/"+treeName:
		return fmt.Sprintf("boot a kernel with the %s controller", first)
	case h.RealRoot:
		return "set Delegate=yes in the systemd unit of the agent (Delegate=" + strings.Join(missing, " ") + " at least), then restart it"
	}
	return "enable the controllers for this container in the cgroup above it: echo '+" + strings.Join(missing, " +") + "' > cgroup.subtree_control"
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}
