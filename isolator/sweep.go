// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Sweep destroys the containers that an earlier process with the same runtime
// directory has left behind, also in another cgroup tree, and returns their
// ids. It does not touch the containers of this Isolator, nor those of another
// runtime directory. Without cgroups there is no hold on their processes, so it removes
// only their folders. An error names those that are still there.
func (i *Isolator) Sweep(ctx context.Context) ([]string, error) {
	ids, err := i.left()
	errs := []error{err}
	for _, id := range ids {
		errs = append(errs, i.sweep(ctx, id))
	}
	return ids, errors.Join(errs...)
}

// left lists the folders of the runtime directory that are no container's of ours.
func (i *Isolator) left() ([]string, error) {
	dir, err := i.runtime.Open(".")
	if err != nil {
		return nil, fmt.Errorf("isolator: list runtime directory: %w", err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, fmt.Errorf("isolator: list runtime directory: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var ids []string
	for _, e := range entries {
		if e.IsDir() && checkID(e.Name()) == nil && i.containers[e.Name()] == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

func (i *Isolator) sweep(ctx context.Context, id string) error {
	c, err := i.register(id, Limits{})
	if err != nil {
		return fmt.Errorf("isolator: sweep container %s: %w", id, err)
	}
	c.folder = true
	if c.parent, err = i.formerTree(id); err == nil && c.parent != nil {
		defer c.parent.close()
		c.group, err = c.parent.child(id)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		i.unregister(id)
		return fmt.Errorf("isolator: sweep container %s: %w", id, err)
	}
	return c.Destroy(ctx)
}

// formerTree opens the cgroup that the container's own was made in, nil if it
// had none. The file that says so is root's, as its folder is.
func (i *Isolator) formerTree(id string) (*group, error) {
	text, err := i.runtime.ReadFile(id + "/" + cgroupFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	path := string(text)
	if filepath.Base(path) != id || !within(path, i.host.Mount) {
		return nil, fmt.Errorf("%s says cgroup %q: must be one of that name below %s; end its processes and remove the folder by hand", cgroupFile, path, i.host.Mount)
	}
	return openGroup(filepath.Dir(path))
}
