// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"sync"

	"google.golang.org/protobuf/proto"
)

// queue holds what waits to be sent on one connection. The loop puts, and never
// waits; the connection's goroutine takes. The size of a message is counted
// without the overhead of Go values.
type queue struct {
	mu    sync.Mutex
	items []proto.Message
	bytes int
	full  bool          // a message was refused: what follows would leave a gap
	ready chan struct{} // holds one token while items may be non-empty

	maxItems int
	maxBytes int
}

func newQueue(maxItems, maxBytes int) *queue {
	return &queue{ready: make(chan struct{}, 1), maxItems: maxItems, maxBytes: maxBytes}
}

// put adds a message; false means that the queue is full, and stays so: a peer
// may not miss one message and get the next. An empty queue takes a message of
// any size.
func (q *queue) put(m proto.Message) bool {
	size := proto.Size(m)
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.items); n > 0 && (n >= q.maxItems || q.bytes+size > q.maxBytes) {
		q.full = true
	}
	if q.full {
		return false
	}
	q.items = append(q.items, m)
	q.bytes += size
	select {
	case q.ready <- struct{}{}:
	default:
	}
	return true
}

// offer is put for a message that may be lost: it is dropped where much waits
// already, so that a flood of such messages does not cut the peer off.
func (q *queue) offer(m proto.Message) bool {
	q.mu.Lock()
	busy := len(q.items) > 0 && (len(q.items) >= q.maxItems/looseShare || q.bytes+proto.Size(m) > q.maxBytes/looseShare)
	q.mu.Unlock()
	return !busy && q.put(m)
}

// take returns all that waits, which may be nothing, and leaves spare as the
// buffer for what comes.
func (q *queue) take(spare []proto.Message) []proto.Message {
	clear(spare)
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items, q.bytes = spare[:0], 0
	return items
}
