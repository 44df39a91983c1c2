// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/resource"
)

var parse = resource.MustParse

func TestAdd(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"cpus:0.1", "cpus:0.2", "cpus:0.3"},
		{"cpus:1", "mem:1", "cpus:1;mem:1"},
		{"cpus:1", "cpus(ops):1", "cpus:1;cpus(ops):1"},
		{"", "cpus:1", "cpus:1"},
		{"ports:[1-5]", "ports:[6-9]", "ports:[1-9]"},
		{"ports:[1-5]", "ports:[3-4,7]", "ports:[1-5,7-7]"},
		{"ports:[0-18446744073709551615]", "ports:[0,18446744073709551615]", "ports:[0-18446744073709551615]"},
		{"ports:[0-18446744073709551614]", "ports:[18446744073709551615]", "ports:[0-18446744073709551615]"},
		{"zones:{b}", "zones:{c,a,b}", "zones:{a,b,c}"},
		{mount, mount, mount + ";" + mount},
	} {
		if got := parse(tc.a).Add(parse(tc.b)); got.String() != tc.want {
			t.Errorf("%s + %s = %s, want %s", tc.a, tc.b, got, tc.want)
		}
	}
}

const (
	mount  = `disk{"disk":{"source":{"type":"MOUNT"}}}:100`
	shared = `disk{"disk":{"persistence":{"id":"v"}},"shared":{}}:100`
)

func TestSubtract(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"cpus:0.3", "cpus:0.1", "cpus:0.2"},
		{"cpus:1;mem:5", "cpus:1", "mem:5"},
		{"cpus:1", "cpus:1", ""},
		{"cpus:1", "", "cpus:1"},
		{"", "", ""},
		{"ports:[1-9]", "ports:[1,5,9]", "ports:[2-4,6-8]"},
		{"ports:[1-9,20-29]", "ports:[3-9,20-28]", "ports:[1-2,29-29]"},
		{"ports:[0-18446744073709551615]", "ports:[18446744073709551615]", "ports:[0-18446744073709551614]"},
		{"zones:{a,b,c}", "zones:{b}", "zones:{a,c}"},
		{mount + ";" + mount, mount, mount},
		{shared, shared, ""},
	} {
		got, err := parse(tc.a).Subtract(parse(tc.b))
		if err != nil || got.String() != tc.want {
			t.Errorf("%s - %s = %s, %v, want %s", tc.a, tc.b, got, err, tc.want)
		}
	}
}

// What can be split and what cannot, by the kind of the disk.
func TestWholeDisks(t *testing.T) {
	for _, tc := range []struct {
		traits string
		whole  bool
	}{
		{``, false},
		{`{"disk":{"source":{"type":"PATH","path":{"root":"/x"}}}}`, false},
		{`{"disk":{"source":{"type":"RAW"}}}`, false},
		{`{"disk":{"source":{"type":"RAW","id":"x"}}}`, true},
		{`{"disk":{"source":{"type":"MOUNT"}}}`, true},
		{`{"disk":{"source":{"type":"BLOCK"}}}`, true},
		{`{"disk":{"persistence":{"id":"v"}}}`, true},
		{`{"disk":{"source":{"type":"PATH"},"persistence":{"id":"v"}}}`, true},
	} {
		all, some := parse("disk"+tc.traits+":100"), parse("disk"+tc.traits+":40")
		if got := all.Contains(some); got == tc.whole {
			t.Errorf("%v contains %v: %v", all, some, got)
		}
	}
}

