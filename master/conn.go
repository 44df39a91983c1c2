// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// conn is one connection of a scheduler or an agent. Three goroutines serve it:
// one receives, one sends, and the one that gRPC started waits for the end. Only
// so can a peer be cut off that does not read: gRPC frees the other two when
// that one returns.
type conn struct {
	id    core.ConnID
	agent bool // of an agent, not of a scheduler
	out   *queue

	once   sync.Once
	ending chan struct{} // closed by end
	result error         // why it ends; to be read once ending is closed
	cut    bool          // what is still queued is not sent; likewise
}

func (m *Master) newConn(agent bool) *conn {
	return &conn{
		id:     core.ConnID(m.lastConn.Add(1)),
		agent:  agent,
		out:    newQueue(maxQueued, maxQueuedBytes),
		ending: make(chan struct{}),
	}
}

// end asks for what is queued to be sent and the connection to end with err; nil
// is an orderly end. Of several calls of end and cutOff the first counts.
func (c *conn) end(err error) { c.finish(err, false) }

// cutOff asks for the connection to end with err at once.
func (c *conn) cutOff(err error) { c.finish(err, true) }

func (c *conn) finish(err error, cut bool) {
	c.once.Do(func() {
		c.result, c.cut = err, cut
		close(c.ending)
	})
}

// closed is the input that tells the core of the end of the connection.
func (c *conn) closed() core.Input {
	if c.agent {
		return core.AgentClosed{Conn: c.id}
	}
	return core.SchedulerClosed{Conn: c.id}
}

// stream is what the two kinds of streams have in common.
type stream[In, Out proto.Message] struct {
	ctx   context.Context
	recv  func() (In, error)
	send  func(Out) error
	input func(In) core.Input
}

// serve runs a connection until its peer, the core or the master ends it.
func serve[In, Out proto.Message](m *Master, c *conn, s stream[In, Out]) error {
	if m.live.Add(1) > maxConnections {
		m.live.Add(-1)
		return status.Errorf(codes.ResourceExhausted, "the master has %d connections and takes no more", maxConnections)
	}
	defer m.live.Add(-1)
	sent := make(chan struct{})
	m.peers.Go(func() { receive(m, c, s) })
	m.peers.Go(func() { defer close(sent); send(c, s) })
	select {
	case <-c.ending:
	case <-m.stopped:
		c.end(status.Error(codes.Unavailable, "the master is shutting down"))
	case <-s.ctx.Done():
		c.cutOff(status.FromContextError(s.ctx.Err()).Err())
	}
	if !c.cut {
		waitFor(sent, flushTimeout)
	}
	return c.result
}

// waitFor waits until done is closed, but no longer than the timeout.
func waitFor(done <-chan struct{}, timeout time.Duration) bool {
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// send sends what is queued until the connection ends.
func send[In, Out proto.Message](c *conn, s stream[In, Out]) {
	var buf []proto.Message
	for ending := false; !ending; {
		select {
		case <-c.out.ready:
		case <-c.ending:
			if c.cut {
				return
			}
			ending = true
		}
		buf = c.out.take(buf)
		for _, m := range buf {
			out, _ := m.(Out)
			if err := s.send(out); err != nil {
				c.cutOff(err)
				return
			}
		}
	}
}

// receive hands what comes in to the loop, and in the end tells it that nothing
// more will.
func receive[In, Out proto.Message](m *Master, c *conn, s stream[In, Out]) {
	silence := time.AfterFunc(firstMessageTimeout, func() {
		c.end(status.Errorf(codes.DeadlineExceeded, "no message in the first %v", firstMessageTimeout))
	})
	defer silence.Stop()
	if !m.post(event{conn: c}) {
		return
	}
	for {
		msg, err := s.recv()
		if err != nil {
			if code := status.Code(err); !errors.Is(err, io.EOF) && code != codes.Canceled {
				m.log.Warn("message not received", "conn", c.id, "agent", c.agent, "error", err)
			}
			c.end(nil) // the peer has no more to say, or is gone
			m.post(event{conn: c, input: c.closed()})
			return
		}
		silence.Stop()
		if !m.post(event{conn: c, input: s.input(msg)}) {
			return
		}
	}
}
