// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"errors"
	"time"

	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// event is what a connection tells the loop. Without input it is that the
// connection is there.
type event struct {
	conn  *conn
	input core.Input
}

// post hands an event to the loop, and waits while the inbox is full. False
// means that the loop has ended.
func (m *Master) post(e event) bool {
	select {
	case m.inbox <- e:
		return true
	case <-m.stopped:
		return false
	}
}

// loop owns the core and the table of connections.
type loop struct {
	m     *Master
	core  *core.Core
	conns map[core.ConnID]*conn
	timer *time.Timer
}

func newLoop(m *Master) *loop {
	return &loop{m: m, core: m.core, conns: make(map[core.ConnID]*conn), timer: time.NewTimer(0)}
}

// run steps inputs as they come, and ticks when one is due, until ctx ends.
func (l *loop) run(ctx context.Context) {
	defer l.timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-l.m.inbox:
			l.handle(e)
			l.drain()
		case <-l.timer.C:
		}
		l.tick()
		l.release()
		l.arm()
	}
}

// drain steps what else is waiting, up to a whole batch.
func (l *loop) drain() {
	for range maxBatch - 1 {
		select {
		case e := <-l.m.inbox:
			l.handle(e)
		default:
			return
		}
	}
}

// handle steps one event. What a connection sent that was cut off meanwhile no
// longer counts.
func (l *loop) handle(e event) {
	if e.input == nil {
		l.conns[e.conn.id] = e.conn
		return
	}
	if l.conns[e.conn.id] != e.conn {
		return
	}
	switch e.input.(type) {
	case core.SchedulerClosed, core.AgentClosed:
		delete(l.conns, e.conn.id)
	}
	if err := l.core.Step(time.Now(), e.input); err != nil {
		l.m.log.Warn("connection refused", "conn", e.conn.id, "error", err)
		l.disconnect(e.conn, e.conn.closed(), func() { e.conn.end(status.Error(codeOf(err), err.Error())) })
	}
}

// codeOf returns the gRPC code that tells the caller what was wrong.
func codeOf(err error) codes.Code {
	var e *core.Error
	if !errors.As(err, &e) {
		return codes.Internal
	}
	switch e.Kind {
	case core.Unexpected:
		return codes.FailedPrecondition
	case core.Unsupported:
		return codes.Unimplemented
	case core.Exhausted:
		return codes.ResourceExhausted
	default:
		return codes.InvalidArgument
	}
}

// disconnect forgets a connection, tells the core, and ends it.
func (l *loop) disconnect(c *conn, closed core.Input, end func()) {
	delete(l.conns, c.id)
	_ = l.core.Step(time.Now(), closed) // the end of a connection is never an error
	end()
}

// tick lets happen what is due.
func (l *loop) tick() {
	now := time.Now()
	if at, ok := l.core.Deadline(); ok && !at.After(now) {
		_ = l.core.Step(now, core.Tick{}) // a tick is never an error
	}
}

// release sends and logs what the core has decided. Cutting off a slow peer
// makes the core decide something more: its offers are free, for example.
func (l *loop) release() {
	for {
		ready := l.core.Ready()
		if len(ready.Send) == 0 && len(ready.Notes) == 0 {
			return
		}
		var slow []*conn
		for i := range ready.Send {
			if c := l.put(&ready.Send[i]); c != nil {
				slow = append(slow, c)
			}
		}
		for i := range ready.Notes {
			l.m.logNote(&ready.Notes[i])
		}
		for _, c := range slow {
			l.cutOff(c)
		}
	}
}

// put queues one message, and returns its connection if the peer is too slow.
func (l *loop) put(msg *core.Message) *conn {
	c := l.conns[msg.Conn]
	if c == nil {
		return nil
	}
	var m proto.Message
	switch {
	case msg.Close == core.CloseReplaced:
		delete(l.conns, c.id)
		c.end(status.Error(codes.Aborted, "another connection took over"))
		return nil
	case msg.Close != core.CloseNot:
		delete(l.conns, c.id)
		c.end(nil)
		return nil
	case c.agent:
		m = msg.Down
	default:
		m = msg.Event
	}
	if bestEffort(msg) {
		if !c.out.offer(m) {
			l.m.log.Debug("message dropped", "conn", c.id, "agent", c.agent)
		}
		return nil
	}
	if c.out.put(m) {
		return nil
	}
	return c
}

// bestEffort tells whether a message may be lost: one between a framework and its
// executor.
func bestEffort(msg *core.Message) bool {
	return msg.Down.GetExecutorMessage() != nil || msg.Event.GetMessage() != nil
}

func (l *loop) cutOff(c *conn) {
	if l.conns[c.id] != c {
		return // it was in the list twice
	}
	l.m.log.Warn("slow peer cut off", "conn", c.id, "agent", c.agent)
	closed := c.closed()
	if s, ok := closed.(core.SchedulerClosed); ok {
		s.Cut = true
		closed = s
	}
	l.disconnect(c, closed, func() {
		c.cutOff(status.Errorf(codes.ResourceExhausted,
			"more than %d messages or %d bytes are waiting: read faster, or subscribe again", maxQueued, maxQueuedBytes))
	})
}

// arm sets the timer to when the core wants the next tick.
func (l *loop) arm() {
	at, ok := l.core.Deadline()
	if !ok {
		l.timer.Stop()
		return
	}
	l.timer.Reset(time.Until(at))
}
