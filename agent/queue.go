// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import "sync"

// queue holds what is to be sent to one peer. Putting never waits: when the
// queue is full the peer is too slow and has to go. One goroutine takes.
type queue[T any] struct {
	mu    sync.Mutex
	items []T
	bytes int // of all items

	most      int // items
	mostBytes int
	size      func(T) int // bytes of an item

	// ready has an element whenever items may not be empty.
	ready chan struct{}
}

// newQueue returns a queue for so many items and, if size is not nil, bytes.
func newQueue[T any](most, mostBytes int, size func(T) int) *queue[T] {
	if size == nil {
		size = func(T) int { return 0 }
	}
	return &queue[T]{most: most, mostBytes: mostBytes, size: size, ready: make(chan struct{}, 1)}
}

// put appends an item, or tells that the queue is full. An empty queue has a
// place for an item of any size.
func (q *queue[T]) put(item T) bool { return q.within(item, q.most, q.mostBytes) }

// offer is put for an item that may be lost: only a quarter of the queue is for
// such items, so that they cannot fill it.
func (q *queue[T]) offer(item T) bool { return q.within(item, q.most/4, q.mostBytes/4) }

func (q *queue[T]) within(item T, most, mostBytes int) bool {
	size := q.size(item)
	q.mu.Lock()
	full := len(q.items) >= most || len(q.items) > 0 && q.bytes+size > mostBytes
	if !full {
		q.items = append(q.items, item)
		q.bytes += size
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
	q.items, q.bytes = spare[:0], 0
	return items
}
