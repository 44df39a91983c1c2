// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// end records what a side of a connection hears.
type end struct {
	heard []int
	over  bool
}

func (e *end) receive(_ *conn, m any) {
	n, _ := m.(int)
	e.heard = append(e.heard, n)
}
func (e *end) closed(*conn) { e.over = true }

// wire is a connection in a world in which nothing else happens.
func wire(seed uint64) (*world, *conn, *end, *end) {
	w := newWorld(Options{Seed: seed}.withDefaults())
	w.prof.delay, w.prof.slow, w.prof.slowDelay = 100*ms, 0.3, 2*second
	c, s := &end{}, &end{}
	return w, w.net.dial("wire", c, s, false), c, s
}

func TestAConnectionDeliversInOrder(t *testing.T) {
	for seed := range uint64(50) {
		w, c, _, s := wire(seed)
		for i := range 20 {
			c.send(client, i)
			w.runUntil(w.now + 10*ms)
		}
		c.hangUp(client)
		w.runUntil(w.now + minute)
		if len(s.heard) != 20 || !slices.IsSorted(s.heard) || !s.over {
			t.Fatalf("seed %d: %v, over %v", seed, s.heard, s.over)
		}
	}
}

func TestABrokenConnectionDeliversTheFirstPartAndBothEndsHear(t *testing.T) {
	lost, arrived := false, false
	for seed := range uint64(50) {
		w, c, a, b := wire(seed)
		for i := range 10 {
			c.send(client, i)
			c.send(server, i)
		}
		c.sever()
		c.send(client, 10)
		w.runUntil(w.now + 2*minute)
		for _, e := range []*end{a, b} {
			if !e.over {
				t.Fatalf("seed %d: an end does not hear that it is over", seed)
			}
			for i, n := range e.heard {
				if i != n {
					t.Fatalf("seed %d: %v is not the first part of what was sent", seed, e.heard)
				}
			}
			lost, arrived = lost || len(e.heard) < 10, arrived || len(e.heard) > 0
		}
	}
	if !lost || !arrived {
		t.Errorf("of what is under way some is to be lost (%v) and some to arrive (%v)", lost, arrived)
	}
}

func TestConnectionsOvertakeEachOther(t *testing.T) {
	overtaken := false
	for seed := range uint64(50) {
		w, first, _, s := wire(seed)
		second := w.net.dial("second", &end{}, s, false)
		first.send(client, 1)
		second.send(client, 2)
		w.runUntil(minute)
		overtaken = overtaken || slices.Equal(s.heard, []int{2, 1})
	}
	if !overtaken {
		t.Error("what was sent first always arrives first")
	}
}

func TestTheAgendaIsInOrderOfTimeAndEntry(t *testing.T) {
	var q agenda
	var got []int
	for i, at := range []instant{5, 3, 5, 1, 3, 4} {
		q.add(at, func() { got = append(got, i) })
	}
	for len(q.heap) > 0 {
		q.take().do()
	}
	if want := []int{3, 1, 4, 5, 0, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestTheShrinkerLeavesOnlyWhatItTakes has it shrink a failure that needs one agent,
// two actions, and the frameworks that they are of.
func TestTheShrinkerLeavesOnlyWhatItTakes(t *testing.T) {
	o := Options{Seed: 4, Agents: 20, Frameworks: 8, Steps: 600, more: func(w *world) {
		if w.counts["action: kill"] > 0 && w.counts["call ACCEPT"] > 0 && w.counts["event OFFERS"] > 0 {
			w.fail("made up", "a task was launched, and another killed")
		}
	}}
	r := Play(o)
	if r.Failure == nil {
		t.Fatal("it does not fail")
	}
	small, failure := Shrink(o, r.Failure, time.Minute)
	actions, agents, frameworks := small.Kept()
	if failure.Rule != "made up" || actions > 4 || agents > 1 || frameworks > 2 {
		t.Fatalf("%d actions, %d agents, %d frameworks: %v", actions, agents, frameworks, failure)
	}
	var trace bytes.Buffer
	small.Trace = &trace
	if again := Play(small); again.Failure == nil || again.Failure.Rule != "made up" {
		t.Fatalf("played again: %v", again.Failure)
	}
	if lines := bytes.Count(trace.Bytes(), []byte("\n")); lines > 60 {
		t.Errorf("its trace has %d lines:\n%s", lines, &trace)
	}
}

func TestAPanicIsAFailureOfItsSeed(t *testing.T) {
	r := Play(Options{Seed: 1, Agents: 2, Frameworks: 1, Steps: 20, more: func(w *world) {
		if w.step == 10 {
			panic("made up")
		}
	}})
	if r.Failure == nil || r.Failure.Rule != "L6: a core panics" || r.Failure.Step != 10 {
		t.Errorf("%v", r.Failure)
	}
}
