// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// removeLimit is how long the processes of a killed group have to go.
const removeLimit = 20 * time.Second

// Make makes a child of g with the limits, by file name, and lets it have the
// controllers that they need. The group is removed, with all that is in it,
// when the test ends.
func (g Group) Make(t testing.TB, name string, limits map[string]string) Group {
	t.Helper()
	child := g.Child(name)
	need := slices.Clone(Controllers)
	for file := range limits {
		if c, _, _ := strings.Cut(file, "."); c != "cgroup" {
			need = append(need, c)
		}
	}
	if err := g.Delegate(need...); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(string(child), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := child.Remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for file, value := range limits {
		if err := child.Write(file, value); err != nil {
			t.Fatal(err)
		}
	}
	return child
}

// Delegate lets the children of g have limits of these controllers.
func (g Group) Delegate(controllers ...string) error {
	for _, c := range controllers {
		if err := g.Write("cgroup.subtree_control", "+"+c); err != nil {
			return err
		}
	}
	return nil
}

// Remove kills every process in and below the group and removes it. It is no
// error if it is not there.
func (g Group) Remove(ctx context.Context) error {
	if !g.Exists() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, removeLimit, fmt.Errorf("not removed within %s", removeLimit))
	defer cancel()
	if err := g.Write("cgroup.kill", "1"); err != nil {
		return err
	}
	err := Until(ctx, func() (bool, error) {
		populated, err := g.Populated()
		return !populated, err
	})
	if err != nil {
		return fmt.Errorf("kernel: processes of %s: %w", g, err)
	}
	return Until(ctx, func() (bool, error) {
		err := g.removeTree()
		return err == nil, ignoreBusy(err)
	})
}

// removeTree removes the folders of a group without processes.
func (g Group) removeTree() error {
	groups, err := g.Tree()
	if err != nil {
		return err
	}
	for _, child := range slices.Backward(groups) {
		if err := os.Remove(string(child)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ignoreBusy drops the error that a group gives while its last process is
// still being taken apart.
func ignoreBusy(err error) error {
	if errors.Is(err, syscall.EBUSY) {
		return nil
	}
	return err
}

// Start starts a command whose process is born in the group.
func (g Group) Start(cmd *exec.Cmd) error {
	dir, err := os.Open(string(g))
	if err != nil {
		return err
	}
	defer dir.Close()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
	return cmd.Start()
}