func TestSubtractRefuses(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"cpus:1", "cpus:1.001", "resource: cpus: cannot take 1.001 from 1"},
		{"cpus:1", "mem:1", "resource: mem: cannot take 1 from nothing"},
		{"mem:1", "cpus:1", "resource: cpus: cannot take 1 from nothing"},
		{"cpus:1", "cpus(ops):1", "resource: cpus(ops): cannot take 1 from nothing"},
		{"ports:[1-5]", "ports:[5-6]", "resource: ports: cannot take [5-6] from [1-5]"},
		{"ports:[1-2,4-5]", "ports:[2-4]", "resource: ports: cannot take [2-4] from [1-2,4-5]"},
		{"zones:{a}", "zones:{a,b}", "resource: zones: cannot take {a,b} from {a}"},
		{"zones:1", "zones:{a}", "resource: zones: cannot take {a} from nothing"},
		{mount, strings.Replace(mount, "100", "50", 1), `resource: disk{"disk":{"source":{"type":"MOUNT"}}}: cannot take 1 x 50 from nothing`},
		{shared, shared + ";" + shared, `resource: disk{"disk":{"persistence":{"id":"v"}},"shared":{}}: cannot take 2 x 100 from 1 x 100`},
	} {
		got, err := parse(tc.a).Subtract(parse(tc.b))
		var not *resource.NotContainedError
		if !errors.As(err, &not) || err.Error() != tc.want || !got.IsEmpty() {
			t.Errorf("%s - %s = %v, %v, want error %s", tc.a, tc.b, got, err, tc.want)
		}
	}
}

// Labels are compared without regard to their order.
func TestLabelsHaveNoOrder(t *testing.T) {
	const cpus = `cpus{"reservations":[{"type":"DYNAMIC","role":"ops","labels":{"labels":[LABELS]}}]}:1`
	const disk = `disk{"disk":{"source":{"type":"PATH","metadata":{"labels":[LABELS]}}}}:1`
	for _, text := range []string{cpus, disk} {
		a := parse(strings.Replace(text, "LABELS", `{"key":"a","value":"1"},{"key":"b"}`, 1))
		b := parse(strings.Replace(text, "LABELS", `{"key":"b"},{"key":"a","value":"1"}`, 1))
		if !a.Equal(b) || !a.Contains(b) {
			t.Errorf("%v and %v differ", a, b)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"", "cpus:0", true},
		{"cpus:1;mem:2", "mem:2;cpus:1", true},
		{"cpus:1", "cpus:2", false},
		{"cpus:1", "cpus:1;mem:1", false},
		{"cpus:1", "cpus(ops):1", false},
		{"ports:[1-2]", "ports:[1-3]", false},
		{"zones:{a}", "zones:{b}", false},
		{shared, shared + ";" + shared, false},
	} {
		if got := parse(tc.a).Equal(parse(tc.b)); got != tc.want {
			t.Errorf("%s equal to %s: %v", tc.a, tc.b, got)
		}
	}
}

func TestScalars(t *testing.T) {
	r := parse("cpus:1.5;cpus(ops):2;mem:0.001;disk:10;gpus:2;ports:[1-2];" + mount + ";" + mount + ";" + shared + ";" + shared)
	if r.CPUs() != 3500 || r.Mem() != 1 || r.Disk() != 310_000 || r.Scalar("gpus") != 2000 || r.Scalar("ports") != 0 {
		t.Errorf("cpus %v, mem %v, disk %v, gpus %v, ports %v", r.CPUs(), r.Mem(), r.Disk(), r.Scalar("gpus"), r.Scalar("ports"))
	}
	var got []string
	for name, sum := range r.Scalars() {
		got = append(got, name+"="+sum.String())
	}
	if want := []string{"cpus=3.5", "disk=310", "gpus=2", "mem=0.001"}; !slices.Equal(got, want) {
		t.Errorf("Scalars = %v, want %v", got, want)
	}
	for range r.Scalars() {
		break // the iterator must not go on
	}
	if names, want := r.Names(), []string{"cpus", "disk", "gpus", "mem", "ports"}; !slices.Equal(names, want) {
		t.Errorf("Names = %v, want %v", names, want)
	}
}

