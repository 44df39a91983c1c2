// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"runtime"
	"strings"
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
)

// TestOverlappingOffersOfOneFrameworkStandTogetherOrNotAtAll: a framework holds two
// offers of one agent, and each of them alone still fits after another framework
// has launched; both do not.
func TestOverlappingOffersOfOneFrameworkStandTogetherOrNotAtAll(t *testing.T) {
	w := newWorld(t, optimistically)
	a, b := w.subscribe(), w.subscribe()
	n := w.node("cpus:8;mem:800")
	a.offer()
	o := b.offer()
	b.accept([]*mesos.Offer{o}, refuse(0), launch(commandTask("t", o, "cpus:2;mem:200")))
	a.next(scheduler.Event_RESCIND)
	has(t, a.offer(), "cpus:6;mem:600")
	n.next()
	n.update(b, "t", mesos.TaskState_TASK_FINISHED, uuid('u'))
	has(t, a.find(scheduler.Event_OFFERS).GetOffers().GetOffers()[0], "cpus:2;mem:200")
	w.pass(filterOver)
	more := b.find(scheduler.Event_OFFERS).GetOffers().GetOffers()
	b.accept(more, refuse(1000), launch(commandTask("t2", more[0], "cpus:1;mem:100")))
	a.next(scheduler.Event_RESCIND)
	has(t, a.offer(), "cpus:1;mem:100")
}

// overlapping is two frameworks that are offered the same agent.
func overlapping(t *testing.T, options ...func(*mesos.FrameworkInfo)) (w *world, n *node, a, b *sched, ofA, ofB *mesos.Offer) {
	w = newWorld(t, optimistically)
	a = w.subscribe(append(options, withRole("a"), refined)...)
	b = w.subscribe(append(options, withRole("b"), refined)...)
	n = w.able("cpus:8;mem:800")
	return w, n, a, b, a.offer(), b.offer()
}

func TestTheFirstToLaunchWinsAndTheOthersOfferIsRescindedAtOnce(t *testing.T) {
	for name, options := range map[string][]func(*mesos.FrameworkInfo){"PARTITION_AWARE": {partitionAware}, "others": nil} {
		t.Run(name, func(t *testing.T) {
			_, n, a, b, ofA, ofB := overlapping(t, options...)
			has(t, ofA, "cpus:8;mem:800")
			has(t, ofB, "cpus:8;mem:800")
			a.accept([]*mesos.Offer{ofA}, refuse(1000), launch(commandTask("t", ofA, "cpus:1")))
			if n.next().GetRun() == nil {
				t.Error("the first is not run")
			}
			b.rescinded(ofB)
			// Its launch had crossed the rescind.
			b.accept([]*mesos.Offer{ofB}, refuse(0), launch(commandTask("u", ofB, "cpus:1")))
			want := mesos.TaskState_TASK_LOST
			if options != nil {
				want = mesos.TaskState_TASK_DROPPED
			}
			got := b.find(scheduler.Event_UPDATE).GetUpdate().GetStatus()
			if got.GetState() != want || got.GetReason() != mesos.TaskStatus_REASON_INVALID_OFFERS ||
				!strings.Contains(got.GetMessage(), "resources no longer offered") {
				t.Errorf("update %v, want %v: resources no longer offered", got, want)
			}
			n.quiet()
		})
	}
}

func TestAnOfferThatNobodyTookAnythingOfStands(t *testing.T) {
	w, _, a, b, ofA, ofB := overlapping(t)
	a.decline(refuse(1000), ofA)
	w.pass(filterOver)
	b.quiet()
	b.accept([]*mesos.Offer{ofB}, refuse(1000), launch(commandTask("u", ofB, "cpus:8")))
	b.quiet()
}

func TestAnOverlappingOfferIsRescindedWhenItsResourcesBecomeOthers(t *testing.T) {
	_, n, a, b, ofA, ofB := overlapping(t)
	a.accept([]*mesos.Offer{ofA}, refuse(1000), reserve("cpus"+reservedFor("a")+":2"))
	n.operation(mesos.Offer_Operation_RESERVE)
	b.rescinded(ofB)
	has(t, b.offer(), "cpus:6;mem:800")
	has(t, a.offer(), "cpus:6;mem:800;cpus"+reservedFor("a")+":2")
}

func TestAnOperatorRescindsOnlyTheOverlappingOffersThatAreInTheWay(t *testing.T) {
	w, n, a, b, ofA, ofB := overlapping(t)
	w.must(reserveCall(n.id, "cpus"+reservedFor("z")+":2"))
	a.rescinded(ofA)
	b.rescinded(ofB)
	has(t, a.offer(), "cpus:6;mem:800")
	has(t, b.offer(), "cpus:6;mem:800")
}

// TestWhatALaunchTakesOfManyCostsEachOfThemOnce: every framework was offered the same,
// and its offer is rescinded; that is not to look at all the others' each time.
func TestWhatALaunchTakesOfManyCostsEachOfThemOnce(t *testing.T) {
	cost := func(frameworks int) uint64 {
		w := newWorld(t, optimistically)
		var all []*sched
		for range frameworks {
			all = append(all, w.subscribe())
		}
		w.node("cpus:8;mem:800")
		o := all[0].offer()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all[0].accept([]*mesos.Offer{o}, refuse(1000), launch(commandTask("t", o, "cpus:8")))
		runtime.ReadMemStats(&after)
		for _, s := range all[1:] {
			s.rescinded(s.offer())
		}
		return after.Mallocs - before.Mallocs
	}
	if few, many := cost(20), cost(320); many > 40*few {
		t.Errorf("%d allocations with 320 frameworks, %d with 20: want 16 times as many or so", many, few)
	}
}
