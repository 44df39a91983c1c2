// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

// Package sessiontest is the other end of the drivers in their tests: a server
// in memory, whose every word is the test's. It may be used inside a bubble of
// testing/synctest, where its waits take no time.
package sessiontest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Minute

// Server accepts conversations and hands them to the test.
type Server[C, E any] struct {
	t        testing.TB
	listener *bufconn.Listener
	grpc     *grpc.Server
	peers    chan *Peer[C, E]
	down     atomic.Bool
	dials    atomic.Int64
}

// Start serves what register registers, and stops with Stop.
func Start[C, E any](t testing.TB, register func(*grpc.Server, *Server[C, E])) *Server[C, E] {
	s := &Server[C, E]{
		t:        t,
		listener: bufconn.Listen(1 << 20),
		grpc:     grpc.NewServer(),
		peers:    make(chan *Peer[C, E]),
	}
	register(s.grpc, s)
	go func() { _ = s.grpc.Serve(s.listener) }() // ends with Stop
	return s
}

// Stop ends all conversations and waits for them.
func (s *Server[C, E]) Stop() { s.grpc.Stop() }

// Dial connects to the server; it fails while the server is down.
func (s *Server[C, E]) Dial(ctx context.Context, _ string) (net.Conn, error) {
	s.dials.Add(1)
	if s.down.Load() {
		return nil, errors.New("connection refused")
	}
	return s.listener.DialContext(ctx)
}

// Dials tells how often Dial was called.
func (s *Server[C, E]) Dials() int { return int(s.dials.Load()) }

// SetDown makes Dial fail, or work again.
func (s *Server[C, E]) SetDown(down bool) { s.down.Store(down) }

// Handle is what the service's method calls.
func (s *Server[C, E]) Handle(stream grpc.BidiStreamingServer[C, E]) error {
	p := &Peer[C, E]{t: s.t, stream: stream, calls: make(chan *C), end: make(chan error, 1)}
	go p.receive()
	select {
	case s.peers <- p:
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
	select {
	case err := <-p.end:
		return err
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
}

// Accept waits for the next conversation.
func (s *Server[C, E]) Accept() *Peer[C, E] {
	s.t.Helper()
	select {
	case p := <-s.peers:
		return p
	case <-time.After(patience):
		s.t.Fatal("no one connected")
		return nil
	}
}

// Peer is the server's side of one conversation.
type Peer[C, E any] struct {
	t      testing.TB
	stream grpc.BidiStreamingServer[C, E]
	calls  chan *C
	end    chan error
}

func (p *Peer[C, E]) receive() {
	defer close(p.calls)
	for {
		call, err := p.stream.Recv()
		if err != nil {
			return
		}
		select {
		case p.calls <- call:
		case <-p.stream.Context().Done():
			return
		}
	}
}

// Context is that of the stream, with the metadata of the client.
func (p *Peer[C, E]) Context() context.Context { return p.stream.Context() }

// Next waits for the next call; there must be one.
func (p *Peer[C, E]) Next() *C {
	p.t.Helper()
	select {
	case call, ok := <-p.calls:
		if !ok {
			p.t.Fatal("the driver hung up before the next call")
		}
		return call
	case <-time.After(patience):
		p.t.Fatal("no call came")
		return nil
	}
}

// Silent fails the test when a call comes within d.
func (p *Peer[C, E]) Silent(d time.Duration) {
	p.t.Helper()
	select {
	case call, ok := <-p.calls:
		if ok {
			p.t.Fatalf("unexpected call %v", call)
		}
	case <-time.After(d):
	}
}

// Closed waits for the driver to say that it sends no more.
func (p *Peer[C, E]) Closed() {
	p.t.Helper()
	select {
	case call, ok := <-p.calls:
		if ok {
			p.t.Fatalf("unexpected call %v instead of the end", call)
		}
	case <-time.After(patience):
		p.t.Fatal("the driver did not hang up")
	}
}

// Send tells the driver something.
func (p *Peer[C, E]) Send(event *E) {
	p.t.Helper()
	if err := p.stream.Send(event); err != nil {
		p.t.Fatalf("send %v: %v", event, err)
	}
}

// Hangup ends the conversation with err, nil for an orderly end.
func (p *Peer[C, E]) Hangup(err error) { p.end <- err }
