// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import "math/rand/v2"

// kind is what an action does.
type kind uint8

const (
	wait kind = iota // only time passes
	launch
	decline
	kill
	reconcile
	suppress
	revive
	message
	shutdownExecutor
	teardown
	staleAccept
	request
	schedulerDrop
	schedulerCrash
	schedulerFailover
	schedulerCut
	taskEnd
	taskUpdate
	executorExit
	executorDrop
	executorMessage
	agentCrash
	agentCut
	agentHang
	agentStop
	partition
	heal
	masterCrash
	masterForgets
	clockStep
	byzantine
	drain
	deactivate
	reactivate
	markGone
	scheduleMaintenance
	startMaintenance
	stopMaintenance
	weights
	quotas
	look
	updateFramework
	preempt
	kinds
)

var kindNames = [kinds]string{
	"wait", "launch", "decline", "kill", "reconcile", "suppress", "revive", "message", "shutdown executor",
	"teardown", "stale accept", "request", "scheduler drops", "scheduler crashes", "scheduler fails over",
	"scheduler is cut off", "task ends", "task updates", "executor exits", "executor drops", "executor message",
	"agent crashes", "agent is cut off", "agent hangs", "agent stops", "partition", "heal", "master crashes", "master forgets",
	"clock steps", "byzantine", "drain", "deactivate", "reactivate", "mark gone", "schedule maintenance", "start maintenance",
	"stop maintenance", "weights", "quotas", "look", "update framework", "preempt",
}

func (k kind) String() string { return kindNames[k] }

// action is one of a plan. who says whom it is about, of as many as there are.
type action struct {
	index  int // in the whole plan
	kind   kind
	after  instant // since the action before
	who    int
	chance uint64 // the seed of all else that it draws
}

// draw returns the action's own source of chance.
func (a action) draw() *rand.Rand { return rand.New(rand.NewPCG(a.chance, uint64(a.index))) }

// plan makes the actions of a seed.
func plan(p *profile, rng *rand.Rand, o Options) []action {
	var sum int
	for _, w := range p.weights {
		sum += w
	}
	list := make([]action, o.Steps)
	for i := range list {
		list[i] = action{
			index: i, kind: pick(rng, p.weights[:], sum), after: p.pause(rng),
			who: rng.IntN(1 << 30), chance: rng.Uint64(),
		}
	}
	return list
}

func pick(rng *rand.Rand, weights []int, sum int) kind {
	n := rng.IntN(sum)
	for k, w := range weights {
		if n -= w; n < 0 {
			return kind(k)
		}
	}
	return wait
}
