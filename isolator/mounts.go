// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"github.com/tepui/tepui/isolator/pid1"
)

// mountFlag is what an option of a mount sets and clears.
type mountFlag struct{ set, clear uint64 }

// mountFlags knows the options that are flags. Flags of the access time are
// one field of several bits, so setting one clears the others.
func mountFlags(option string) (mountFlag, bool) {
	switch option {
	case "ro":
		return mountFlag{set: unix.MOUNT_ATTR_RDONLY}, true
	case "rw":
		return mountFlag{clear: unix.MOUNT_ATTR_RDONLY}, true
	case "nosuid":
		return mountFlag{set: unix.MOUNT_ATTR_NOSUID}, true
	case "suid":
		return mountFlag{clear: unix.MOUNT_ATTR_NOSUID}, true
	case "nodev":
		return mountFlag{set: unix.MOUNT_ATTR_NODEV}, true
	case "dev":
		return mountFlag{clear: unix.MOUNT_ATTR_NODEV}, true
	case "noexec":
		return mountFlag{set: unix.MOUNT_ATTR_NOEXEC}, true
	case "exec":
		return mountFlag{clear: unix.MOUNT_ATTR_NOEXEC}, true
	case "noatime":
		return mountFlag{set: unix.MOUNT_ATTR_NOATIME, clear: unix.MOUNT_ATTR__ATIME}, true
	case "strictatime":
		return mountFlag{set: unix.MOUNT_ATTR_STRICTATIME, clear: unix.MOUNT_ATTR__ATIME}, true
	case "relatime":
		return mountFlag{set: unix.MOUNT_ATTR_RELATIME, clear: unix.MOUNT_ATTR__ATIME}, true
	}
	return mountFlag{}, false
}

// mounts takes bind mounts and tmpfs. A fresh /proc is always there, so one in
// the spec is fine, and nothing else may cover it or the root.
func (p *plan) mounts(spec *specs.Spec) error {
	for i, m := range spec.Mounts {
		if m.Type == "proc" && path.Clean(m.Destination) == "/proc" {
			continue
		}
		mount, err := newMount(m)
		if err != nil {
			return fmt.Errorf("mounts[%d]: %w", i, err)
		}
		p.init.Mounts = append(p.init.Mounts, mount)
	}
	return nil
}

func newMount(m specs.Mount) (pid1.Mount, error) {
	out := pid1.Mount{Type: m.Type, Target: path.Clean(m.Destination)}
	if !path.IsAbs(m.Destination) || out.Target == "/" || within(out.Target, "/proc") {
		return out, fmt.Errorf("destination %q must be an absolute path, not / and not below /proc", m.Destination)
	}
	if len(m.UIDMappings)+len(m.GIDMappings) > 0 {
		return out, fmt.Errorf("destination %q: id mappings are not supported", m.Destination)
	}
	if slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind") {
		out.Type = "bind"
	}
	switch out.Type {
	case "bind":
		if !path.IsAbs(m.Source) {
			return out, fmt.Errorf("source %q of %s must be an absolute path", m.Source, out.Target)
		}
		out.Source = path.Clean(m.Source)
	case "tmpfs":
		out.Set = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	default:
		return out, fmt.Errorf("type %q of %s is not supported: only bind and tmpfs are", m.Type, out.Target)
	}
	for _, o := range m.Options {
		if err := option(&out, o); err != nil {
			return out, err
		}
	}
	return out, nil
}

// option applies one option to m; a later one overrides an earlier one.
func option(m *pid1.Mount, o string) error {
	if f, ok := mountFlags(o); ok {
		m.Set = m.Set&^f.clear | f.set
		m.Clear = m.Clear&^f.set | f.clear
		return nil
	}
	switch o {
	case "bind", "private", "rprivate": // what they are anyway
		return nil
	case "rbind":
		m.Recursive = true
		return nil
	}
	if key, _, ok := strings.Cut(o, "="); ok && m.Type == "tmpfs" && slices.Contains([]string{"size", "mode", "uid", "gid", "nr_inodes"}, key) {
		m.Options = append(m.Options, o)
		return nil
	}
	return fmt.Errorf("option %q of %s is not supported", o, m.Target)
}
