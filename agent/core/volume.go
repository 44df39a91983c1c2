// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// Mount is where a container sees a persistent volume.
type Mount struct {
	Volume resource.VolumeID
	// Path is relative to the sandbox, clean, and does not lead out of it.
	Path string
}

// newVolumes are the volumes that are to be among what the agent has, if it can
// have them.
func newVolumes(has, converted resource.Resources) ([]resource.VolumeID, error) {
	if _, err := mountsIn(converted); err != nil {
		return nil, err
	}
	there, made := has.Volumes(), converted.Volumes()
	for _, v := range made {
		if slices.Contains(there, v) {
			return nil, fmt.Errorf("disk.persistence.id: %s: role %s has a volume with this id on the agent", v.ID, v.Role)
		}
	}
	return made, nil
}

// mountsIn are where a task with these resources sees its volumes.
func mountsIn(r resource.Resources) ([]Mount, error) {
	if len(r.Volumes()) == 0 {
		return nil, nil
	}
	var all []Mount
	for _, p := range r.Proto() {
		if p.GetDisk().GetPersistence() == nil {
			continue
		}
		m, err := mountOf(p)
		if err != nil {
			return nil, fmt.Errorf("volume %s: disk.%w", m.Volume.ID, err)
		}
		if slices.ContainsFunc(all, func(o Mount) bool { return o.Path == m.Path }) {
			return nil, fmt.Errorf("volume %s: container_path: %.64q: is that of another volume too", m.Volume.ID, m.Path)
		}
		all = append(all, m)
	}
	return all, nil
}

// mountOf checks where one volume is to be seen. The path becomes a link in the
// sandbox, made by the agent: it has to stay in there.
func mountOf(p *mesos.Resource) (Mount, error) {
	v := p.GetDisk().GetVolume()
	m := Mount{Volume: resource.VolumeID{ID: p.GetDisk().GetPersistence().GetId()}, Path: v.GetContainerPath()}
	if n := len(p.GetReservations()); n > 0 {
		m.Volume.Role = p.GetReservations()[n-1].GetRole()
	}
	switch at := m.Path; {
	case p.GetDisk().GetSource() != nil:
		return m, fmt.Errorf("source: %v: must be unset: this agent has volumes only on the disk of its work directory",
			p.GetDisk().GetSource().GetType())
	case m.Volume.Role == "" || m.Volume.ID == "":
		return m, errors.New("persistence: must have an id, and reservations")
	case v.GetMode() == mesos.Volume_RO:
		return m, errors.New("volume.mode: RO: must be RW: this agent cannot make a volume read-only for one task")
	case at == "" || path.IsAbs(at) || path.Clean(at) != at || at == "." || at == ".." || strings.HasPrefix(at, "../"):
		return m, fmt.Errorf("volume.container_path: %.64q: must be relative, without \".\", \"..\" and empty parts", at)
	case strings.ContainsRune(at, 0) || len(at) > 1024:
		return m, errors.New("volume.container_path: must have no NUL and at most 1024 bytes")
	}
	return m, nil
}
