// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

func TestAddIsCommutativeAndAssociative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := amounts().Draw(t, "a"), amounts().Draw(t, "b"), amounts().Draw(t, "c")
		if x, y := a.Add(b), b.Add(a); !x.Equal(y) {
			t.Fatalf("a+b = %v, b+a = %v", x, y)
		}
		if x, y := a.Add(b).Add(c), a.Add(b.Add(c)); !x.Equal(y) {
			t.Fatalf("(a+b)+c = %v, a+(b+c) = %v", x, y)
		}
		if x := a.Add(resource.Resources{}); !x.Equal(a) {
			t.Fatalf("a+0 = %v, a = %v", x, a)
		}
	})
}

// A whole is cut in two: whatever the cut, the parts make up the whole, and
// each is what is left without the other.
func TestPartsMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := amounts().Draw(t, "whole")
		b := part(t, whole)
		if !whole.Contains(b) {
			t.Fatalf("%v does not contain its part %v", whole, b)
		}
		a, err := whole.Subtract(b)
		if err != nil {
			t.Fatal(err)
		}
		if sum := a.Add(b); !sum.Equal(whole) {
			t.Fatalf("a+b = %v, want %v", sum, whole)
		}
		back, err := a.Add(b).Subtract(b)
		if err != nil || !back.Equal(a) {
			t.Fatalf("a+b-b = %v, %v, want a = %v", back, err, a)
		}
	})
}

func TestSubtractFailsExactlyIfNotContained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		before := a.String()
		left, err := a.Subtract(b)
		if contains := a.Contains(b); contains != (err == nil) {
			t.Fatalf("Contains = %v, but Subtract = %v", contains, err)
		}
		var not *resource.NotContainedError
		if err != nil && (!errors.As(err, &not) || !left.IsEmpty()) {
			t.Fatalf("Subtract = %v, %v: want nothing and a NotContainedError", left, err)
		}
		if a.String() != before {
			t.Fatalf("Subtract changed %v into %v", before, a)
		}
	})
}

func TestNothingIsNegativeOrEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := amounts().Draw(t, "whole")
		left, err := whole.Subtract(part(t, whole))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range left.Proto() {
			if m.GetScalar().GetValue() <= 0 && len(m.GetRanges().GetRange()) == 0 && len(m.GetSet().GetItem()) == 0 {
				t.Fatalf("%v has an item that is empty or negative", left)
			}
		}
	})
}

func TestContainsIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "a")
		b := part(t, a)
		c := part(t, b)
		if !a.Contains(a) || !a.Contains(c) {
			t.Fatalf("a = %v, b = %v, c = %v: a must contain a and c", a, b, c)
		}
		if b.Contains(a) && !b.Equal(a) {
			t.Fatalf("%v and %v contain each other and differ", a, b)
		}
	})
}

func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := amounts().Draw(t, "r")
		back, err := resource.Parse(r.String())
		if err != nil {
			t.Fatal(err)
		}
		if !back.Equal(r) || back.String() != r.String() {
			t.Fatalf("read back as %v, want %v", back, r)
		}
	})
}

func TestMessageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := amounts().Draw(t, "r")
		ms := r.Proto()
		back, err := resource.FromProto(rapid.Permutation(ms).Draw(t, "any order"))
		if err != nil || !back.Equal(r) {
			t.Fatalf("read back as %v, %v, want %v", back, err, r)
		}
		back, err = resource.FromProto(r.ProtoAllocated("eng"))
		if err != nil || !back.Equal(r) {
			t.Fatalf("allocated: read back as %v, %v, want %v", back, err, r)
		}
		if diff := cmp.Diff(ms, back.Proto(), protocmp.Transform()); diff != "" {
			t.Fatalf("messages differ:\n%s", diff)
		}
	})
}

// The older form says the same of all that it can say.
func TestOldMessageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := amounts().Draw(t, "r")
		var single []*mesos.Resource
		for _, m := range r.Proto() {
			if len(m.Reservations) <= 1 {
				single = append(single, m)
			}
		}
		old := r.ProtoOld("eng")
		back, err := resource.FromProto(old)
		if err != nil || !back.Equal(sum(single)) {
			t.Fatalf("read back as %v, %v, want %v", back, err, sum(single))
		}
		for _, m := range old {
			if m.Reservations != nil || m.GetAllocationInfo().GetRole() != "eng" {
				t.Fatalf("not in the old form, or not allocated: %v", m)
			}
		}
		for _, m := range r.ProtoOld("") {
			if m.AllocationInfo != nil {
				t.Fatalf("allocated to nobody: %v", m)
			}
		}
	})
}

