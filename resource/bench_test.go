// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package resource_test

import (
	"testing"

	"github.com/tepui/tepui/resource"
)

// The shapes of an allocation loop: what an agent of a usual cluster has, and
// what a task takes.
const (
	usualAgent    = "cpus:64;mem:262144;disk:1000000;ports:[31000-32000]"
	usualTask     = "cpus:0.5;mem:512"
	usualPorts    = "cpus:0.5;mem:512;ports:[31500-31501]"
	reservedAgent = "cpus:32;mem:131072;cpus(ops):32;mem(ops):131072;disk:1000000;ports:[31000-32000]"
)

var sink resource.Resources

func BenchmarkAdd(b *testing.B) {
	for _, bc := range []struct{ name, x, y string }{
		{"scalars", usualAgent, usualTask},
		{"ports", "cpus:63.5;mem:261632;disk:1000000;ports:[31000-31499,31502-32000]", usualPorts},
		{"reserved", reservedAgent, "cpus(ops):1;mem(ops):64"},
		{"other names", "disk:10", usualTask},
	} {
		x, y := parse(bc.x), parse(bc.y)
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink = x.Add(y)
			}
		})
	}
}

func BenchmarkSubtract(b *testing.B) {
	for _, bc := range []struct{ name, x, y string }{
		{"scalars", usualAgent, usualTask},
		{"ports", usualAgent, usualPorts},
		{"reserved", reservedAgent, "cpus(ops):1;mem(ops):64"},
		{"all", usualAgent, usualAgent},
	} {
		x, y := parse(bc.x), parse(bc.y)
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if sink, err = x.Subtract(y); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkContains(b *testing.B) {
	for _, bc := range []struct {
		name, x, y string
		want       bool
	}{
		{"yes", usualAgent, usualPorts, true},
		{"no", usualAgent, "cpus:65", false},
		{"reserved", reservedAgent, "cpus(ops):1;mem(ops):64", true},
	} {
		x, y := parse(bc.x), parse(bc.y)
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if x.Contains(y) != bc.want {
					b.Fatal("wrong")
				}
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	x, y := parse(reservedAgent), parse(usualPorts)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := x.Find(y, "ops"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkScalars(b *testing.B) {
	x := parse(reservedAgent)
	b.ReportAllocs()
	for b.Loop() {
		var sum resource.Milli
		for _, m := range x.Scalars() {
			sum += m
		}
		if sum == 0 {
			b.Fatal("nothing")
		}
	}
}

func BenchmarkProto(b *testing.B) {
	x := parse(reservedAgent)
	b.ReportAllocs()
	for b.Loop() {
		if len(x.ProtoAllocated("ops")) != 6 {
			b.Fatal("wrong")
		}
	}
}

func BenchmarkFromProto(b *testing.B) {
	for _, bc := range []struct{ name, x string }{{"plain", usualPorts}, {"reserved", reservedAgent}} {
		ms := parse(bc.x).Proto()
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if sink, err = resource.FromProto(ms); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The allocation loop adds and subtracts for every agent: one allocation each,
// none to compare.
func TestAllocations(t *testing.T) {
	agent, task := parse(usualAgent), parse(usualTask)
	for _, tc := range []struct {
		name string
		want float64
		do   func()
	}{
		{"Add", 1, func() { sink = agent.Add(task) }},
		{"Subtract", 1, func() { sink, _ = agent.Subtract(task) }},
		{"Contains", 0, func() { _ = agent.Contains(task) }},
		{"Equal", 0, func() { _ = agent.Equal(task) }},
		{"Unreserved", 0, func() { sink = agent.Unreserved() }},
		{"Scalars", 0, func() {
			for range agent.Scalars() {
			}
		}},
	} {
		if got := testing.AllocsPerRun(100, tc.do); got > tc.want {
			t.Errorf("%s allocates %v times, want at most %v", tc.name, got, tc.want)
		}
	}
}
