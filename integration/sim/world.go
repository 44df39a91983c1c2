// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
)

// Options say what to play.
type Options struct {
	Seed                      uint64
	Agents, Frameworks, Steps int // 0: 50, 20, 2,000
	// Trace, if set, gets a line for each thing that happens.
	Trace io.Writer
	// Careful has the invariants checked after each input of a core, not only
	// after each step.
	Careful bool

	// What of the plan is played, for the shrinker; nil is all of it.
	actions, agents, frameworks []int
	// more is checked besides, by tests of the simulator.
	more func(*world)
}

func (o Options) withDefaults() Options {
	for _, f := range []struct {
		field *int
		value int
	}{{&o.Agents, 50}, {&o.Frameworks, 20}, {&o.Steps, 2000}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return o
}

// Failure is an invariant that does not hold.
type Failure struct {
	Rule string // which, in a few constant words
	Text string // what is wrong
	Step int    // of the plan
	Time instant
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: %s (step %d, at %v)", f.Rule, f.Text, f.Step, f.Time)
}

// Result is what came of one play.
type Result struct {
	Seed    uint64
	Profile string
	Failure *Failure
	Inputs  int            // of all cores
	Counts  map[string]int // what happened how often
	Hash    uint64         // of all that happened
	Time    instant        // that passed in the world
}

// world is one play.
type world struct {
	opt    Options
	prof   *profile
	rng    *rand.Rand // of what is not drawn by an action or a connection
	now    instant
	agenda agenda
	net    network
	step   int

	master   *master
	agents   []*agent
	scheds   []*sched
	tasks    *tasks
	told     *told
	promises *promises
	healed   bool // nothing fails any more

	inputs int
	counts map[string]int
	hash   uint64
}

// Play plays a seed to its end or its first failure.
func Play(o Options) (res Result) {
	o = o.withDefaults()
	w := newWorld(o)
	defer func() {
		res = w.result()
		switch p := recover().(type) {
		case nil:
		case *Failure:
			res.Failure = p
		default:
			res.Failure = w.failure("L6: a core panics", fmt.Sprintf("%v\n%s", p, debug.Stack()))
		}
	}()
	w.play()
	return res
}

func newWorld(o Options) *world {
	rng := rand.New(rand.NewPCG(o.Seed, 0x7e9051))
	w := &world{
		opt: o, prof: drawProfile(rng), rng: rng, hash: fnvOffset,
		counts: make(map[string]int),
	}
	w.net.w = w
	w.tasks, w.told, w.promises = newTasks(w), newTold(w), newPromises(w)
	return w
}

// play plays the plan, then the end.
func (w *world) play() {
	actions := plan(w.prof, w.rng, w.opt)
	w.master = newMaster(w)
	for i := range w.opt.Agents {
		w.agents = append(w.agents, newAgent(w, i))
	}
	for i := range w.opt.Frameworks {
		w.scheds = append(w.scheds, newSched(w, i))
	}
	w.begin()
	for _, i := range chosen(w.opt.actions, len(actions)) {
		a := actions[i]
		w.step = i
		w.runUntil(w.now + a.after)
		w.act(a)
		w.check()
	}
	w.step = w.opt.Steps
	w.finale()
}

// begin starts all that the options have left in.
func (w *world) begin() {
	w.master.start()
	// All draw, also those that are not played: the others are to begin as ever.
	agents, frameworks := chosen(w.opt.agents, len(w.agents)), chosen(w.opt.frameworks, len(w.scheds))
	for i, a := range w.agents {
		at := instant(w.rng.Int64N(int64(second)))
		if a.present = slices.Contains(agents, i); a.present {
			w.in(at, a.start)
		}
	}
	for i, s := range w.scheds {
		at := instant(w.rng.Int64N(int64(2 * second)))
		if s.present = slices.Contains(frameworks, i); s.present {
			w.in(at, s.connect)
		}
	}
}

// chosen returns what is to be played of n.
func chosen(some []int, n int) []int {
	if some != nil {
		return some
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// runUntil lets everything happen that is due until then.
func (w *world) runUntil(then instant) {
	for len(w.agenda.heap) > 0 && w.agenda.heap[0].at <= then {
		e := w.agenda.take()
		w.now = max(w.now, e.at)
		e.do()
	}
	w.now = max(w.now, then)
}

// at has something happen at a moment; in, after some time.
func (w *world) at(at instant, do func()) { w.agenda.add(max(at, w.now), do) }
func (w *world) in(d instant, do func())  { w.agenda.add(w.now+d, do) }

func (w *world) count(what string) { w.counts[what]++ }

// fail ends the play.
func (w *world) fail(rule, format string, args ...any) {
	panic(w.failure(rule, fmt.Sprintf(format, args...)))
}

func (w *world) failure(rule, text string) *Failure {
	return &Failure{Rule: rule, Text: text, Step: w.step, Time: w.now}
}

// tracing tells whether lines are wanted; line writes one.
func (w *world) tracing() bool { return w.opt.Trace != nil }

func (w *world) line(format string, args ...any) {
	if w.opt.Trace != nil {
		fmt.Fprintf(w.opt.Trace, "%12.6f %4d  %s\n", float64(w.now)/float64(second), w.step, fmt.Sprintf(format, args...))
	}
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// mix takes what happens into the hash of the play.
func (w *world) mix(what, who uint64) {
	w.hash = (w.hash ^ what ^ who<<8 ^ uint64(w.now)<<16) * fnvPrime
}

// hashOf is a number for a text, the same in each play.
func hashOf(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // it never fails
	return h.Sum64()
}

// check checks the invariants of all that has changed since it was last called.
func (w *world) check() {
	w.master.check()
	for _, a := range w.agents {
		a.check()
	}
	w.told.check()
	if w.opt.more != nil {
		w.opt.more(w)
	}
}

// touched is called after each input of a core.
func (w *world) touched() {
	w.inputs++
	if w.opt.Careful {
		w.check()
	}
}

func (w *world) result() Result {
	return Result{
		Seed: w.opt.Seed, Profile: w.prof.name, Inputs: w.inputs, Counts: w.counts, Hash: w.hash, Time: w.now,
	}
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
