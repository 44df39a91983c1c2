// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Sim plays clusters from seeds, as many as asked or for as long as asked. It
// shrinks the first that fails and prints what happened in it.
//
//	sim                      fresh seeds for a minute
//	sim -n 10000 -from 1     so many, from this one
//	sim -seed 17             one, again; with -trace, all that happens in it
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/tepui/tepui/integration/sim"
)

// gcPercent lets garbage be collected less often than Go would: a world is small,
// and soon all of it is garbage.
const gcPercent = 800

type flags struct {
	from, n, seed uint64
	one, trace    bool
	quiet, keep   bool
	limit, shrink time.Duration
	hang          time.Duration
	workers       int
	options       sim.Options
}

func main() {
	debug.SetGCPercent(gcPercent)
	f := parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if f.one {
		os.Exit(one(f))
	}
	os.Exit(many(ctx, f))
}

func parse() flags {
	var f flags
	flag.Uint64Var(&f.from, "from", uint64(time.Now().UnixNano())%1_000_000_000, "the first seed")
	flag.Uint64Var(&f.n, "n", 0, "how many seeds to play; 0: as many as fit into -time")
	flag.Uint64Var(&f.seed, "seed", 0, "play this seed alone")
	flag.BoolVar(&f.trace, "trace", false, "with -seed: print all that happens")
	flag.BoolVar(&f.keep, "keep", false, "go on after a failure, and print each when it comes")
	flag.BoolVar(&f.quiet, "quiet", false, "do not print what was exercised")
	flag.DurationVar(&f.limit, "time", time.Minute, "how long to play where -n is 0")
	flag.DurationVar(&f.shrink, "shrink", time.Minute, "how long to look for a shorter play that fails")
	flag.DurationVar(&f.hang, "hang", 5*time.Minute, "how long one seed may take: longer, and a core does not return")
	flag.IntVar(&f.workers, "workers", runtime.GOMAXPROCS(0), "how many seeds to play at once")
	flag.IntVar(&f.options.Agents, "agents", 50, "how many agents")
	flag.IntVar(&f.options.Frameworks, "frameworks", 20, "how many frameworks")
	flag.IntVar(&f.options.Steps, "steps", 2000, "how many steps")
	flag.BoolVar(&f.options.Careful, "careful", false, "check the invariants after each input, not only after each step")
	flag.Parse()
	flag.Visit(func(set *flag.Flag) { f.one = f.one || set.Name == "seed" })
	return f
}

// one plays a single seed.
func one(f flags) int {
	o := f.options
	o.Seed = f.seed
	if f.trace {
		o.Trace = os.Stdout
	}
	start := time.Now()
	r := sim.Play(o)
	if r.Failure != nil {
		report(f, r)
		return 1
	}
	fmt.Printf("seed %d holds: %s; %d inputs, %v of virtual time in %v, hash %x\n",
		r.Seed, r.Profile, r.Inputs, time.Duration(r.Time), time.Since(start), r.Hash)
	if !f.quiet {
		exercised(r.Counts)
	}
	return 0
}

// many plays seeds until there are enough, or one fails.
func many(ctx context.Context, f flags) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.n == 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, f.limit)
		defer stop()
	}
	seeds, results := make(chan uint64), make(chan sim.Result)
	go func() {
		defer close(seeds)
		for i := uint64(0); f.n == 0 || i < f.n; i++ {
			select {
			case seeds <- f.from + i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range f.workers {
		wg.Go(func() {
			for seed := range seeds {
				o := f.options
				o.Seed = seed
				watch := time.AfterFunc(f.hang, func() { hangs(o, f.hang) })
				results <- sim.Play(o)
				watch.Stop()
			}
		})
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	return collect(f, cancel, results)
}

// hangs ends the program for a seed that does not end: nobody can stop a core that
// does not return.
func hangs(o sim.Options, limit time.Duration) {
	fmt.Printf("FAIL: seed %d ()\n  L6: it has not ended in %v\n", o.Seed, limit)
	os.Exit(1)
}

// collect counts results, and reports the first failure.
func collect(f flags, cancel context.CancelFunc, results <-chan sim.Result) int {
	start, told := time.Now(), time.Now()
	var failed *sim.Result
	played, inputs, failures := 0, 0, 0
	counts := make(map[string]int)
	for r := range results {
		played++
		inputs += r.Inputs
		for k, v := range r.Counts {
			counts[k] += v
		}
		if r.Failure != nil {
			failures++
			if f.keep {
				fmt.Printf("FAIL: seed %d (%s)\n  %v\n", r.Seed, r.Profile, r.Failure)
			} else if failed == nil {
				failed = &r
				cancel()
			}
		}
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Printf("%d seeds, %.1f a second\n", played, float64(played)/time.Since(start).Seconds())
		}
	}
	if !f.quiet {
		exercised(counts)
	}
	took := time.Since(start)
	fmt.Printf("seeds from %d: %d played in %v, %.2f a second; %d inputs, %.0f a second\n",
		f.from, played, took.Round(time.Millisecond), float64(played)/took.Seconds(), inputs, float64(inputs)/took.Seconds())
	if failed != nil {
		report(f, *failed)
	}
	return min(failures, 1)
}

// exercised prints what happened how often.
func exercised(counts map[string]int) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Printf("%10d  %s\n", counts[k], k)
	}
}

// report prints a failure, and the shortest play that fails so.
func report(f flags, r sim.Result) {
	fmt.Printf("FAIL: seed %d (%s)\n  %v\n", r.Seed, r.Profile, r.Failure)
	fmt.Printf("  again: sim -seed %d -agents %d -frameworks %d -steps %d\n",
		r.Seed, f.options.Agents, f.options.Frameworks, f.options.Steps)
	if f.shrink <= 0 {
		return
	}
	o := f.options
	o.Seed = r.Seed
	small, failure := sim.Shrink(o, r.Failure, f.shrink)
	actions, agents, frameworks := small.Kept()
	fmt.Printf("  shrunk to %d actions, %d agents, %d frameworks: %v\n  what happens then:\n", actions, agents, frameworks, failure)
	small.Trace = os.Stdout
	small.Careful = true
	if again := sim.Play(small); again.Failure != nil {
		fmt.Printf("FAIL: %v\n", again.Failure)
	}
}
