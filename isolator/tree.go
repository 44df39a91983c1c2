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

	"github.com/containerd/cgroups/v3/cgroup2"
)

const (
	treeName  = "tepui" // below the real root
	agentName = "agent" // where the process that manages the tree sits
	leafName  = "leaf"  // where the processes of a container sit

	subtreeControl = "cgroup.subtree_control"
	cgroupProcs    = "cgroup.procs"
)

// tree is the cgroup subtree that this process manages.
type tree struct {
	*group
}

// openTree makes the tree ready for containers: its directory exists, no
// process sits on an inner node, and the controllers are enabled for its children.
func openTree(h Host, path string, controllers []string) (*tree, error) {
	path = filepath.Clean(path)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("isolator: make cgroup tree %s: %w", path, cause(err))
	}
	g, err := openGroup(path)
	if err != nil {
		return nil, fmt.Errorf("isolator: %w", err)
	}
	t := &tree{group: g}
	if err := t.ready(h, controllers); err != nil {
		return nil, errors.Join(fmt.Errorf("isolator: prepare cgroup tree %s: %w", path, err), g.close())
	}
	return t, nil
}

func (t *tree) ready(h Host, controllers []string) error {
	if h.Own != "" && within(t.path, h.Own) {
		if err := t.moveCaller(); err != nil {
			return err
		}
	}
	return t.enable(h.Mount, controllers)
}

// moveCaller puts this process into a leaf of its own: a cgroup with processes cannot
// have controllers enabled for its children.
func (t *tree) moveCaller() error {
	agent, err := t.make(agentName)
	if errors.Is(err, fs.ErrExist) {
		agent, err = t.child(agentName)
	}
	if err != nil {
		return err
	}
	return errors.Join(agent.write(cgroupProcs, "0"), agent.close())
}

// enable turns the controllers on in every group from the mount down to the
// tree, and makes sure of it.
func (t *tree) enable(mount string, controllers []string) error {
	if t.enabled(controllers) == nil {
		return nil
	}
	if !within(t.path, mount) {
		mount = t.path
	}
	child := strings.TrimPrefix(t.path, mount) + "/any" // the library enables in all groups above a path
	m, err := cgroup2.Load(child, cgroup2.WithMountpoint(mount))
	if err != nil {
		return fmt.Errorf("enable controllers: %w", err)
	}
	// It reports only what happened in the last group, and not everything that
	// fails matters: what counts is what is enabled afterwards.
	failed := m.ToggleControllers(controllers, cgroup2.Enable)
	if err := t.enabled(controllers); err != nil {
		return errors.Join(err, failed, t.occupied())
	}
	return nil
}

// enabled returns an error unless all the controllers are on for the children.
func (t *tree) enabled(controllers []string) error {
	text, err := t.read(subtreeControl)
	if err != nil {
		return err
	}
	on := strings.Fields(text)
	for _, c := range controllers {
		if !slices.Contains(on, c) {
			return fmt.Errorf("controller %s is not enabled in %s/%s, which reads %q", c, t.path, subtreeControl, text)
		}
	}
	return nil
}

// occupied explains the commonest reason why controllers cannot be enabled.
func (t *tree) occupied() error {
	procs, err := t.read(cgroupProcs)
	if err != nil || procs == "" {
		return nil // not the reason
	}
	return fmt.Errorf("processes %s sit in %s itself, so its children can have no controllers: move them to a cgroup of their own",
		strings.Join(strings.Fields(procs), ", "), t.path)
}
