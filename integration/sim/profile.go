// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"time"

	"github.com/tepui/tepui/master/core"
)

// profile is what kind of a world a seed plays: how often what happens, and how
// bad the network is.
type profile struct {
	name    string
	weights [kinds]int

	delay     instant // the most that a message takes, most of the time
	slow      float64 // the part of the messages that take much longer
	slowDelay instant
	notice    instant // the most that an end needs to notice that a connection broke
	pauses    instant // the mean time between two actions
	longPause float64 // the part of the pauses that last minutes

	batch      float64 // how often a core steps more than one input before its Ready
	lostAck    float64 // acknowledgements that a scheduler does not send
	lateAck    instant // the most that a scheduler thinks before it acknowledges
	fetchFails float64
	stubborn   float64 // executors that ignore kills
	mute       float64 // executors that never subscribe

	reregister   time.Duration // the master's AgentReregisterTimeout
	offerTimeout time.Duration
	removals     core.Rate
	optimistic   bool // offers may overlap
	lots         bool // the allocator draws lots
	amnesia      bool // the master's registry is lost when it crashes
}

// work is what goes on in every world, whatever fails.
func (p *profile) work() {
	p.weights = [kinds]int{
		wait: 100, launch: 600, decline: 150, kill: 120, reconcile: 30, suppress: 10, revive: 30, message: 20,
		shutdownExecutor: 10, staleAccept: 10, request: 2, taskEnd: 200, taskUpdate: 80, executorMessage: 10,
		look: 5, updateFramework: 5,
	}
	p.delay, p.slowDelay = 5*ms, 2*second
	p.notice = second
	p.pauses, p.longPause = 100*ms, 0.002
	p.batch = 0.1
	p.reregister = 10 * time.Minute
}

// faults are what may go wrong, one kind at a time.
var faults = []struct {
	name string
	add  func(p *profile)
}{
	{"agents crash", func(p *profile) { p.weights[agentCrash] = 20; p.weights[agentStop] = 5 }},
	{"links break", func(p *profile) {
		p.weights[agentCut], p.weights[agentHang] = 40, 10
		p.notice = 30 * second
	}},
	{"partitions", func(p *profile) {
		p.weights[partition], p.weights[heal] = 6, 6
		p.longPause = 0.004
	}},
	{"the master crashes", func(p *profile) { p.weights[masterCrash] = 8 }},
	{"schedulers come and go", func(p *profile) {
		p.weights[schedulerDrop], p.weights[schedulerCrash], p.weights[schedulerFailover] = 15, 15, 15
		p.weights[schedulerCut] = 10
	}},
	{"frameworks end", func(p *profile) { p.weights[teardown] = 8; p.weights[schedulerCrash] += 5 }},
	{"executors die", func(p *profile) {
		p.weights[executorExit], p.weights[executorDrop] = 60, 40
		p.fetchFails, p.stubborn, p.mute = 0.05, 0.1, 0.05
	}},
	{"a slow network", func(p *profile) { p.delay, p.slow = 200*ms, 0.05 }},
	{"lost acknowledgements", func(p *profile) { p.lostAck = 0.2 }},
	{"late acknowledgements", func(p *profile) { p.lateAck = 25 * second }},
	{"clocks step", func(p *profile) { p.weights[clockStep] = 20 }},
	{"byzantine peers", func(p *profile) { p.weights[byzantine] = 60 }},
	{"long pauses", func(p *profile) { p.longPause = 0.01 }},
	{"offers time out", func(p *profile) { p.offerTimeout = 20 * time.Second }},
	{"agents are soon given up", func(p *profile) {
		p.reregister = 30 * time.Second
		p.weights[agentCut] += 20
		p.weights[agentHang] += 20
		p.longPause = max(p.longPause, 0.005)
	}},
	{"agents are drained", func(p *profile) {
		p.weights[drain], p.weights[deactivate], p.weights[reactivate], p.weights[markGone] = 15, 5, 30, 3
	}},
	{"maintenance", func(p *profile) {
		p.weights[scheduleMaintenance], p.weights[startMaintenance], p.weights[stopMaintenance] = 10, 40, 30
	}},
	{"shares change", func(p *profile) { p.weights[weights], p.weights[quotas] = 10, 10 }},
	{"containers are preempted", func(p *profile) { p.weights[preempt] = 20 }},
	{"agents are removed slowly", func(p *profile) {
		p.removals = core.Rate{N: 1, Per: 20 * time.Second}
		p.weights[agentCut] += 20
		p.reregister = time.Minute
	}},
	{"big batches", func(p *profile) { p.batch = 0.6 }},
}

// drawProfile draws a world: some calm, some with one kind of fault only, some
// with several, some wild.
func drawProfile(rng *rand.Rand) *profile {
	p := &profile{}
	p.work()
	switch n := rng.IntN(10); {
	case n == 0:
		p.name = "calm"
	case n < 5:
		p.add(rng.IntN(len(faults)))
	case n < 8:
		for range 2 + rng.IntN(3) {
			p.add(rng.IntN(len(faults)))
		}
	default:
		p.name = "everything"
		for _, f := range faults {
			f.add(p)
		}
	}
	if rng.IntN(25) == 0 { // seldom: it costs ten times what others cost
		p.optimistic = true
		p.name += ", offers overlap"
		p.offerTimeout *= 10
	}
	p.lots = rng.IntN(5) == 0
	p.amnesia = rng.IntN(4) == 0
	return p
}

func (p *profile) add(i int) {
	if p.name != "" {
		p.name += ", "
	}
	p.name += faults[i].name
	faults[i].add(p)
}

// pause draws the time between two actions.
func (p *profile) pause(rng *rand.Rand) instant {
	if rng.Float64() < p.longPause {
		return instant(rng.ExpFloat64() * float64(2*minute))
	}
	return instant(rng.ExpFloat64() * float64(p.pauses))
}
