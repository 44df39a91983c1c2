// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim_test

import (
	"bytes"
	"flag"
	"hash/fnv"
	"testing"
	"time"

	"github.com/tepui/tepui/integration/sim"
)

var seed = flag.Uint64("sim.seed", 0, "play this seed alone, and print what happens")

// fixed is how many seeds the test plays.
const fixed = 15

func TestAllInvariantsHoldInRandomWorlds(t *testing.T) {
	n := uint64(fixed)
	if testing.Short() || raceEnabled {
		n = 4
	}
	for s := uint64(1); s <= n; s++ {
		o := sim.Options{Seed: s}
		r := sim.Play(o)
		if r.Failure != nil {
			small, failure := sim.Shrink(o, r.Failure, 20*time.Second)
			var trace bytes.Buffer
			small.Trace, small.Careful = &trace, true
			sim.Play(small)
			t.Fatalf("seed %d (%s): %v\nshrunk: %v\n%s", s, r.Profile, r.Failure, failure, &trace)
		}
	}
}

// TestOneSeed plays the seed that -sim.seed names.
func TestOneSeed(t *testing.T) {
	if *seed == 0 {
		t.Skip("-sim.seed names none")
	}
	var trace bytes.Buffer
	r := sim.Play(sim.Options{Seed: *seed, Trace: &trace})
	t.Logf("%s\n%s", r.Profile, &trace)
	if r.Failure != nil {
		t.Error(r.Failure)
	}
}

func TestASeedAlwaysPlaysTheSame(t *testing.T) {
	for s := uint64(100); s < 104; s++ {
		play := func() (uint64, uint64) {
			h := fnv.New64a()
			r := sim.Play(sim.Options{Seed: s, Agents: 20, Frameworks: 8, Steps: 800, Trace: h})
			if r.Failure != nil {
				t.Fatal(r.Failure)
			}
			return h.Sum64(), r.Hash
		}
		trace, hash := play()
		if t2, h2 := play(); t2 != trace || h2 != hash {
			t.Errorf("seed %d: trace %x and %x, hash %x and %x", s, trace, t2, hash, h2)
		}
		if r := sim.Play(sim.Options{Seed: s, Agents: 20, Frameworks: 8, Steps: 800}); r.Hash != hash {
			t.Errorf("seed %d plays otherwise when nobody looks on", s)
		}
	}
}
