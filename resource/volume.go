// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"fmt"

	mesos "github.com/tepui/tepui/api/v1"
)

// VolumeID names a persistent volume among those of one agent.
type VolumeID struct {
	Role string // that it is reserved for
	ID   string // chosen by who made it
}

// Volumes returns the persistent volumes there are, in a slice of the caller's
// own. Copies of a shared volume are one; a volume that is there twice without
// being shared, which no agent has, is returned twice.
func (r Resources) Volumes() []VolumeID {
	var out []VolumeID
	for i := range r.items {
		it := &r.items[i]
		if it.traits == nil || it.traits.disk.GetPersistence() == nil {
			continue
		}
		n := it.count
		if it.traits.shared {
			n = 1
		}
		for range n {
			out = append(out, VolumeID{it.traits.reservedFor(), it.traits.disk.GetPersistence().GetId()})
		}
	}
	return out
}

// checkVolume tells whether the item is a persistent volume as CREATE makes it.
func (it *item) checkVolume() error {
	t := it.traits
	switch {
	case it.name != Disk || t == nil || t.disk.GetPersistence() == nil:
		return invalid("disk.persistence", "unset", "must be set for a persistent volume")
	case len(t.reservations) == 0:
		return invalid("reservations", "unset", "must be set: a persistent volume is made of reserved disk")
	case t.revocable:
		return invalid("revocable", "set", "must be unset for a persistent volume")
	case t.disk.Volume == nil:
		return mesos.Missing("disk.volume")
	case t.disk.GetVolume().HostPath != nil || t.disk.GetVolume().Source != nil || t.disk.GetVolume().Image != nil:
		return invalid("disk.volume", "with host_path, source or image", "must have none of them: the agent chooses where a persistent volume is")
	case t.disk.GetVolume().GetContainerPath() == "":
		return invalid("disk.volume.container_path", `""`, "must not be empty")
	}
	return checkVolumeSource(t.disk.GetSource())
}

// checkVolumeSource tells whether files can be put on this disk.
func checkVolumeSource(s *mesos.Resource_DiskInfo_Source) error {
	switch s.GetType() {
	case mesos.Resource_DiskInfo_Source_RAW, mesos.Resource_DiskInfo_Source_BLOCK:
		return invalid("disk.source.type", s.GetType().String(), "must be PATH or MOUNT, or disk.source unset, for a persistent volume")
	}
	return nil
}

// spaceFor returns the disk that a new volume is made of.
func (it item) spaceFor() (item, error) {
	if err := it.checkVolume(); err != nil {
		return it, err
	}
	if mode := it.traits.disk.GetVolume().GetMode(); mode != mesos.Volume_RW {
		return it, invalid("disk.volume.mode", mode.String(), "must be RW: nobody could put anything into it")
	}
	return it.space()
}

// spaceOf returns the disk that is left when a volume is destroyed.
func (it item) spaceOf() (item, error) {
	if err := it.checkVolume(); err != nil {
		return it, err
	}
	return it.space()
}

// space returns the item without what makes it a volume.
func (it item) space() (item, error) {
	return it.retrait(func(t *traits) {
		source := t.disk.GetSource()
		if t.disk, t.shared = nil, false; source != nil {
			t.disk = &mesos.Resource_DiskInfo{Source: source}
		}
	})
}

// resizable reads the volume of GROW_VOLUME or SHRINK_VOLUME and returns it with
// the disk that it is made of.
func resizable(field string, m *mesos.Resource) (volume, space item, err error) {
	if volume, err = itemOf(field, m); err != nil {
		return volume, space, err
	}
	if space, err = volume.spaceOf(); err == nil {
		switch {
		case volume.traits.shared:
			err = invalid("shared", "set", "must be unset: the size of a shared volume cannot change")
		case volume.traits.provider != "":
			err = invalid("provider_id", quote(volume.traits.provider), "must be unset: the size of a provider's volume cannot change")
		case space.traits.isWhole():
			err = invalid("disk.source.type", space.traits.disk.GetSource().GetType().String(),
				"must be PATH, or disk.source unset: the other disks are used as a whole")
		}
	}
	if err != nil {
		err = fmt.Errorf("%s.%w", field, err)
	}
	return volume, space, err
}

// growVolume is GROW_VOLUME.
func growVolume(m *mesos.Offer_Operation_GrowVolume) (Conversion, error) {
	volume, space, err := resizable("grow_volume.volume", m.GetVolume())
	if err != nil {
		return Conversion{}, err
	}
	addition, err := itemOf("grow_volume.addition", m.GetAddition())
	if err != nil {
		return Conversion{}, err
	}
	if compareItems(&addition, &space) != 0 {
		return Conversion{}, invalid("grow_volume.addition", cut(addition.label()),
			"must be disk like that of the volume, with the same source and reservations: "+cut(space.label()))
	}
	grown := volume
	grown.scalar = grown.scalar.plus(addition.scalar)
	if grown.scalar > MaxMilli {
		return Conversion{}, invalid("grow_volume.addition", addition.scalar.String(), "must not make the volume larger than "+MaxMilli.String())
	}
	return newConversion("grow_volume", []item{volume, addition}, []item{grown})
}

// shrinkVolume is SHRINK_VOLUME.
func shrinkVolume(m *mesos.Offer_Operation_ShrinkVolume) (Conversion, error) {
	volume, freed, err := resizable("shrink_volume.volume", m.GetVolume())
	if err != nil {
		return Conversion{}, err
	}
	by, err := MilliFromFloat(m.GetSubtract().GetValue())
	if err != nil || by <= 0 || by >= volume.scalar {
		return Conversion{}, invalid("shrink_volume.subtract", fmt.Sprint(m.GetSubtract().GetValue()),
			"must be more than 0 and less than the volume, which is "+volume.scalar.String())
	}
	shrunk := volume
	shrunk.scalar, freed.scalar = volume.scalar-by, by
	return newConversion("shrink_volume", []item{volume}, []item{shrunk, freed})
}
