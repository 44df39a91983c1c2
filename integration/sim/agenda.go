// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import "time"

// instant is a moment of the virtual time, and a time between two: nanoseconds
// since the world began.
type instant int64

const (
	ms     = instant(time.Millisecond)
	second = instant(time.Second)
	minute = instant(time.Minute)
)

// epoch is when every world begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (i instant) time() time.Time { return epoch.Add(time.Duration(i)) }

func (i instant) String() string { return time.Duration(i).String() }

// agenda is the queue of what is to happen, the next first; what happens at the
// same moment does so in the order in which it was entered.
type agenda struct {
	heap []entry
	seq  uint64
}

type entry struct {
	at  instant
	seq uint64
	do  func()
}

func (e *entry) before(o *entry) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (q *agenda) add(at instant, do func()) {
	q.seq++
	q.heap = append(q.heap, entry{at, q.seq, do})
	h := q.heap
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *agenda) take() entry {
	h := q.heap
	first, n := h[0], len(h)-1
	h[0] = h[n]
	h[n] = entry{}
	q.heap = h[:n]
	h = q.heap
	for i := 0; ; {
		least := 2*i + 1
		if least >= n {
			break
		}
		if r := least + 1; r < n && h[r].before(&h[least]) {
			least = r
		}
		if !h[least].before(&h[i]) {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	return first
}
