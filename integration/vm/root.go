// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// suite is the Debian release of the guest's userland.
const suite = "bookworm"

// packages are what the guest's Debian has besides its essential packages:
// what scenarios look at things with, the runtimes that benchmarks compare
// with, and systemd for the flavour that boots it.
var packages = []string{
	"ca-certificates", "crun", "dbus", "iproute2", "iputils-ping", "kmod", "procps", "runc", "systemd", "tar",
}

// left out: nobody reads them in a VM that lives for seconds.
var excluded = []string{
	"/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*", "/usr/lib/udev/hwdb*",
}

// rootSize is the size of the root disk; the file is sparse.
const rootSize = "1536M"

// getRoot returns the read-only root disk. mirror is a Debian mirror, "" for
// the default.
func getRoot(ctx context.Context, s *Store, k kernel, mirror string) (string, error) {
	dir, err := s.Get(ctx, Artifact{
		Kind:   "root",
		Inputs: []string{suite, strings.Join(packages, " "), strings.Join(excluded, " "), rootSize, filepath.Base(k.dir)},
		Build: func(ctx context.Context, dir string) error {
			return buildRoot(ctx, dir, k, mirror)
		},
	})
	return filepath.Join(dir, "root.ext4"), err
}

func buildRoot(ctx context.Context, dir string, k kernel, mirror string) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("a Debian tree with root's files is made by root only, this is user %d", os.Getuid())
	}
	tree := filepath.Join(dir, "tree")
	if _, err := command(ctx, dir, "mmdebstrap", mmdebstrapArgs(tree, mirror)...); err != nil {
		return err
	}
	to := filepath.Join(tree, "usr/lib/modules")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if _, err := command(ctx, dir, "cp", "-a", k.modules(), to); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(tree, "data"), 0o755); err != nil {
		return err
	}
	if err := makeDisk(ctx, filepath.Join(dir, "root.ext4"), rootSize, tree); err != nil {
		return err
	}
	return os.RemoveAll(tree)
}

func mmdebstrapArgs(tree, mirror string) []string {
	args := []string{
		"--quiet", "--variant=minbase", "--format=directory",
		`--aptopt=APT::Install-Recommends "false"`, `--aptopt=Acquire::Languages "none"`,
		"--include=" + strings.Join(packages, ","),
	}
	for _, path := range excluded {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	args = append(args, suite, tree)
	if mirror != "" {
		args = append(args, mirror)
	}
	return args
}

// makeDisk makes a file with an ext4 that holds what a folder holds. It needs
// no loop device and no mount.
func makeDisk(ctx context.Context, file, size, folder string) error {
	_, err := command(ctx, "", "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0",
		"-E", "root_owner=0:0", "-d", folder, file, size)
	return err
}

// digest names content.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
