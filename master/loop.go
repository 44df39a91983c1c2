// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	operator "github.com/tepui/tepui/api/v1/master"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// event is what a connection or an operator's request tells the loop. Without input
// it is that the connection is there.
type event struct {
	conn    *conn
	request *request
	input   core.Input
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

// loop owns the core and the tables of connections and of requests that wait for
// their answer.
type loop struct {
	m        *Master
	core     *core.Core
	conns    map[core.ConnID]*conn
	requests map[core.RequestID]*request
	timer    *time.Timer
}

func newLoop(m *Master) *loop {
	return &loop{
		m: m, core: m.core, timer: time.NewTimer(0),
		conns: make(map[core.ConnID]*conn), requests: make(map[core.RequestID]*request),
	}
}

// run steps inputs as they come, and ticks when one is due, until ctx ends. An error
// is one of the registry.
func (l *loop) run(ctx context.Context) error {
	defer l.timer.Stop()
	if err := l.setWeights(); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-l.m.inbox:
			l.handle(e)
			l.drain()
		case <-l.timer.C:
		}
		l.tick()
		if err := l.release(); err != nil {
			return err
		}
		l.arm()
	}
}

// setWeights sets the weights that the master was started with, as an operator
// would.
func (l *loop) setWeights() error {
	if len(l.m.cfg.Weights) == 0 {
		return nil
	}
	update := new(operator.Call_UpdateWeights)
	for _, role := range slices.Sorted(maps.Keys(l.m.cfg.Weights)) {
		update.WeightInfos = append(update.WeightInfos, &mesos.WeightInfo{Role: &role, Weight: new(l.m.cfg.Weights[role])})
	}
	r := l.m.newRequest()
	l.m.asking.Add(1)
	l.ask(r, core.OperatorCall{Request: r.id, Call: &operator.Call{
		Type: operator.Call_UPDATE_WEIGHTS.Enum(), UpdateWeights: update,
	}})
	if err := l.release(); err != nil {
		return err
	}
	if reply := <-r.answer; reply.Err != nil { // the core answers at once
		return fmt.Errorf("master: Weights: %w", reply.Err)
	}
	return nil
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
	if e.request != nil {
		l.ask(e.request, e.input)
		return
	}
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

// ask steps a request, which is answered by a Reply in a Ready to come.
func (l *loop) ask(r *request, input core.Input) {
	l.requests[r.id] = r
	if err := l.core.Step(time.Now(), input); err != nil {
		l.reply(core.Reply{Request: r.id, Err: &core.Error{Kind: core.Invalid, Text: err.Error()}})
	}
}

// reply hands an answer to whoever waits for it.
func (l *loop) reply(r core.Reply) {
	waiting := l.requests[r.Request]
	if waiting == nil {
		return
	}
	delete(l.requests, r.Request)
	waiting.answer <- r // there is room: each has one answer
	l.m.asking.Add(-1)
}

// codeOf returns the gRPC code that tells the caller what was wrong.
func codeOf(err error) codes.Code {
	var e *core.Error
	if !errors.As(err, &e) {
		return codes.Internal
	}
	return codeOfKind(e.Kind)
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

// release makes what the core has decided durable, and then sends, answers and logs
// it. Cutting off a slow peer makes the core decide something more: its offers are
// free, for example. After an error nothing may leave any more.
func (l *loop) release() error {
	for {
		ready := l.core.Ready()
		if len(ready.Persist) == 0 && len(ready.Send) == 0 && len(ready.Replies) == 0 && len(ready.Notes) == 0 {
			return nil
		}
		if err := l.persist(ready.Persist); err != nil {
			return err
		}
		var slow []*conn
		for i := range ready.Send {
			if c := l.put(&ready.Send[i]); c != nil {
				slow = append(slow, c)
			}
		}
		for _, r := range ready.Replies {
			l.reply(r)
		}
		for i := range ready.Notes {
			l.m.logNote(&ready.Notes[i])
		}
		for _, c := range slow {
			l.cutOff(c)
		}
	}
}

// persist waits until the records are durable. The commonest Ready has none.
func (l *loop) persist(records []core.Record) error {
	if len(records) == 0 || l.m.cfg.Registry == nil {
		return nil
	}
	began := time.Now()
	if err := l.m.cfg.Registry.Persist(records); err != nil {
		return fmt.Errorf("master: cannot remember what it decided, and so ends before it tells anybody: %w", err)
	}
	if took := time.Since(began); took > slowWrite {
		l.m.log.Warn("the registry is slow, and everybody waits for it", "took", took, "records", len(records))
	}
	return nil
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