func TestMemBytes(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want int64
	}{
		{"", 0},
		{"mem:1", 1 << 20},
		{"mem:0.5;mem(ops):0.5", 1 << 20},
		{"mem:0.001", 1048},
		{"mem:64.5", 64<<20 + 1<<19},
		{"mem:1000000000000", 1_000_000_000_000 << 20},
	} {
		if got := parse(tc.in).MemBytes(); got != tc.want {
			t.Errorf("%q has %d bytes, want %d", tc.in, got, tc.want)
		}
	}
}

// Sums that no cluster reaches stay at the largest value and do not turn
// negative.
func TestSumsDoNotOverflow(t *testing.T) {
	r := parse("mem:1000000000000")
	for range 20 {
		r = r.Add(r)
	}
	if r.Mem() != math.MaxInt64 || r.MemBytes() != math.MaxInt64 {
		t.Errorf("mem %d, bytes %d", int64(r.Mem()), r.MemBytes())
	}
	disks := parse(strings.Replace(mount, "100", "1000000000000", 1))
	for range 17 { // 1.3e20: beyond int64, and back to positive
		disks = disks.Add(disks)
	}
	if disks.Disk() != math.MaxInt64 {
		t.Errorf("disk %d", int64(disks.Disk()))
	}
}

func TestPorts(t *testing.T) {
	r := parse("ports:[1-5,10];ports(ops):[6-9];cpus:1")
	ports := r.Ports()
	if want := []resource.Range{{Begin: 1, End: 10}}; !slices.Equal(ports, want) {
		t.Errorf("Ports = %v, want %v", ports, want)
	}
	one := parse("ports:[1-5]")
	one.Ports()[0].End = 99
	if one.String() != "ports:[1-5]" {
		t.Errorf("Ports gave away the inside: now %v", one)
	}
}

