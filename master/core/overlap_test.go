// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
)

// TestOverlappingOffersOfOneFrameworkStandTogetherOrNotAtAll: a framework holds two
// offers of one agent, and each of them alone still fits after another framework
// has launched; both do not.
func TestOverlappingOffersOfOneFrameworkStandTogetherOrNotAtAll(t *testing.T) {
	w := newWorld(t, func(cfg *core.Config) {
		cfg.OptimisticOffers = true
		cfg.Allocator = allocator.New(allocator.Config{Optimistic: true})
	})
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
