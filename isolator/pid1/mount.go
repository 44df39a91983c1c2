// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package pid1

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// privateMounts cuts the container's mounts off from the host's, in both
// directions, before anything is mounted.
func privateMounts() *Report {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return failed(StepMount, "/ as private", err)
	}
	return nil
}

// mountProc shows the container its own PID namespace.
func mountProc() *Report {
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return failed(StepMount, "/proc", err)
	}
	return nil
}

// attach mounts m. It works on descriptors from end to end, so that nobody can
// put a symbolic link in between the check of a path and its use.
func (m *Mount) attach() *Report {
	target, err := openNoLinks(m.Target)
	if err != nil {
		return failed(StepMount, "target "+m.Target, err)
	}
	defer unix.Close(target)
	tree, report := m.tree()
	if report != nil {
		return report
	}
	defer unix.Close(tree)
	if err := unix.MoveMount(tree, "", target, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return failed(StepMount, "target "+m.Target, err)
	}
	return nil
}

// tree returns a descriptor of a file system that is mounted nowhere yet.
func (m *Mount) tree() (int, *Report) {
	switch m.Type {
	case "bind":
		return m.bind()
	case "tmpfs":
		return m.tmpfs()
	}
	return -1, failed(StepMount, m.Target+" of type "+m.Type, unix.EINVAL)
}

func (m *Mount) bind() (int, *Report) {
	source, err := openNoLinks(m.Source)
	if err != nil {
		return -1, failed(StepMount, "source "+m.Source, err)
	}
	defer unix.Close(source)
	var deep uint
	if m.Recursive {
		deep = unix.AT_RECURSIVE
	}
	tree, err := unix.OpenTree(source, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH|deep)
	if err != nil {
		return -1, failed(StepMount, "source "+m.Source, err)
	}
	if m.Set|m.Clear != 0 {
		attr := unix.MountAttr{Attr_set: m.Set, Attr_clr: m.Clear}
		if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|deep, &attr); err != nil {
			unix.Close(tree)
			return -1, failed(StepMount, "options of "+m.Target, err)
		}
	}
	return tree, nil
}

func (m *Mount) tmpfs() (int, *Report) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, failed(StepMount, "tmpfs for "+m.Target, err)
	}
	defer unix.Close(fs)
	for _, o := range m.Options {
		key, value, _ := strings.Cut(o, "=")
		if err := unix.FsconfigSetString(fs, key, value); err != nil {
			return -1, failed(StepMount, "option "+o+" of "+m.Target, err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, failed(StepMount, "tmpfs for "+m.Target, err)
	}
	tree, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, int(m.Set))
	if err != nil {
		return -1, failed(StepMount, "tmpfs for "+m.Target, err)
	}
	return tree, nil
}

// openNoLinks opens a path for reference only, and refuses one that leads
// through a symbolic link anywhere.
func openNoLinks(path string) (int, error) {
	return unix.Openat2(unix.AT_FDCWD, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
}

func failed(step Step, object string, err error) *Report {
	errno, _ := err.(syscall.Errno) // everything here is a bare system call
	return &Report{Step: step, Object: object, Errno: errno}
}
