// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	mesos "github.com/tepui/tepui/api/v1"
)

// traits is what tells an item apart from the plain resource of its name:
// reservations, disk, revocable, shared and provider. The messages in it are
// never changed and never handed out. A nil *traits is a plain resource.
type traits struct {
	reservations []*mesos.Resource_ReservationInfo // the last one is the finest
	disk         *mesos.Resource_DiskInfo
	provider     string
	revocable    bool
	shared       bool
	key          string // all of the above as text: "(ops)" or a JSON object; equal keys are equal traits
}

// text returns the traits as they stand after the name in String.
func (t *traits) text() string {
	if t == nil {
		return ""
	}
	return t.key
}

// reservedFor returns the role of the finest reservation; "" if unreserved.
func (t *traits) reservedFor() string {
	if t == nil || len(t.reservations) == 0 {
		return ""
	}
	return t.reservations[len(t.reservations)-1].GetRole()
}

// onlyReserved tells whether nothing but a reservation sets the item apart.
func (t *traits) onlyReserved() bool {
	return t == nil || t.disk == nil && t.provider == "" && !t.revocable && !t.shared
}

// isWhole tells whether the item cannot be split: a volume, a shared thing, a
// disk that is used alone.
func (t *traits) isWhole() bool {
	if t == nil || t.disk == nil {
		return false
	}
	source := t.disk.GetSource()
	switch source.GetType() {
	case mesos.Resource_DiskInfo_Source_MOUNT, mesos.Resource_DiskInfo_Source_BLOCK:
		return true
	case mesos.Resource_DiskInfo_Source_RAW:
		return source.Id != nil || t.disk.Persistence != nil
	default:
		return t.disk.Persistence != nil
	}
}

// traitsFromProto reads and checks everything of m but name, value and
// allocation. It shares nothing with m.
func traitsFromProto(m *mesos.Resource) (*traits, error) {
	stack, err := reservationsFromProto(m)
	if err != nil {
		return nil, err
	}
	t := &traits{reservations: stack, revocable: m.Revocable != nil, shared: m.Shared != nil}
	if m.ProviderId != nil {
		t.provider = m.ProviderId.GetValue()
		if err := mesos.ValidateID("provider_id", t.provider); err != nil {
			return nil, err
		}
	}
	if t.disk, err = diskFromProto(m); err != nil {
		return nil, err
	}
	if t.shared && t.disk.GetPersistence() == nil {
		return nil, invalid("shared", "set", "must only be set for a persistent volume")
	}
	if len(t.reservations) == 0 && t.onlyReserved() {
		return nil, nil
	}
	if t.key, err = t.makeKey(); err != nil {
		return nil, err
	}
	return t, nil
}

// diskFromProto returns a copy of the disk of m without unknown fields; nil
// if it says nothing.
func diskFromProto(m *mesos.Resource) (*mesos.Resource_DiskInfo, error) {
	if m.Disk == nil {
		return nil, nil
	}
	disk := new(mesos.Resource_DiskInfo)
	if err := copyKnown(disk, m.Disk); err != nil {
		return nil, invalid("disk", "message", cut(err.Error()))
	}
	switch {
	case proto.Size(disk) == 0:
		return nil, nil
	case m.GetName() != Disk:
		return nil, invalid("disk", "set", "must only be set for the resource disk")
	case disk.Persistence != nil:
		if err := mesos.ValidateID("disk.persistence.id", disk.Persistence.GetId()); err != nil {
			return nil, err
		}
	case disk.Volume != nil:
		return nil, invalid("disk.volume", "set", "must be unset without disk.persistence")
	}
	sortLabels(disk.GetSource().GetMetadata())
	return disk, nil
}

// copyKnown copies src to dst, which is empty, without the fields that this
// version does not know: what is compared must be what is understood.
func copyKnown(dst, src proto.Message) error {
	b, err := proto.Marshal(src)
	if err != nil {
		return err
	}
	return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, dst)
}

// sortLabels brings labels in the one order in which they are compared.
func sortLabels(l *mesos.Labels) {
	slices.SortFunc(l.GetLabels(), func(a, b *mesos.Label) int {
		return cmp.Or(strings.Compare(a.GetKey(), b.GetKey()), strings.Compare(a.GetValue(), b.GetValue()))
	})
}

// makeKey returns the text of t: "(ops)" for a plain static reservation, else
// the JSON of the members of Resource that t stands for, but for disk.volume:
// where a task sees a volume is the task's choice.
func (t *traits) makeKey() (string, error) {
	if t.onlyReserved() && len(t.reservations) == 1 {
		r := t.reservations[0]
		if r.GetType() == mesos.Resource_ReservationInfo_STATIC && r.Principal == nil && r.Labels == nil &&
			!strings.ContainsAny(r.GetRole(), special) {
			return "(" + r.GetRole() + ")", nil
		}
	}
	m := new(mesos.Resource)
	t.put(m)
	if t.disk.GetVolume() != nil {
		m.Disk = &mesos.Resource_DiskInfo{Persistence: t.disk.Persistence, Source: t.disk.Source}
	}
	loose, err := protojson.MarshalOptions{UseProtoNames: true, AllowPartial: true}.Marshal(m)
	if err != nil {
		return "", err
	}
	var tight bytes.Buffer
	if err := json.Compact(&tight, loose); err != nil {
		return "", err
	}
	return tight.String(), nil
}

// put sets the members of m that t stands for, sharing the messages of t.
func (t *traits) put(m *mesos.Resource) {
	m.Reservations, m.Disk = t.reservations, t.disk
	if t.revocable {
		m.Revocable = new(mesos.Resource_RevocableInfo)
	}
	if t.shared {
		m.Shared = new(mesos.Resource_SharedInfo)
	}
	if t.provider != "" {
		m.ProviderId = &mesos.ResourceProviderID{Value: &t.provider}
	}
}
