// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tepui/tepui/agent"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
	"google.golang.org/protobuf/proto"
)

// total is what --resources says and, for names that it does not mention, what
// the host has.
func (f *agentFlags) total(workDir string) (resource.Resources, error) {
	given, err := resource.Parse(f.resources)
	if err != nil {
		return given, err
	}
	detected, err := agent.DetectResources(workDir)
	if err != nil {
		return given, err
	}
	names := given.Names()
	missing := slices.DeleteFunc(detected.Proto(), func(r *mesos.Resource) bool {
		return slices.Contains(names, r.GetName())
	})
	rest, err := resource.FromProto(missing)
	if err != nil {
		return given, err
	}
	return given.Add(rest), nil
}

// parseAttributes reads name:value;name:value. A value is a number, ranges in
// brackets, or text.
func parseAttributes(text string) ([]*mesos.Attribute, error) {
	var attributes []*mesos.Attribute
	for item := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		name, value, ok := strings.Cut(item, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, fmt.Errorf("%q: must be name:value", item)
		}
		a, err := attribute(name, value)
		if err != nil {
			return nil, err
		}
		attributes = append(attributes, a)
	}
	return attributes, nil
}

func attribute(name, value string) (*mesos.Attribute, error) {
	a := &mesos.Attribute{Name: proto.String(name)}
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		a.Type = mesos.Value_SCALAR.Enum()
		a.Scalar = &mesos.Value_Scalar{Value: proto.Float64(n)}
		return a, nil
	}
	if inner, ok := strings.CutPrefix(value, "["); ok {
		ranges, err := parseRanges(strings.TrimSuffix(inner, "]"))
		if err != nil || !strings.HasSuffix(value, "]") {
			return nil, fmt.Errorf("%s:%s: must be ranges such as [1-10,20-30]", name, value)
		}
		a.Type = mesos.Value_RANGES.Enum()
		a.Ranges = ranges
		return a, nil
	}
	a.Type = mesos.Value_TEXT.Enum()
	a.Text = &mesos.Value_Text{Value: proto.String(value)}
	return a, nil
}

func parseRanges(text string) (*mesos.Value_Ranges, error) {
	ranges := &mesos.Value_Ranges{}
	for item := range strings.SplitSeq(text, ",") {
		first, last, _ := strings.Cut(strings.TrimSpace(item), "-")
		begin, err1 := strconv.ParseUint(first, 10, 64)
		end, err2 := strconv.ParseUint(last, 10, 64)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		ranges.Range = append(ranges.Range, &mesos.Value_Range{Begin: proto.Uint64(begin), End: proto.Uint64(end)})
	}
	return ranges, nil
}
