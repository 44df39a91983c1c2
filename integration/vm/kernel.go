// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// kernelPackage is the Debian package that depends on the newest cloud kernel
// of the host's release.
const kernelPackage = "linux-image-cloud-amd64"

// kernel is a kernel that apt offers.
type kernel struct {
	dir     string // holds boot/vmlinuz-VERSION and lib/modules/VERSION
	version string // as uname -r prints it
}

func (k kernel) vmlinuz() string { return filepath.Join(k.dir, "boot/vmlinuz-"+k.version) }
func (k kernel) modules() string { return filepath.Join(k.dir, "lib/modules", k.version) }

// getKernel finds, downloads and unpacks the kernel. Nothing is installed.
func getKernel(ctx context.Context, s *Store) (kernel, error) {
	if runtime.GOARCH != "amd64" {
		return kernel{}, fmt.Errorf("vm: this host is %s, the test VM knows amd64 only", runtime.GOARCH)
	}
	choice, err := chooseKernel(ctx, s)
	if err != nil {
		return kernel{}, err
	}
	name, file, _ := strings.Cut(choice, " ")
	k := kernel{version: strings.TrimPrefix(name, "linux-image-")}
	k.dir, err = s.Get(ctx, Artifact{
		Kind:   "kernel",
		Inputs: []string{file},
		Build:  func(ctx context.Context, dir string) error { return unpackKernel(ctx, dir, name, k.version) },
	})
	return k, err
}

// chooseKernel returns the package's name and its file's name, which has the
// full version. apt takes a second to tell them, so they are kept until the
// package lists change.
func chooseKernel(ctx context.Context, s *Store) (string, error) {
	lists, err := os.Stat("/var/lib/apt/lists")
	if err != nil {
		return "", fmt.Errorf("vm: the kernel comes from apt: %w", err)
	}
	dir, err := s.Get(ctx, Artifact{
		Kind:   "kernel-choice",
		Inputs: []string{kernelPackage, lists.ModTime().UTC().String()},
		Build:  askApt,
	})
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(filepath.Join(dir, "choice"))
	return string(b), err
}

func askApt(ctx context.Context, dir string) error {
	out, err := command(ctx, "", "apt-cache", "depends", "--important", kernelPackage)
	if err != nil {
		return errors.Join(err, errors.New("apt-get update may help"))
	}
	name, err := dependency(out)
	if err != nil {
		return err
	}
	uris, err := command(ctx, "", "apt-get", "download", "--print-uris", name)
	if err != nil {
		return err
	}
	file, err := packageFile(uris)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "choice"), []byte(name+" "+file), 0o644)
}

var (
	dependsLine = regexp.MustCompile(`(?m)^\s*Depends:\s*(linux-image-\S+)`)
	uriLine     = regexp.MustCompile(`(?m)^'[^']*'\s+(\S+\.deb)\s`)
)

// dependency finds the kernel in what apt-cache depends prints.
func dependency(out string) (string, error) {
	m := dependsLine.FindStringSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("apt-cache names no linux-image that %s depends on: %q", kernelPackage, out)
	}
	return m[1], nil
}

// packageFile finds the file's name in what apt-get download --print-uris
// prints.
func packageFile(out string) (string, error) {
	m := uriLine.FindStringSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("apt-get names no file to download: %q", out)
	}
	return m[1], nil
}

func unpackKernel(ctx context.Context, dir, name, version string) error {
	if _, err := command(ctx, dir, "apt-get", "download", "-qq", name); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("apt-get download %s left %d packages, want 1: %w", name, len(debs), err)
	}
	if _, err := command(ctx, dir, "dpkg", "-x", debs[0], "."); err != nil {
		return err
	}
	if _, err := command(ctx, dir, "depmod", "-b", dir, version); err != nil {
		return err
	}
	return os.Remove(debs[0])
}
