// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// amounts draws resources of every kind: few names and few identities, so
// that two of them often meet.
func amounts() *rapid.Generator[resource.Resources] {
	return rapid.Custom(func(t *rapid.T) resource.Resources {
		var sum resource.Resources
		for _, m := range rapid.SliceOfN(messages(), 0, 6).Draw(t, "messages") {
			one, err := resource.FromProto([]*mesos.Resource{m})
			if err != nil {
				t.Fatalf("generated message is invalid: %v", err)
			}
			sum = sum.Add(one)
		}
		return sum
	})
}

// messages draws one valid Resource in any form that the wire allows.
func messages() *rapid.Generator[*mesos.Resource] {
	return rapid.Custom(func(t *rapid.T) *mesos.Resource {
		m := &mesos.Resource{Name: proto.String(rapid.SampledFrom([]string{
			"cpus", "mem", "disk", "disk", "ports", "ports", "zones", "bytes",
		}).Draw(t, "name"))}
		switch m.GetName() {
		case "ports":
			m.Type, m.Ranges = mesos.Value_RANGES.Enum(), ranges().Draw(t, "ranges")
		case "zones":
			m.Type, m.Set = mesos.Value_SET.Enum(), sets().Draw(t, "set")
		default:
			m.Type, m.Scalar = mesos.Value_SCALAR.Enum(), scalars().Draw(t, "scalar")
		}
		drawReservation(t, m)
		if m.GetName() == "disk" {
			drawDisk(t, m)
		}
		if rapid.IntRange(0, 5).Draw(t, "revocable") == 0 {
			m.Revocable = &mesos.Resource_RevocableInfo{}
		}
		if rapid.IntRange(0, 5).Draw(t, "provider") == 0 {
			m.ProviderId = &mesos.ResourceProviderID{Value: proto.String("provider")}
		}
		return m
	})
}

func scalars() *rapid.Generator[*mesos.Value_Scalar] {
	return rapid.Map(rapid.IntRange(0, 5000), func(milli int) *mesos.Value_Scalar {
		return &mesos.Value_Scalar{Value: proto.Float64(float64(milli) / 1000)}
	})
}

// ranges draws some of the numbers from 0 to 24, each its own range, so that
// reading them has to sort and join.
func ranges() *rapid.Generator[*mesos.Value_Ranges] {
	numbers := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 24), 0, 12, rapid.ID[uint64])
	return rapid.Map(numbers, func(numbers []uint64) *mesos.Value_Ranges {
		var out mesos.Value_Ranges
		for _, n := range numbers {
			out.Range = append(out.Range, &mesos.Value_Range{Begin: proto.Uint64(n), End: proto.Uint64(n)})
		}
		return &out
	})
}

func sets() *rapid.Generator[*mesos.Value_Set] {
	names := rapid.SampledFrom([]string{"a", "b", "a b", "", "x,y", `"`, "é", "}", "\n", "z;:"})
	return rapid.Map(rapid.SliceOfNDistinct(names, 0, 5, rapid.ID[string]), func(names []string) *mesos.Value_Set {
		return &mesos.Value_Set{Item: names}
	})
}

// drawReservation reserves m in the old form, in the new form, or not at all.
func drawReservation(t *rapid.T, m *mesos.Resource) {
	role := rapid.SampledFrom([]string{"ops", "eng", "odd(role)"}).Draw(t, "role")
	static, dynamic := mesos.Resource_ReservationInfo_STATIC, mesos.Resource_ReservationInfo_DYNAMIC
	switch rapid.IntRange(0, 6).Draw(t, "reservation") {
	case 0:
		setOldRole(m, role)
	case 1:
		setOldRole(m, role)
		m.Reservation = &mesos.Resource_ReservationInfo{Principal: proto.String("p"), Labels: drawLabels(t)}
	case 2:
		m.Reservations = []*mesos.Resource_ReservationInfo{{Type: &static, Role: &role}}
	case 3:
		finer := role + "/dev"
		m.Reservations = []*mesos.Resource_ReservationInfo{
			{Type: &dynamic, Role: &role, Labels: drawLabels(t)},
			{Type: &dynamic, Role: &finer, Principal: proto.String("q")},
		}
	case 4:
		setOldRole(m, "*")
	}
}

// setOldRole reserves m in the form from before reservations were a list.
func setOldRole(m *mesos.Resource, role string) {
	//lint:ignore SA1019 it must go on being understood
	m.Role = &role
}

func drawLabels(t *rapid.T) *mesos.Labels {
	var out mesos.Labels
	for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 3).Draw(t, "labels") {
		out.Labels = append(out.Labels, &mesos.Label{Key: proto.String(key)})
	}
	return &out
}

// drawDisk makes m a plain disk, one with a source, a volume, or a shared
// volume.
func drawDisk(t *rapid.T, m *mesos.Resource) {
	volume := &mesos.Resource_DiskInfo{
		Persistence: &mesos.Resource_DiskInfo_Persistence{Id: proto.String(rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "id"))},
		Volume:      &mesos.Volume{Mode: mesos.Volume_RW.Enum(), ContainerPath: proto.String("data")},
	}
	source := &mesos.Resource_DiskInfo_Source{
		Type: rapid.SampledFrom([]mesos.Resource_DiskInfo_Source_Type{
			mesos.Resource_DiskInfo_Source_PATH, mesos.Resource_DiskInfo_Source_MOUNT, mesos.Resource_DiskInfo_Source_RAW,
		}).Draw(t, "source").Enum(),
		Metadata: drawLabels(t),
	}
	switch rapid.IntRange(0, 4).Draw(t, "disk") {
	case 0:
		m.Disk = volume
	case 1:
		m.Disk, m.Shared = volume, &mesos.Resource_SharedInfo{}
	case 2:
		m.Disk = &mesos.Resource_DiskInfo{Source: source}
	case 3:
		m.Disk = &mesos.Resource_DiskInfo{}
	}
}

// part draws an amount that r contains.
func part(t *rapid.T, r resource.Resources) resource.Resources {
	var ms []*mesos.Resource
	for _, m := range r.Proto() {
		switch {
		case m.Disk != nil: // as a whole or not at all
			if rapid.Bool().Draw(t, "take") {
				ms = append(ms, m)
			}
			continue
		case m.Scalar != nil:
			milli := rapid.IntRange(0, int(m.Scalar.GetValue()*1000+0.5)).Draw(t, "milli")
			m.Scalar.Value = proto.Float64(float64(milli) / 1000)
		case m.Ranges != nil:
			m.Ranges = someNumbers(t, m.Ranges)
		default:
			var some []string
			for _, s := range m.Set.Item {
				if rapid.Bool().Draw(t, "take") {
					some = append(some, s)
				}
			}
			m.Set.Item = some
		}
		ms = append(ms, m)
	}
	out, err := resource.FromProto(ms)
	if err != nil {
		t.Fatalf("part of %v: %v", r, err)
	}
	return out
}

func someNumbers(t *rapid.T, rs *mesos.Value_Ranges) *mesos.Value_Ranges {
	var some mesos.Value_Ranges
	for _, r := range rs.Range {
		for n := r.GetBegin(); n <= r.GetEnd(); n++ {
			if rapid.Bool().Draw(t, "take") {
				some.Range = append(some.Range, &mesos.Value_Range{Begin: proto.Uint64(n), End: proto.Uint64(n)})
			}
		}
	}
	return &some
}
