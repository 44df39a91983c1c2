// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// rootDisk is the read-only Debian disk.
const rootDisk = "/dev/vda"

// mount is one mount(2) call; its target is made first.
type mount struct {
	source, target, fstype string
	flags                  uintptr
	data                   string
}

func mountAll(mounts []mount) error {
	for _, m := range mounts {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.source, m.target, m.fstype, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s on %s (%s %s): %w", m.source, m.target, m.fstype, m.data, err)
		}
	}
	return nil
}

// enterRoot is the initramfs' part: it ends in another program.
func enterRoot() error {
	if os.Getpid() != 1 {
		return errors.New("enter the root disk")
	}
	err := mountAll([]mount{
		{"proc", "/proc", "proc", 0, ""},
		{"dev", "/dev", "devtmpfs", 0, ""},
	})
	if err != nil {
		return err
	}
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	flavour, _ := parameter(string(cmdline), "vm.init")
	if err := loadModules("/modules"); err != nil {
		return err
	}
	if err := overlayRoot("/newroot"); err != nil {
		return err
	}
	argv, err := installInit("/newroot", flavour)
	if err != nil {
		return err
	}
	if err := switchRoot("/newroot"); err != nil {
		return err
	}
	env := []string{"PATH=" + searchPath, "HOME=/root", "TERM=dumb"}
	return fmt.Errorf("execute %s: %w", argv[0], unix.Exec(argv[0], argv, env))
}

// loadModules loads the kernel modules of a folder in the order of their names.
func loadModules(dir string) error {
	files, err := filepath.Glob(dir + "/*.ko")
	if err != nil {
		return err
	}
	slices.Sort(files)
	for _, name := range files {
		if err := loadModule(name); err != nil {
			return err
		}
	}
	return os.RemoveAll(dir)
}

func loadModule(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load module %s: %w", name, err)
	}
	return nil
}

// overlayRoot mounts on target what the root disk has, with writes going to
// memory: the disk stays as every snapshot remembers it.
func overlayRoot(target string) error {
	if err := awaitFile(rootDisk, 5*time.Second); err != nil {
		return err
	}
	err := mountAll([]mount{
		{rootDisk, "/lower", "ext4", unix.MS_RDONLY, ""},
		{"over", "/over", "tmpfs", 0, "mode=755"},
	})
	if err != nil {
		return err
	}
	for _, d := range []string{"/over/upper", "/over/work"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	return mountAll([]mount{{"root", target, "overlay", 0, "lowerdir=/lower,upperdir=/over/upper,workdir=/over/work"}})
}

// awaitFile waits until a file appears: devices are found in the background.
func awaitFile(name string, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		_, err := os.Stat(name)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// installInit puts this program, and the file of names that no Debian package
// has, into the new root and returns the command line of its init.
func installInit(root, flavour string) ([]string, error) {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(root+Program, program, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(root+"/etc/hosts", []byte("127.0.0.1 localhost vm\n::1 localhost\n"), 0o644); err != nil {
		return nil, err
	}
	switch flavour {
	case "plain":
		return []string{Program, "init"}, nil
	case "systemd":
		return []string{"/lib/systemd/systemd"}, installUnit(root)
	}
	return nil, fmt.Errorf("vm.init=%q on the kernel command line, want plain or systemd", flavour)
}

// switchRoot makes dir the root of this process and of all that come after it.
func switchRoot(dir string) error {
	for _, m := range []string{"/dev", "/proc"} { // the next init mounts its own
		if err := unix.Unmount(m, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", m, err)
		}
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("move %s to /: %w", dir, err)
	}
	if err := unix.Chroot("."); err != nil {
		return fmt.Errorf("chroot to %s: %w", dir, err)
	}
	return os.Chdir("/")
}