// Neither what FromProto reads nor what Proto returns is tied to the value.
func TestMessagesAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "m")
		r, err := resource.FromProto([]*mesos.Resource{m})
		if err != nil {
			t.Fatal(err)
		}
		text, wire := r.String(), wireForm(t, r)
		scribble(m)
		for _, m := range r.Proto() {
			scribble(m)
		}
		if r.String() != text || !slices.Equal(wireForm(t, r), wire) {
			t.Fatalf("%v became %v", text, r.Proto())
		}
	})
}

// wireForm returns the bytes of the messages of r.
func wireForm(t *rapid.T, r resource.Resources) []string {
	var out []string
	for _, m := range r.Proto() {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// scribble overwrites what m points to.
func scribble(m *mesos.Resource) {
	for _, r := range append(m.GetReservations(), m.GetReservation()) {
		if r != nil && r.Role != nil {
			*r.Role = "scribbled"
		}
		for _, l := range r.GetLabels().GetLabels() {
			*l.Key = "scribbled"
		}
	}
	for _, r := range m.GetRanges().GetRange() {
		*r.Begin, *r.End = 77, 78
	}
	for i := range m.GetSet().GetItem() {
		m.Set.Item[i] = "scribbled"
	}
	if p := m.GetDisk().GetPersistence(); p != nil {
		*p.Id = "scribbled"
	}
	for _, l := range m.GetDisk().GetSource().GetMetadata().GetLabels() {
		*l.Key = "scribbled"
	}
	if m.Scalar != nil {
		*m.Scalar.Value = 99
	}
	*m.Name = "scribbled"
	proto.Reset(m)
}

// What Find picks is there, and it is what was asked for.
func TestFindIsContainedAndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pool := amounts().Draw(t, "pool")
		role := rapid.SampledFrom([]string{"*", "ops", "eng", "eng/dev"}).Draw(t, "role")
		targets := rapid.OneOf(rapid.Just(part(t, usable(pool, role))), amounts()).Draw(t, "targets").Unreserved()
		got, ok := pool.Find(targets, role)
		if !ok {
			if usable(pool, role).Contains(plain(targets)) && plain(targets).Equal(targets) {
				t.Fatalf("%v not found in %v", targets, pool)
			}
			return
		}
		if !pool.Contains(got) || !pool.AvailableTo(role).Contains(got) {
			t.Fatalf("found %v, which %s may not take from %v", got, role, pool)
		}
		if x, y := plain(got), plain(targets); !x.Equal(y) {
			t.Fatalf("found %v, wanted %v", x, y)
		}
	})
}

// usable returns what Find may pick for plain targets, without reservations.
func usable(pool resource.Resources, role string) resource.Resources {
	var ms []*mesos.Resource
	for _, m := range pool.AvailableTo(role).Proto() {
		if m.Disk == nil && m.Revocable == nil && m.ProviderId == nil {
			ms = append(ms, m)
		}
	}
	return plain(sum(ms))
}

// plain forgets the reservations of r.
func plain(r resource.Resources) resource.Resources {
	ms := r.Proto()
	for _, m := range ms {
		m.Reservations = nil
	}
	return sum(ms)
}

// sum adds valid messages, which may have ports in common.
func sum(ms []*mesos.Resource) resource.Resources {
	var out resource.Resources
	for _, m := range ms {
		one, err := resource.FromProto([]*mesos.Resource{m})
		if err != nil {
			panic(err)
		}
		out = out.Add(one)
	}
	return out
}

func TestCommonWithoutAndCoverAreOneCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := amounts().Draw(t, "a"), amounts().Draw(t, "b")
		both, only, cover := a.Common(b), a.Without(b), a.Cover(b)
		if !both.Equal(b.Common(a)) || !a.Contains(both) || !b.Contains(both) {
			t.Fatalf("common of %v and %v is %v, the other way round %v", a, b, both, b.Common(a))
		}
		if !only.Add(both).Equal(a) || !only.Common(b).Without(b).IsEmpty() {
			t.Fatalf("%v without %v is %v, and common is %v", a, b, only, both)
		}
		if !cover.Equal(b.Cover(a)) || !cover.Contains(a) || !cover.Contains(b) || !cover.Without(a).Equal(b.Without(a)) {
			t.Fatalf("cover of %v and %v is %v", a, b, cover)
		}
	})
}

func TestTheSameValueIsEqualAndACopyIsTheSame(t *testing.T) {
	r := resource.MustParse("cpus:1;mem:2")
	copied, twin, more := r, resource.MustParse("cpus:1;mem:2"), r.Add(r)
	if !r.Same(copied) || !r.Same(r.Add(resource.Resources{})) || !(resource.Resources{}).Same(resource.Resources{}) {
		t.Error("a copy is not the same")
	}
	if r.Same(twin) || r.Same(more) || r.Same(resource.Resources{}) {
		t.Error("another value is the same")
	}
}