func TestByRole(t *testing.T) {
	r := parse(`cpus:1;cpus(eng):2;mem(eng/dev):3;mem(english):4;disk{"revocable":{}}:5`)
	for _, tc := range []struct {
		name string
		got  resource.Resources
		want string
	}{
		{"unreserved", r.Unreserved(), `cpus:1;disk{"revocable":{}}:5`},
		{"all unreserved", parse("cpus:1;mem:1").Unreserved(), "cpus:1;mem:1"},
		{"reserved", r.Reserved("eng"), "cpus(eng):2"},
		{"reserved for nobody", r.Reserved(""), ""},
		{"reserved for the default role", r.Reserved("*"), ""},
		{"available to a role", r.AvailableTo("eng"), `cpus:1;cpus(eng):2;disk{"revocable":{}}:5`},
		{"available below a role", r.AvailableTo("eng/dev"), `cpus:1;cpus(eng):2;disk{"revocable":{}}:5;mem(eng/dev):3`},
		{"available to the default role", r.AvailableTo("*"), `cpus:1;disk{"revocable":{}}:5`},
	} {
		if tc.got.String() != tc.want {
			t.Errorf("%s: %v, want %s", tc.name, tc.got, tc.want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, tc := range []struct{ name, pool, targets, role, want string }{
		{"nothing", "cpus:1", "", "*", ""},
		{"unreserved", "cpus:4;mem:10", "cpus:1", "*", "cpus:1"},
		{"reserved first", "cpus:4;cpus(eng):1", "cpus:2", "eng", "cpus:1;cpus(eng):1"},
		{"reserved only", "cpus:4;cpus(eng):3", "cpus:2", "eng", "cpus(eng):2"},
		{"nearest role first", "cpus(eng):4;cpus(eng/dev):1", "cpus:2", "eng/dev", "cpus(eng):1;cpus(eng/dev):1"},
		{"ports", "ports:[1-9];ports(eng):[10-19]", "ports:[8-12]", "eng", "ports:[8-9];ports(eng):[10-12]"},
		{"ports here and there", "ports:[1-2,5-6,9]", "ports:[2,5-6,9]", "*", "ports:[2-2,5-6,9-9]"},
		{"ports out of both", "ports:[1-4,11-14];ports(eng):[5-10]", "ports:[2-3,6,8-12]", "eng", "ports:[2-3,11-12];ports(eng):[6-6,8-10]"},
		{"ports across a gap", "ports(eng):[1-3,5-9];ports:[4]", "ports:[2-6]", "eng", "ports:[4-4];ports(eng):[2-3,5-6]"},
		{"a set", "zones:{a,b};zones(eng):{c}", "zones:{b,c}", "eng", "zones:{b};zones(eng):{c}"},
		{"exactly this", "cpus:4;" + mount, "cpus:1;" + mount, "*", "cpus:1;" + mount},
		{"exact before plain", "cpus:1;cpus(eng):1", "cpus:1;cpus(eng):1", "eng", "cpus:1;cpus(eng):1"},
	} {
		got, ok := parse(tc.pool).Find(parse(tc.targets), tc.role)
		if !ok || got.String() != tc.want {
			t.Errorf("%s: Find = %v, %v, want %s", tc.name, got, ok, tc.want)
		}
	}
}

func TestFindNotEnough(t *testing.T) {
	for _, tc := range []struct{ name, pool, targets, role string }{
		{"too few", "cpus:1", "cpus:2", "*"},
		{"too few with reserved", "cpus:1;cpus(eng):0.5", "cpus:2", "eng"},
		{"reserved for another", "cpus(ops):4", "cpus:1", "eng"},
		{"reserved for a role below", "cpus(eng/dev):4", "cpus:1", "eng"},
		{"a role with the same beginning", "cpus(eng):4", "cpus:1", "english"},
		{"one port is missing", "ports:[1-3,5]", "ports:[3-5]", "*"},
		{"another kind", "zones:5", "zones:{a}", "*"},
		{"a mount disk is not just disk", mount, "disk:10", "*"},
		{"revocable is not just cpus", `cpus{"revocable":{}}:4`, "cpus:1", "*"},
		{"not this volume", "disk:1000", mount, "*"},
	} {
		if got, ok := parse(tc.pool).Find(parse(tc.targets), tc.role); ok || !got.IsEmpty() {
			t.Errorf("%s: Find = %v, %v, want nothing", tc.name, got, ok)
		}
	}
}

func TestUnrefinedLeavesOutReservationsThatRefineOthers(t *testing.T) {
	reserved := func(roles ...string) *mesos.Resource {
		r := &mesos.Resource{Name: new("cpus"), Type: mesos.Value_SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: new(1.0)}}
		for _, role := range roles {
			r.Reservations = append(r.Reservations, &mesos.Resource_ReservationInfo{
				Type: mesos.Resource_ReservationInfo_DYNAMIC.Enum(), Role: new(role),
			})
		}
		return r
	}
	read := func(list ...*mesos.Resource) resource.Resources {
		r, err := resource.FromProto(list)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got := read(reserved(), reserved("a"), reserved("a", "a/b")).Unrefined()
	if want := read(reserved(), reserved("a")); !got.Equal(want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSizeCountsWhatSetsResourcesApart(t *testing.T) {
	plain := resource.MustParse("cpus:4;ports:[1-9]").Size()
	for _, more := range []string{
		`cpus:4;ports:[1-3,5-9]`, `cpus:3;cpus{"reservations":[{"type":"DYNAMIC","role":"a"}]}:1;ports:[1-9]`, `cpus:4;names:{a};ports:[1-9]`,
	} {
		if got := resource.MustParse(more).Size(); got <= plain {
			t.Errorf("%s takes %d bytes, want more than %d", more, got, plain)
		}
	}
	if got := resource.MustParse("cpus:4000;ports:[1-9999]").Size(); got != plain {
		t.Errorf("%d bytes, want %d: how much there is does not count", got, plain)
	}
}
