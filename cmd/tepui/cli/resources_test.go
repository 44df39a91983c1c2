// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

func TestParseAttributes(t *testing.T) {
	got, err := parseAttributes(" rack:r7; ssd:1 ;vlans:[1-10,20-30];path:/a:b;")
	if err != nil {
		t.Fatal(err)
	}
	want := []*mesos.Attribute{
		{Name: proto.String("rack"), Type: mesos.Value_TEXT.Enum(), Text: &mesos.Value_Text{Value: proto.String("r7")}},
		{Name: proto.String("ssd"), Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: proto.Float64(1)}},
		{Name: proto.String("vlans"), Type: mesos.Value_RANGES.Enum(), Ranges: &mesos.Value_Ranges{Range: []*mesos.Value_Range{
			{Begin: proto.Uint64(1), End: proto.Uint64(10)}, {Begin: proto.Uint64(20), End: proto.Uint64(30)},
		}}},
		{Name: proto.String("path"), Type: mesos.Value_TEXT.Enum(), Text: &mesos.Value_Text{Value: proto.String("/a:b")}},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func TestParseAttributesRefuses(t *testing.T) {
	for _, text := range []string{"rack", ":r7", "rack:", "vlans:[1-10", "vlans:[1]", "vlans:[a-b]", "vlans:[]"} {
		if got, err := parseAttributes(text); err == nil {
			t.Errorf("parseAttributes(%q) = %v", text, got)
		}
	}
}

// What is not given is detected.
func TestTotal(t *testing.T) {
	f := &agentFlags{resources: "cpus:3.5;gpus:1"}
	got, err := f.total(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got.CPUs() != 3500 || got.Scalar("gpus") != 1000 {
		t.Errorf("%s: what was given is not there", got)
	}
	if got.Mem() == 0 || got.Disk() == 0 || len(got.Ports()) != 1 {
		t.Errorf("%s: what was not given is not there", got)
	}
	f.resources = "cpus:many"
	if got, err := f.total(t.TempDir()); err == nil {
		t.Errorf("total of %q = %s", f.resources, got)
	}
	f.resources = "cpus:1;mem:1;disk:1;ports:[1-2]"
	if got, err := f.total(t.TempDir()); err != nil || !got.Equal(resource.MustParse(f.resources)) {
		t.Errorf("total of %q = %s, %v", f.resources, got, err)
	}
}
