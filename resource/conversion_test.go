// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// operation reads an operation as JSON.
func operation(t testing.TB, text string) *mesos.Offer_Operation {
	t.Helper()
	op := new(mesos.Offer_Operation)
	if err := protojson.Unmarshal([]byte(text), op); err != nil {
		t.Fatal(err)
	}
	return op
}

const (
	dynamicOps = `{"reservations":[{"type":"DYNAMIC","role":"ops"}]}`
	volumeV1   = `{"reservations":[{"type":"DYNAMIC","role":"ops"}],"disk":{"persistence":{"id":"v1"}}}`
	onPath     = `{"reservations":[{"type":"DYNAMIC","role":"ops"}],"disk":{"source":{"type":"PATH","path":{"root":"/a"}}}}`

	jsonOps    = `"reservations":[{"type":"DYNAMIC","role":"ops"}]`
	jsonVolume = `"disk":{"persistence":{"id":"v1"},"volume":{"mode":"RW","container_path":"data"}}`
)

// disk returns the JSON of 10 MB of disk with these members.
func disk(members ...string) string {
	return `{"name":"disk","type":"SCALAR","scalar":{"value":10},` + strings.Join(members, ",") + `}`
}

func TestConversions(t *testing.T) {
	for name, c := range map[string]struct{ op, consumed, converted string }{
		"RESERVE of the unreserved": {
			`{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},` + jsonOps + `}]}}`,
			"cpus:2", "cpus" + dynamicOps + ":2",
		},
		"RESERVE in the old form": {
			`{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},"role":"ops","reservation":{}}]}}`,
			"cpus:2", "cpus" + dynamicOps + ":2",
		},
		"RESERVE that refines a static reservation": {
			`{"type":"RESERVE","reserve":{"resources":[{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":3}]},
				"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}]}}`,
			"ports(a):[1-3]", `ports{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}:[1-3]`,
		},
		"RESERVE with a source, for another role": {
			`{"type":"RESERVE","reserve":{"source":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},"reservations":[{"type":"DYNAMIC","role":"a"}]}],
				"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},` + jsonOps + `}]}}`,
			`cpus{"reservations":[{"type":"DYNAMIC","role":"a"}]}:2`, "cpus" + dynamicOps + ":2",
		},
		"RESERVE with a source, from unreserved up two steps": {
			`{"type":"RESERVE","reserve":{"source":[{"name":"cpus","type":"SCALAR","scalar":{"value":2}}],
				"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},"reservations":[{"type":"DYNAMIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}]}}`,
			"cpus:2", `cpus{"reservations":[{"type":"DYNAMIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}:2`,
		},
		"UNRESERVE": {
			`{"type":"UNRESERVE","unreserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},` + jsonOps + `}]}}`,
			"cpus" + dynamicOps + ":2", "cpus:2",
		},
		"UNRESERVE of a refinement": {
			`{"type":"UNRESERVE","unreserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},
				"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}]}}`,
			`cpus{"reservations":[{"type":"STATIC","role":"a"},{"type":"DYNAMIC","role":"a/b"}]}:2`, "cpus(a):2",
		},
		"CREATE": {
			`{"type":"CREATE","create":{"volumes":[` + disk(jsonOps, jsonVolume) + `]}}`,
			"disk" + dynamicOps + ":10", "disk" + volumeV1 + ":10",
		},
		"CREATE on a disk with a source": {
			`{"type":"CREATE","create":{"volumes":[` + disk(jsonOps,
				`"disk":{"source":{"type":"PATH","path":{"root":"/a"}},"persistence":{"id":"v1"},"volume":{"mode":"RW","container_path":"data"}}`) + `]}}`,
			"disk" + onPath + ":10",
			`disk{"reservations":[{"type":"DYNAMIC","role":"ops"}],"disk":{"persistence":{"id":"v1"},"source":{"type":"PATH","path":{"root":"/a"}}}}:10`,
		},
		"DESTROY, whatever the path in the container": {
			`{"type":"DESTROY","destroy":{"volumes":[` + disk(jsonOps, `"disk":{"persistence":{"id":"v1"},"volume":{"mode":"RO","container_path":"other"}}`) + `]}}`,
			"disk" + volumeV1 + ":10", "disk" + dynamicOps + ":10",
		},
		"GROW_VOLUME": {
			`{"type":"GROW_VOLUME","grow_volume":{"volume":` + disk(jsonOps, jsonVolume) + `,"addition":` + disk(jsonOps) + `}}`,
			"disk" + dynamicOps + ":10;disk" + volumeV1 + ":10", "disk" + volumeV1 + ":20",
		},
		"SHRINK_VOLUME": {
			`{"type":"SHRINK_VOLUME","shrink_volume":{"volume":` + disk(jsonOps, jsonVolume) + `,"subtract":{"value":4}}}`,
			"disk" + volumeV1 + ":10", "disk" + volumeV1 + ":6;disk" + dynamicOps + ":4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resource.NewConversion(operation(t, c.op))
			if err != nil {
				t.Fatal(err)
			}
			if want := resource.MustParse(c.consumed); !got.Consumed.Equal(want) {
				t.Errorf("consumed %s, want %s", got.Consumed, want)
			}
			if want := resource.MustParse(c.converted); !got.Converted.Equal(want) {
				t.Errorf("converted %s, want %s", got.Converted, want)
			}
		})
	}
}

