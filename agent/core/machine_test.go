// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
)

// TestRandomWorlds plays random inputs, with all invariants checked after each,
// then lets everything come to its end: then every task has ended once, for its
// framework too, and the agent is as empty as at the start.
func TestRandomWorlds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(w.all())
		w.finish()
	})
}

// TestRandomWorldsThatAreDeclaredGone: whatever goes on, an agent that is gone ends it
// and is over, tells nobody more, and holds nothing.
func TestRandomWorldsThatAreDeclaredGone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		t.Repeat(w.all())
		w.comeBack()
		w.must(declaredGone())
		w.linkDown(nil) // as the master does, which acknowledges nothing any more
		clear(w.inFlight)
		w.end()
		if _, gone := w.core.Gone(); !gone || w.core.AgentID() != agentID {
			w.t.Fatalf("agent %q is gone: %v", w.core.AgentID(), gone)
		}
		w.must(core.LinkUp{})
		for _, m := range w.core.Ready().Send {
			if up, ok := m.(core.ToMaster); ok {
				w.t.Fatalf("it says %v", up.Message)
			}
		}
	})
}

// all is what may happen.
func (w *world) all() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"link up":            w.linkUp,
		"link down":          seldom(w.linkDown),
		"register":           w.register,
		"run":                w.run,
		"run 2":              w.run,
		"run group":          w.runGroup,
		"operate":            w.operate,
		"operate 2":          w.operate,
		"ack operation":      w.ackOperation,
		"change volumes":     w.changeVolumes,
		"drain":              w.drain,
		"ping":               w.ping,
		"preempt":            w.preempt,
		"kill":               w.kill,
		"ack":                w.ack,
		"ack 2":              w.ack,
		"answer":             w.answer,
		"answer 2":           w.answer,
		"answer 3":           w.answer,
		"subscribe":          w.subscribe,
		"disconnect":         w.disconnect,
		"update":             w.update,
		"update 2":           w.update,
		"shutdown executor":  w.shutdownExecutor,
		"shutdown framework": w.shutdownFramework,
		"update framework":   w.updateFramework,
		"tick":               w.tick,
		// These can always be done: rapid gives up where it draws none such in
		// a hundred tries.
		"take":   func(*rapid.T) { w.take() },
		"take 2": func(*rapid.T) { w.take() },
		"take 3": func(*rapid.T) { w.take() },
		"take 4": func(*rapid.T) { w.take() },
	}
}

func seldom(f func(*rapid.T)) func(*rapid.T) {
	return func(t *rapid.T) {
		if rapid.IntRange(0, 4).Draw(t, "seldom") == 0 {
			f(t)
		}
	}
}

// finish ends the world in good order.
func (w *world) finish() {
	w.comeBack()
	w.must(core.Stop{Grace: time.Minute})
	w.end()
	if len(w.waiting) > 0 {
		w.t.Fatalf("operations never ended: %v", w.waiting)
	}
	for key, f := range w.tasks {
		if !f.acked {
			w.t.Fatalf("task %s never ended for its framework: %+v", key, f)
		}
	}
}

// comeBack has the agent registered, on a new link.
func (w *world) comeBack() {
	w.take()
	w.linkDown(nil)
	w.must(core.LinkUp{})
	w.up, w.known = true, true
	w.must(fromMaster(registeredMessage(agentID)))
	w.take()
}

// end plays the world until the agent is over, which must then hold nothing.
func (w *world) end() {
	for range 1000 {
		w.take()
		if w.core.Stopped() {
			break
		}
		w.settle()
	}
	w.take()
	if !w.core.Stopped() || len(w.containers) > 0 {
		w.t.Fatalf("it does not come to an end: %d containers, %v", len(w.containers), w.core.Containers())
	}
	if free, total := w.core.Ledger().Free(), w.core.Ledger().Total(); !free.Equal(total) {
		w.t.Fatalf("%v of %v are free", free, total)
	}
}

// settle does one round of all that is still due, and lets time pass.
func (w *world) settle() {
	for len(w.making) > 0 {
		id := w.making[0]
		w.making = w.making[1:]
		w.must(core.VolumesChanged{Operation: id})
		w.take()
	}
	for id := range w.inFlight {
		w.acknowledgeOperation(id)
	}
	for key, f := range w.tasks {
		if f.inFlight != nil {
			w.acknowledge(key)
			w.take()
		}
	}
	for id, b := range w.containers {
		var in core.Input
		switch {
		case b.fetching:
			b.fetching, in = false, core.Fetched{Container: id}
		case b.starting:
			b.starting, b.runs, in = false, true, core.Started{Container: id}
		case b.updating:
			b.updating, in = false, core.LimitsUpdated{Container: id}
		case b.runs && b.destroying:
			b.runs, b.over, in = false, true, core.Exited{Container: id, Exit: exit(sigkilled)}
		case b.destroying:
			b.destroying, in = false, core.Destroyed{Container: id}
		default:
			continue
		}
		w.must(in)
		w.take()
	}
	if len(w.containers) == 0 {
		return
	}
	if at, ok := w.core.Deadline(); ok && at.After(w.now) && at.Sub(w.now) < time.Minute {
		w.now = at
		w.must(core.Tick{})
	}
}

// TestAcceptedMeansEnded is the smallest of worlds, as a check of the world
// itself: a task that runs and is acknowledged is seen to end.
func TestAcceptedMeansEnded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.linkUp(t)
		w.register(t)
		w.tasks["f/t1"] = &fate{}
		w.must(core.FromMaster{Message: &link.FromMaster{Message: &link.FromMaster_Run{Run: &link.Run{
			Framework: framework(), Task: command("t1", "cpus:1;mem:64"),
		}}}})
		w.finish()
		if f := w.tasks["f/t1"]; f.terminal == "" || f.inFlight != nil {
			t.Fatalf("fate %+v", f)
		}
	})
}
