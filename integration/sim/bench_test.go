// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"testing"

	"github.com/tepui/tepui/integration/sim"
)

// BenchmarkPlay plays seeds as make sim does: 50 agents, 20 frameworks, 2,000 steps.
func BenchmarkPlay(b *testing.B) {
	inputs := 0
	for i := 0; b.Loop(); i++ {
		r := sim.Play(sim.Options{Seed: uint64(i)})
		if r.Failure != nil {
			b.Fatal(r.Failure)
		}
		inputs += r.Inputs
	}
	b.ReportMetric(float64(inputs)/b.Elapsed().Seconds(), "inputs/s")
}