func TestAConversionThatIsWrongNamesFieldValueAndRule(t *testing.T) {
	scalar := func(name, members string) string {
		return `{"name":"` + name + `","type":"SCALAR","scalar":{"value":2}` + members + `}`
	}
	port := func(role string) string {
		return `{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":1}]},"reservations":[{"type":"DYNAMIC","role":"` + role + `"}]}`
	}
	reserve := func(list string) string { return `{"type":"RESERVE","reserve":{"resources":[` + list + `]}}` }
	again := func(source, list string) string {
		return `{"type":"RESERVE","reserve":{"source":[` + source + `],"resources":[` + list + `]}}`
	}
	create := func(v string) string { return `{"type":"CREATE","create":{"volumes":[` + v + `]}}` }
	grow := func(v, a string) string {
		return `{"type":"GROW_VOLUME","grow_volume":{"volume":` + v + `,"addition":` + a + `}}`
	}
	shrink := func(by string) string {
		return `{"type":"SHRINK_VOLUME","shrink_volume":{"volume":` + disk(jsonOps, jsonVolume) + `,"subtract":{"value":` + by + `}}}`
	}
	static := `,"reservations":[{"type":"STATIC","role":"ops"}]`
	for name, c := range map[string]struct {
		op    string
		words []string
	}{
		"not a conversion":        {`{"type":"LAUNCH"}`, []string{"type", "LAUNCH"}},
		"nothing named":           {reserve(""), []string{"reserve.resources", "empty"}},
		"nothing of it":           {reserve(`{"name":"cpus","type":"SCALAR","scalar":{"value":0},` + jsonOps + `}`), []string{"reserve.resources[0]", "more than nothing"}},
		"not a resource":          {reserve(`{"name":"cpus","type":"SET","set":{}}`), []string{"reserve.resources[0]", "SCALAR"}},
		"RESERVE without":         {reserve(scalar("cpus", "")), []string{"reserve.resources[0].reservations", "unset"}},
		"RESERVE static":          {reserve(scalar("cpus", static)), []string{"reserve.resources[0].reservations", "STATIC", "must be DYNAMIC"}},
		"RESERVE of revocable":    {reserve(scalar("cpus", `,"revocable":{},`+jsonOps)), []string{"reserve.resources[0].revocable"}},
		"RESERVE of a volume":     {reserve(disk(jsonOps, jsonVolume)), []string{"reserve.resources[0].disk.persistence.id", `"v1"`}},
		"RESERVE of a port twice": {reserve(port("a") + "," + port("b")), []string{"reserve.resources", "1-1", "twice"}},
		"source static and target not": {
			again(scalar("cpus", static), scalar("cpus", ","+jsonOps)),
			[]string{"reserve.resources", "cpus:2", "reserve.source", "cpus(ops):2"},
		},
		"source of another quantity":       {again(scalar("cpus", "")+","+scalar("cpus", ""), scalar("cpus", ","+jsonOps)), []string{"cpus:2", "cpus:4"}},
		"source a volume":                  {again(disk(jsonOps, jsonVolume), disk(jsonOps)), []string{"reserve.source[0].disk.persistence.id"}},
		"source with an unreserved target": {again(scalar("cpus", ","+jsonOps), scalar("cpus", "")), []string{"reserve.resources[0].reservations"}},
		"UNRESERVE static":                 {`{"type":"UNRESERVE","unreserve":{"resources":[` + scalar("mem", static) + `]}}`, []string{"unreserve.resources[0].reservations", "STATIC"}},
		"UNRESERVE of a volume": {
			`{"type":"UNRESERVE","unreserve":{"resources":[` + disk(jsonOps, jsonVolume) + `]}}`,
			[]string{"unreserve.resources[0].disk.persistence.id", "until it is destroyed"},
		},
		"CREATE unreserved":     {create(disk(jsonVolume)), []string{"create.volumes[0].reservations", "reserved disk"}},
		"CREATE of no volume":   {create(disk(jsonOps)), []string{"create.volumes[0].disk.persistence", "must be set"}},
		"CREATE without a path": {create(disk(jsonOps, `"disk":{"persistence":{"id":"v1"}}`)), []string{"create.volumes[0].disk.volume", "must be set"}},
		"CREATE on a host path": {create(disk(jsonOps, `"disk":{"persistence":{"id":"v1"},"volume":{"mode":"RW","container_path":"a","host_path":"/b"}}`)), []string{"host_path"}},
		"CREATE read-only":      {create(disk(jsonOps, `"disk":{"persistence":{"id":"v1"},"volume":{"mode":"RO","container_path":"a"}}`)), []string{"disk.volume.mode", "RO"}},
		"CREATE with a bad id":  {create(disk(jsonOps, `"disk":{"persistence":{"id":"a/b"},"volume":{"mode":"RW","container_path":"a"}}`)), []string{"disk.persistence.id", "a/b"}},
		"CREATE on raw storage": {create(disk(jsonOps, `"disk":{"source":{"type":"RAW"},"persistence":{"id":"v1"},"volume":{"mode":"RW","container_path":"a"}}`)), []string{"disk.source.type", "RAW"}},
		"GROW of another disk":  {grow(disk(jsonOps, jsonVolume), disk(static[1:])), []string{"grow_volume.addition", "disk(ops)", "that of the volume"}},
		"GROW by a volume":      {grow(disk(jsonOps, jsonVolume), disk(jsonOps, jsonVolume)), []string{"grow_volume.addition"}},
		"GROW of a shared one":  {grow(disk(jsonOps, jsonVolume, `"shared":{}`), disk(jsonOps)), []string{"grow_volume.volume.shared"}},
		"GROW on a mount": {
			grow(disk(jsonOps, `"disk":{"source":{"type":"MOUNT","mount":{"root":"/m"}},"persistence":{"id":"v1"},"volume":{"mode":"RW","container_path":"a"}}`), disk(jsonOps)),
			[]string{"grow_volume.volume.disk.source.type", "MOUNT"},
		},
		"SHRINK by nothing": {shrink("0"), []string{"shrink_volume.subtract", "more than 0"}},
		"SHRINK by all":     {shrink("10"), []string{"shrink_volume.subtract", "10", "less than the volume"}},
		"SHRINK by NaN":     {shrink(`"NaN"`), []string{"shrink_volume.subtract", "NaN"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resource.NewConversion(operation(t, c.op))
			if err == nil {
				t.Fatalf("it makes %s of %s, want an error", got.Converted, got.Consumed)
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not say %q", err, word)
				}
			}
		})
	}
}

