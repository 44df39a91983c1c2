// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import "sync"

// queue holds what is to be sent to one peer. Putting never waits: when the
// queue is full the peer is too slow and has to go. One goroutine takes.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	max   int

	// ready has an element whenever items may not be empty.
	ready chan struct{}
}

func newQueue[T any](most int) *queue[T] {
	return &queue[T]{max: most, ready: make(chan struct{}, 1)}
}

// put appends an item, or tells that the queue is full.
func (q *queue[T]) put(item T) bool {
	q.mu.Lock()
	full := len(q.items) >= q.max
	if !full {
		q.items = append(q.items, item)
	}
	q.mu.Unlock()
	if full {
		return false
	}
	select {
	case q.ready <- struct{}{}:
	default: // it is known already
	}
	return true
}

// take returns everything in the queue and leaves it empty. What the caller
// took before is given back in spare, to be used again.
func (q *queue[T]) take(spare []T) []T {
	clear(spare)
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = spare[:0]
	return items
}
