// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

// model is the naive idea of an amount: how many of each smallest thing there
// are. A port is a thing, a name of a set, a volume with its size, and the
// thousandths of a scalar.
type model map[string]int64

// one marks the things that there is only one of.
const one = " one of a kind: "

// modelOf takes an amount apart.
func modelOf(r resource.Resources) model {
	out := model{}
	for _, m := range r.Proto() {
		id := proto.CloneOf(m)
		id.Scalar, id.Ranges, id.Set = nil, nil, nil
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(id)
		if err != nil {
			panic(err)
		}
		switch {
		case m.Disk.GetPersistence() != nil || m.Disk.GetSource().GetType() == mesos.Resource_DiskInfo_Source_MOUNT:
			out[fmt.Sprintf("%s whole %v", b, m.Scalar.GetValue())]++
		case m.Scalar != nil:
			out[string(b)] += int64(m.Scalar.GetValue()*1000 + 0.5)
		case m.Ranges != nil:
			for _, r := range m.Ranges.Range {
				for n := r.GetBegin(); n <= r.GetEnd(); n++ {
					out[fmt.Sprintf("%s%s%d", b, one, n)] = 1
				}
			}
		default:
			for _, s := range m.Set.Item {
				out[fmt.Sprintf("%s%s%s", b, one, s)] = 1
			}
		}
	}
	return out
}

// plus adds; of a port or a name there is never more than one.
func (m model) plus(o model) model {
	out := maps.Clone(m)
	for k, n := range o {
		if out[k] += n; strings.Contains(k, one) {
			out[k] = 1
		}
	}
	return out
}

// minus takes away; false if there is not enough.
func (m model) minus(o model) (model, bool) {
	out := maps.Clone(m)
	for k, n := range o {
		if out[k] < n {
			return nil, false
		}
		if out[k] -= n; out[k] == 0 {
			delete(out, k)
		}
	}
	return out, true
}

func TestAgreesWithTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		b := rapid.OneOf(amounts(), rapid.Just(part(t, a))).Draw(t, "b")
		ma, mb := modelOf(a), modelOf(b)
		sum := modelOf(a.Add(b))
		if want := ma.plus(mb); !maps.Equal(sum, want) {
			t.Fatalf("%v + %v = %v", a, b, a.Add(b))
		}
		left, err := a.Subtract(b)
		want, ok := ma.minus(mb)
		if ok != (err == nil) || ok && !maps.Equal(modelOf(left), want) {
			t.Fatalf("%v - %v = %v, %v", a, b, left, err)
		}
		if a.Equal(b) != maps.Equal(ma, mb) {
			t.Fatalf("%v equal to %v: %v", a, b, a.Equal(b))
		}
	})
}
