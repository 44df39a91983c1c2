// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// Peer says whom to speak with, and how.
type Peer[C, E any] struct {
	Address string
	Dial    Dialer
	// Stream begins the stream on a connection.
	Stream func(ctx context.Context, conn grpc.ClientConnInterface) (grpc.BidiStreamingClient[C, E], error)
}

// Stream is one conversation. Events come out of Events until it is over; what
// is put into its Outbox goes up in order.
type Stream[C, E any] struct {
	out    *Outbox[*C]
	events chan *E
	ctx    context.Context
	cancel context.CancelCauseFunc
	quiet  *silence
	err    error // set before events is closed
	unsent *C    // what could not be sent; set before work is done
	work   sync.WaitGroup
}

// Open begins a conversation: it connects, sends first and then what is put
// into out. It returns at once; a failure to open is the end of Events. The
// conversation fails when no event comes within idle (0 = wait for ever).
func Open[C, E any](peer Peer[C, E], first *C, out *Outbox[*C], idle time.Duration) *Stream[C, E] {
	s := &Stream[C, E]{out: out, events: make(chan *E)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.quiet = newSilence(idle, s.cancel)
	s.work.Go(func() { s.run(peer, first) })
	return s
}

// Events yields what the peer says and is closed when the conversation is over.
func (s *Stream[C, E]) Events() <-chan *E { return s.events }

// Err tells why Events was closed: io.EOF, a gRPC status, or what went wrong here.
func (s *Stream[C, E]) Err() error { return s.err }

// Context ends with the conversation.
func (s *Stream[C, E]) Context() context.Context { return s.ctx }

// SetIdle changes how long the peer may be silent, counted from now.
func (s *Stream[C, E]) SetIdle(d time.Duration) { s.quiet.set(d) }

// PutWait is Outbox.PutWait for the Outbox of the conversation. While it waits,
// the peer's silence counts though an event of the peer's may wait to be heard:
// a peer that takes nothing for as long as it may be silent is lost.
func (s *Stream[C, E]) PutWait(ctx context.Context, call *C) error {
	s.quiet.force(true)
	defer s.quiet.force(false)
	return s.out.PutWait(ctx, call)
}

// Close ends the conversation, waits for its goroutines and closes the Outbox.
// It returns the calls that were put but not sent, oldest first.
func (s *Stream[C, E]) Close() []*C {
	s.cancel(context.Canceled)
	s.work.Wait()
	left := s.out.Close()
	if s.unsent != nil {
		left = append([]*C{s.unsent}, left...)
	}
	return left
}

func (s *Stream[C, E]) run(peer Peer[C, E], first *C) {
	defer close(s.events)
	defer s.quiet.stop()
	conn, err := connect(s.ctx, peer.Address, peer.Dial)
	if err != nil {
		s.fail(err)
		return
	}
	defer conn.close()
	stream, err := peer.Stream(s.ctx, conn)
	if err == nil {
		err = stream.Send(first)
	}
	if err != nil {
		s.fail(err)
		return
	}
	s.work.Go(func() { s.send(stream) })
	s.receive(stream)
}

// receive hands events over. The time the receiver takes for one is not the
// peer's silence.
func (s *Stream[C, E]) receive(stream grpc.BidiStreamingClient[C, E]) {
	for {
		event, err := stream.Recv()
		if err != nil {
			s.fail(err)
			return
		}
		s.quiet.pause(true)
		select {
		case s.events <- event:
		case <-s.ctx.Done():
			s.fail(s.ctx.Err())
			return
		}
		s.quiet.pause(false)
	}
}

// send also closes the sending side, since the two must not overlap.
func (s *Stream[C, E]) send(stream grpc.BidiStreamingClient[C, E]) {
	for {
		call, ok := s.out.Next(s.ctx)
		if !ok {
			_ = stream.CloseSend() // its only failure is a broken stream, which receive reports
			return
		}
		if err := stream.Send(call); err != nil {
			s.unsent = call // the reason reaches receive
			return
		}
	}
}

// fail records why the conversation ended; a reason of our own goes before the
// cancellation that gRPC reports for it.
func (s *Stream[C, E]) fail(err error) {
	if s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	s.err = err
	s.cancel(err)
}

// Reason writes the error of a conversation for people: the words of the peer,
// without those of gRPC.
func Reason(err error) string {
	if s, ok := status.FromError(err); ok && err != nil {
		return s.Message()
	}
	if errors.Is(err, io.EOF) {
		return "it ended the conversation"
	}
	return fmt.Sprint(err)
}
