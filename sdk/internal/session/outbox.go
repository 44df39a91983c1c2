// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"sync"
)

var (
	// ErrClosed says that there is no conversation to put a call into.
	ErrClosed = errors.New("not connected")
	// ErrFull says that as many calls wait to be sent as may wait.
	ErrFull = errors.New("too many calls are waiting to be sent")
)

// Outbox is a bounded queue of calls, filled by any goroutine and emptied by
// the one that sends. It is closed until Open, so that "are we connected" and
// "put it in the queue" are one atomic question.
type Outbox[T any] struct {
	mu       sync.Mutex
	items    []T
	limit    int
	open     bool
	draining bool

	more chan struct{} // capacity 1: something was put, or draining began
	room chan struct{} // capacity 1: something was taken, or it was closed
}

// NewOutbox returns a closed Outbox that holds at most limit items.
func NewOutbox[T any](limit int) *Outbox[T] {
	return &Outbox[T]{limit: limit, more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// Open lets calls in.
func (o *Outbox[T]) Open() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open, o.draining = true, false
}

// Put appends v and never waits. It fails with ErrClosed or ErrFull.
func (o *Outbox[T]) Put(v T) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open || o.draining {
		return ErrClosed
	}
	if len(o.items) >= o.limit {
		return ErrFull
	}
	o.items = append(o.items, v)
	signal(o.more)
	return nil
}

// PutWait is Put that waits for room until ctx ends. One goroutine at a time
// may use it.
func (o *Outbox[T]) PutWait(ctx context.Context, v T) error {
	for {
		err := o.Put(v)
		if !errors.Is(err, ErrFull) {
			return err
		}
		select {
		case <-o.room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Drain refuses further calls; Next still yields those that wait.
func (o *Outbox[T]) Drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.draining = true
	signal(o.more)
}

// Close refuses further calls and returns those that were still waiting.
func (o *Outbox[T]) Close() []T {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := o.items
	o.items, o.open, o.draining = nil, false, false
	signal(o.room)
	return left
}

// Next takes the oldest call and waits for one until ctx ends. It reports false
// when ctx ended, or when the Outbox is draining and empty.
func (o *Outbox[T]) Next(ctx context.Context) (T, bool) {
	for {
		v, found, drained := o.take()
		if found || drained {
			return v, found
		}
		select {
		case <-o.more:
		case <-ctx.Done():
			return v, false
		}
	}
}

func (o *Outbox[T]) take() (v T, found, drained bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.items) == 0 {
		return v, false, o.draining
	}
	v = o.items[0]
	o.items = o.items[1:]
	signal(o.room)
	return v, true, false
}

// signal wakes the one reader of a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
