// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/resource"
)

// Where volumes are below the work directory, and where those go that are
// destroyed, until they are deleted.
const (
	volumesDir = "volumes/roles"
	removedDir = "volumes/removed"
)

// maxVolumeActions is how many actions may wait; each is a few system calls.
const maxVolumeActions = 1 << 16

// How long to wait before what could not be deleted is tried again.
const (
	sweepRetryMin = time.Second
	sweepRetryMax = 10 * time.Minute
)

// volumes makes and destroys persistent volumes, one action after the other. A
// destroyed one is put aside at once, so that its name is free, and deleted behind.
type volumes struct {
	boxes *sandboxes
	log   *slog.Logger
	post  func(core.Input) bool

	actions *queue[volumeWork]
	aside   chan struct{} // has an element when something is to be deleted

	mu   sync.Mutex
	last chan struct{} // closed when all that was asked for is done
}

type volumeWork struct {
	action core.Action
	done   chan struct{}
}

func newVolumes(boxes *sandboxes, log *slog.Logger, post func(core.Input) bool) *volumes {
	v := &volumes{
		boxes: boxes, log: log, post: post,
		actions: newQueue[volumeWork](maxVolumeActions, 0, nil),
		aside:   make(chan struct{}, 1), last: make(chan struct{}),
	}
	close(v.last)
	v.aside <- struct{}{} // what an agent before this one has left
	return v
}

// volumePath is where a volume is, below the work directory. A role's slashes
// become blanks, which no role has: the directories of roles are side by side.
func volumePath(v resource.VolumeID) string {
	return path.Join(volumesDir, strings.ReplaceAll(v.Role, "/", " "), v.ID)
}

// give hands over an action, without waiting; only the loop does. It tells whether
// there was a place.
func (v *volumes) give(a core.Action) bool {
	done := make(chan struct{})
	v.mu.Lock()
	v.last = done
	v.mu.Unlock()
	if !v.actions.put(volumeWork{a, done}) {
		close(done)
		return false
	}
	return true
}

// settled waits until all that was asked for before is done.
func (v *volumes) settled(ctx context.Context) error {
	v.mu.Lock()
	last := v.last
	v.mu.Unlock()
	select {
	case <-last:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run carries out actions until ctx ends.
func (v *volumes) run(ctx context.Context) {
	var batch []volumeWork
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.actions.ready:
		}
		batch = v.actions.take(batch)
		for _, w := range batch {
			v.do(w.action)
			close(w.done)
		}
	}
}

func (v *volumes) do(a core.Action) {
	switch a := a.(type) {
	case core.MakeVolumes:
		v.answer(a.Operation, v.makeAll(a.Volumes))
	case core.RemoveVolumes:
		v.answer(a.Operation, v.removeAll(a.Volumes))
	}
}

func (v *volumes) answer(operation string, err error) {
	in := core.VolumesChanged{Operation: operation}
	if err != nil {
		in.Problem = err.Error()
	}
	v.post(in)
}

// makeAll makes volumes, all or none.
func (v *volumes) makeAll(all []resource.VolumeID) error {
	for i, id := range all {
		if err := v.create(id); err != nil {
			err = fmt.Errorf("volume %s of role %s: %w", id.ID, id.Role, err)
			for _, id := range all[:i] {
				err = errors.Join(err, v.boxes.root.Remove(volumePath(id)))
			}
			return err
		}
	}
	return nil
}

// create makes one volume, which is empty. What is there already is somebody's
// files: they are neither shown to a new volume's tasks nor deleted.
func (v *volumes) create(id resource.VolumeID) error {
	at := volumePath(id)
	parent, err := pass(v.boxes.root, path.Dir(at))
	if err != nil {
		return err
	}
	defer parent.Close() // a directory that was only looked up in
	if err := parent.Mkdir(path.Base(at), sandboxMode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there, from before the agent was restarted: move it away, or use another id",
				filepath.Join(v.boxes.dir, at))
		}
		return err
	}
	return parent.Chmod(path.Base(at), sandboxMode) // whatever the umask is
}

// removeAll puts volumes aside, all or none.
func (v *volumes) removeAll(all []resource.VolumeID) error {
	root := v.boxes.root
	aside, err := pass(root, removedDir)
	if err != nil {
		return err
	}
	defer aside.Close() // a directory that was only looked up in
	var moved [][2]string
	for i, id := range all {
		from, to := volumePath(id), path.Join(removedDir, fmt.Sprintf("%d-%d-%s", time.Now().UnixNano(), i, id.ID))
		if len(path.Base(to)) > 255 {
			to = to[:len(removedDir)+1+255]
		}
		err := root.Rename(from, to)
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody was quicker, with the same intent
		}
		if err != nil {
			err = fmt.Errorf("volume %s of role %s: %w", id.ID, id.Role, err)
			for _, m := range moved {
				err = errors.Join(err, root.Rename(m[1], m[0]))
			}
			return err
		}
		moved = append(moved, [2]string{from, to})
	}
	select {
	case v.aside <- struct{}{}:
	default: // it is known already
	}
	return nil
}

// sweep deletes what was put aside, until ctx ends. What cannot be deleted is tried
// again.
func (v *volumes) sweep(ctx context.Context) {
	retry := sweepRetryMin
	for {
		var again <-chan time.Time
		select {
		case <-ctx.Done():
			return
		case <-v.aside:
		}
		for err := v.sweepOnce(ctx); err != nil && ctx.Err() == nil; err = v.sweepOnce(ctx) {
			v.log.Error("destroyed volume not deleted, will be tried again", "retry_in", retry, "error", err)
			again = time.After(retry)
			retry = min(2*retry, sweepRetryMax)
			select {
			case <-ctx.Done():
				return
			case <-again:
			}
		}
		retry = sweepRetryMin
	}
}

// sweepOnce goes two levels deep by itself, so that the end of ctx does not wait for
// a large volume.
func (v *volumes) sweepOnce(ctx context.Context) error {
	root := v.boxes.root
	gone, err := fs.ReadDir(root.FS(), removedDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, volume := range gone {
		at := path.Join(removedDir, volume.Name())
		files, err := fs.ReadDir(root.FS(), at)
		errs = append(errs, err)
		for _, f := range files {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			errs = append(errs, root.RemoveAll(path.Join(at, f.Name())))
		}
		errs = append(errs, root.RemoveAll(at))
	}
	return errors.Join(errs...)
}
