// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package hosts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const cgroupRoot = "/sys/fs/cgroup"

// furnish makes the namespaces of PID 1 look like a host's.
func furnish(m machine) error {
	if err := unix.Sethostname([]byte(m.Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	// Disk and names may lie below what the mounts after them hide.
	for _, b := range []struct{ from, to string }{{m.Disk, "/srv"}, {m.Names, "/etc/hosts"}} {
		if err := bind(b.from, b.to); err != nil {
			return err
		}
	}
	if err := unix.Unmount("/sys", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount /sys: %w", err)
	}
	const safe = unix.MS_NOSUID | unix.MS_NODEV
	for _, f := range []struct {
		target, fstype, data string
		flags                uintptr
	}{
		{"/proc", "proc", "", safe | unix.MS_NOEXEC},
		{"/sys", "sysfs", "", safe | unix.MS_NOEXEC},
		{cgroupRoot, "cgroup2", "", safe | unix.MS_NOEXEC},
		{"/run", "tmpfs", "mode=755", safe},
		{"/tmp", "tmpfs", "mode=1777", safe},
		{"/dev/shm", "tmpfs", "mode=1777", safe},
	} {
		if err := unix.Mount(f.fstype, f.target, f.fstype, f.flags, f.data); err != nil {
			return fmt.Errorf("mount %s on %s: %w", f.fstype, f.target, err)
		}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil { // as on a host
		return fmt.Errorf("make mounts shared: %w", err)
	}
	return leaveRoot()
}

func bind(from, to string) error {
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a host needs %s to mount %s on: %w", to, from, err)
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", from, to, err)
	}
	return nil
}

// leaveRoot moves PID 1 into a leaf. The root of a cgroup namespace is not the
// root of all: it can have children with controllers only while no process
// lives in it.
func leaveRoot() error {
	leaf := filepath.Join(cgroupRoot, "init")
	if err := os.Mkdir(leaf, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte("0"), 0o644)
}

// lookPath finds a program in the PATH of an environment.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, e := range env {
		path, ok := strings.CutPrefix(e, "PATH=")
		for _, dir := range filepath.SplitList(path) {
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); ok && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("no program %q in the PATH of %q", name, env)
}

// notifyChild returns a channel that has a value after a child has ended.
func notifyChild() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGCHLD)
	return c
}