func TestWhatIsNotThereIsNotConverted(t *testing.T) {
	c, err := resource.NewConversion(operation(t,
		`{"type":"RESERVE","reserve":{"resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":2},`+jsonOps+`}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	have := resource.MustParse("cpus:1;mem:5")
	got, err := c.Apply(have)
	if missing := new(resource.NotContainedError); !errors.As(err, &missing) || missing.Item != "cpus" {
		t.Errorf("error %v, want a NotContainedError of cpus", err)
	}
	if !got.Equal(have) {
		t.Errorf("%s is left, want %s", got, have)
	}
}

// bare returns the quantities of r: without reservations, volumes, copies of
// what is shared, and so on.
func bare(r resource.Resources) string {
	var parts []string
	for name, m := range r.Scalars() {
		parts = append(parts, fmt.Sprint(name, ":", m))
	}
	var zones []string
	for _, m := range r.Proto() {
		zones = append(zones, m.GetSet().GetItem()...)
	}
	slices.Sort(zones)
	return fmt.Sprint(parts, r.Ports(), zones)
}

// reservable draws what RESERVE can begin with.
func reservable(t *rapid.T) []*mesos.Resource {
	return slices.DeleteFunc(amounts().Draw(t, "amounts").Proto(), func(m *mesos.Resource) bool {
		return m.Revocable != nil || m.Disk.GetPersistence() != nil
	})
}

// atop returns the messages with one more reservation each.
func atop(ms []*mesos.Resource) []*mesos.Resource {
	out := make([]*mesos.Resource, len(ms))
	for i, m := range ms {
		role := "new"
		if n := len(m.Reservations); n > 0 {
			role = m.Reservations[n-1].GetRole() + "/new"
		}
		out[i] = proto.Clone(m).(*mesos.Resource)
		out[i].Reservations = append(out[i].Reservations, &mesos.Resource_ReservationInfo{
			Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: &role,
		})
	}
	return out
}

func TestUnreserveUndoesReserveAndQuantitiesStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := reservable(t)
		if len(ms) == 0 {
			t.Skip("nothing to reserve")
		}
		what, err := resource.FromProto(ms)
		if err != nil {
			t.Skip("the same port, reserved in two ways")
		}
		more := atop(ms)
		reserve, err := resource.NewConversion(&mesos.Offer_Operation{
			Type: mesos.Offer_Operation_RESERVE.Enum(), Reserve: &mesos.Offer_Operation_Reserve{Resources: more},
		})
		if err != nil {
			t.Fatal(err)
		}
		again, err := resource.NewConversion(&mesos.Offer_Operation{
			Type: mesos.Offer_Operation_UNRESERVE.Enum(), Unreserve: &mesos.Offer_Operation_Unreserve{Resources: more},
		})
		if err != nil {
			t.Fatal(err)
		}
		if !reserve.Consumed.Equal(what) || !reserve.Consumed.Equal(again.Converted) || !reserve.Converted.Equal(again.Consumed) {
			t.Fatalf("RESERVE makes %s of %s, UNRESERVE %s of %s", reserve.Converted, reserve.Consumed, again.Converted, again.Consumed)
		}
		applyBothWays(t, what.Add(resource.MustParse("gpus:3")), reserve, again)
	})
}

// applyBothWays checks that a conversion keeps the quantities, and that the other
// leads back.
func applyBothWays(t *rapid.T, pool resource.Resources, there, back resource.Conversion) {
	after, err := there.Apply(pool)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bare(after), bare(pool); got != want {
		t.Fatalf("of %s it made %s", want, got)
	}
	before, err := back.Apply(after)
	if err != nil || !before.Equal(pool) {
		t.Fatalf("there and back is %s, %v, want %s", before, err, pool)
	}
}

func TestDestroyUndoesCreateAndShrinkUndoesGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 1000).Draw(t, "size")
		more := rapid.IntRange(1, 1000).Draw(t, "more")
		amount := func(milli int) *mesos.Value_Scalar {
			return &mesos.Value_Scalar{Value: proto.Float64(float64(milli) / 1000)}
		}
		plain := &mesos.Resource{
			Name: proto.String("disk"), Type: mesos.Value_SCALAR.Enum(), Scalar: amount(size),
			Reservations: []*mesos.Resource_ReservationInfo{{Type: mesos.Resource_ReservationInfo_STATIC.Enum(), Role: proto.String("ops")}},
		}
		volume := proto.Clone(plain).(*mesos.Resource)
		volume.Disk = &mesos.Resource_DiskInfo{
			Persistence: &mesos.Resource_DiskInfo_Persistence{Id: proto.String("v")},
			Volume:      &mesos.Volume{Mode: mesos.Volume_RW.Enum(), ContainerPath: proto.String("p")},
		}
		addition, grown := proto.Clone(plain).(*mesos.Resource), proto.Clone(volume).(*mesos.Resource)
		addition.Scalar, grown.Scalar = amount(more), amount(size+more)
		convert := func(op *mesos.Offer_Operation) resource.Conversion {
			c, err := resource.NewConversion(op)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		pool := resource.MustParse("cpus:1;disk(ops):2")
		applyBothWays(t, pool,
			convert(&mesos.Offer_Operation{Type: mesos.Offer_Operation_CREATE.Enum(), Create: &mesos.Offer_Operation_Create{Volumes: []*mesos.Resource{volume}}}),
			convert(&mesos.Offer_Operation{Type: mesos.Offer_Operation_DESTROY.Enum(), Destroy: &mesos.Offer_Operation_Destroy{Volumes: []*mesos.Resource{volume}}}))
		both, err := resource.FromProto([]*mesos.Resource{volume, addition})
		if err != nil {
			t.Fatal(err)
		}
		applyBothWays(t, both,
			convert(&mesos.Offer_Operation{Type: mesos.Offer_Operation_GROW_VOLUME.Enum(), GrowVolume: &mesos.Offer_Operation_GrowVolume{Volume: volume, Addition: addition}}),
			convert(&mesos.Offer_Operation{Type: mesos.Offer_Operation_SHRINK_VOLUME.Enum(), ShrinkVolume: &mesos.Offer_Operation_ShrinkVolume{Volume: grown, Subtract: amount(more)}}))
	})
}

func TestVolumesAreFoundByRoleAndID(t *testing.T) {
	got := resource.MustParse("cpus:1;disk" + volumeV1 + ":10;disk(ops):3").Volumes()
	if want := []resource.VolumeID{{Role: "ops", ID: "v1"}}; !slices.Equal(got, want) {
		t.Errorf("volumes %v, want %v", got, want)
	}
}

// FuzzConversion: whatever an operation says, it makes nothing out of nothing.
func FuzzConversion(f *testing.F) {
	for _, text := range []string{
		`{"type":"RESERVE","reserve":{"resources":[` + disk(jsonOps) + `]}}`,
		`{"type":"CREATE","create":{"volumes":[` + disk(jsonOps, jsonVolume) + `]}}`,
		`{"type":"SHRINK_VOLUME","shrink_volume":{"volume":` + disk(jsonOps, jsonVolume) + `,"subtract":{"value":4}}}`,
		`{"type":"GROW_VOLUME","grow_volume":{"volume":` + disk(jsonOps, jsonVolume) + `,"addition":` + disk(jsonOps) + `}}`,
		`{"type":"RESERVE","reserve":{"source":[` + disk(jsonOps) + `],"resources":[` + disk(jsonOps) + `]}}`,
	} {
		b, err := proto.Marshal(operation(f, text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		op := new(mesos.Offer_Operation)
		if proto.Unmarshal(b, op) != nil {
			return
		}
		c, err := resource.NewConversion(op)
		if err != nil {
			if len(err.Error()) > 4000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		after, err := c.Apply(c.Consumed)
		if err != nil || !after.Equal(c.Converted) {
			t.Fatalf("applied to %s: %s, %v, want %s", c.Consumed, after, err, c.Converted)
		}
		if c.Consumed.Scalar("mem") <= resource.MaxMilli && bare(c.Consumed) != bare(c.Converted) && op.GetType() != mesos.Offer_Operation_DESTROY {
			t.Errorf("it makes %s of %s", bare(c.Converted), bare(c.Consumed))
		}
	})
}
