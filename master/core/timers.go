// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"container/heap"
	"time"
)

// timer is one thing to happen later. A timer that is nil, was stopped or has
// fired may be stopped again.
type timer struct {
	at    time.Time
	seq   uint64 // those due at the same time fire in the order they were set
	fire  func()
	index int // in the heap; -1 when not in it
}

// timers is the queue of what is due.
type timers struct {
	heap timerHeap
	seq  uint64
}

func (t *timers) set(at time.Time, fire func()) *timer {
	t.seq++
	tm := &timer{at: at, seq: t.seq, fire: fire}
	heap.Push(&t.heap, tm)
	return tm
}

func (t *timers) stop(tm *timer) {
	if tm != nil && tm.index >= 0 {
		heap.Remove(&t.heap, tm.index)
	}
}

// run fires what is due at now. What is set meanwhile waits for the next run,
// unless it is due as well.
func (t *timers) run(now time.Time) {
	for len(t.heap) > 0 && !t.heap[0].at.After(now) {
		tm, _ := heap.Pop(&t.heap).(*timer)
		tm.fire()
	}
}

func (t *timers) next() (time.Time, bool) {
	if len(t.heap) == 0 {
		return time.Time{}, false
	}
	return t.heap[0].at, true
}

// timerHeap implements heap.Interface, the next timer first.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is called by package heap only.
func (h *timerHeap) Push(x any) {
	tm, _ := x.(*timer)
	tm.index = len(*h)
	*h = append(*h, tm)
}

// Pop is called by package heap only.
func (h *timerHeap) Pop() any {
	old := *h
	tm := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	tm.index = -1
	return tm
}
