// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"container/heap"
	"time"
)

// timer calls fire once when its time has come. The zero timer with a fire is
// ready to be set; one timer serves its owner for life.
type timer struct {
	at    time.Time
	place int // in the queue, counted from 1; 0 when not set
	fire  func(now time.Time)
}

// timers is a queue of the timers that are set, the next first.
type timers []*timer

// set makes the timer fire at this time, whether it was set before or not.
func (q *timers) set(t *timer, at time.Time) {
	t.at = at
	if t.place > 0 {
		heap.Fix(q, t.place-1)
		return
	}
	heap.Push(q, t)
}

// stop takes the timer out of the queue, if it is in.
func (q *timers) stop(t *timer) {
	if t.place > 0 {
		heap.Remove(q, t.place-1)
	}
}

// next is when the first timer fires.
func (q timers) next() (time.Time, bool) {
	if len(q) == 0 {
		return time.Time{}, false
	}
	return q[0].at, true
}

// run fires all timers whose time has come, in order. A timer that one of them
// sets anew fires in a later run, unless its time is past already.
func (q *timers) run(now time.Time) {
	for len(*q) > 0 && !(*q)[0].at.After(now) {
		t := (*q)[0]
		q.stop(t)
		t.fire(now)
	}
}

// Len, Less, Swap, Push and Pop are for package heap.

func (q timers) Len() int           { return len(q) }
func (q timers) Less(i, j int) bool { return q[i].at.Before(q[j].at) }

func (q timers) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i+1, j+1
}

// Push appends x, a *timer.
func (q *timers) Push(x any) {
	t := x.(*timer)
	*q = append(*q, t)
	t.place = len(*q)
}

// Pop takes the last timer off.
func (q *timers) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q, t.place = old[:len(old)-1], 0
	return t
}
