// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/executor"
)

// What may wait for an executor that does not read, and how large a call of it
// may be.
const (
	maxToExecutor      = 1 << 16 // events
	maxToExecutorBytes = 64 << 20
	// maxFromExecutor is well below what a master takes in one message, where
	// the data of a call goes on to: else an executor could cut its agent off.
	maxFromExecutor = 4 << 20
)

// door serves executors: link.Executors, over TCP and the unix socket.
type door struct {
	link.UnimplementedExecutorsServer
	secret *secret
	loop   *loop
	last   atomic.Uint64  // connection
	reads  sync.WaitGroup // goroutines that receive
}

// conn is one connection of an executor.
type conn struct {
	id        core.ConnID
	container core.ContainerID
	out       *queue[*executor.Event]
	once      sync.Once
	ending    chan struct{} // closed by end
	final     error         // what the stream ends with; set before ending is closed
}

// end has the connection end, once what is in its queue was sent.
func (c *conn) end(code core.Code, reason string) {
	c.once.Do(func() {
		c.final = status.Error(grpcCode(code), reason)
		close(c.ending)
	})
}

// Connect carries one executor's calls and events.
func (d *door) Connect(stream grpc.BidiStreamingServer[executor.Call, executor.Event]) error {
	container, err := d.authenticate(stream.Context())
	if err != nil {
		return err
	}
	c := &conn{
		id:        core.ConnID(d.last.Add(1)),
		container: container,
		out:       newQueue(maxToExecutor, maxToExecutorBytes, func(e *executor.Event) int { return proto.Size(e) }),
		ending:    make(chan struct{}),
	}
	if !d.loop.post(post{before: func(l *loop) { l.conns[c.id] = c }}) {
		return status.Error(codes.Unavailable, "the agent is stopping")
	}
	defer d.loop.post(post{in: core.ConnClosed{Conn: c.id}, before: func(l *loop) { delete(l.conns, c.id) }})
	received := make(chan error, 1)
	d.reads.Go(func() { received <- d.read(stream, c) })
	return d.write(stream, c, received)
}

// authenticate tells for which container the caller may speak.
func (d *door) authenticate(ctx context.Context) (core.ContainerID, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	values := md.Get("authorization")
	if len(values) != 1 {
		return "", status.Error(codes.Unauthenticated,
			`metadata "authorization": must be there once, as "Bearer " and the value of MESOS_EXECUTOR_AUTHENTICATION_TOKEN`)
	}
	token, ok := strings.CutPrefix(values[0], "Bearer ")
	if !ok {
		return "", status.Error(codes.Unauthenticated, `metadata "authorization": must begin with "Bearer "`)
	}
	container, ok := d.secret.container(token)
	if !ok {
		return "", status.Error(codes.Unauthenticated, `metadata "authorization": not a token of this agent`)
	}
	return container, nil
}

// read posts what the executor says, until it says no more.
func (d *door) read(stream grpc.BidiStreamingServer[executor.Call, executor.Event], c *conn) error {
	for {
		call, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := executor.Validate(call); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		in := core.ExecutorCall{Conn: c.id, Container: c.container, Call: call}
		if !d.loop.post(post{in: in, from: c}) {
			return status.Error(codes.Unavailable, "the agent is stopping")
		}
	}
}

// write sends events until the connection ends, from whichever side.
func (d *door) write(stream grpc.BidiStreamingServer[executor.Call, executor.Event], c *conn, received <-chan error) error {
	var batch []*executor.Event
	for {
		var err error
		ending := false
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case err = <-received:
			return closing(err)
		case <-c.out.ready:
		case <-c.ending:
			ending = true
		}
		batch = c.out.take(batch)
		for _, event := range batch {
			if err := stream.Send(event); err != nil {
				return err
			}
		}
		if ending {
			return c.final
		}
	}
}

// grpcCode says a refusal in gRPC's terms.
func grpcCode(c core.Code) codes.Code {
	switch c {
	case core.Invalid:
		return codes.InvalidArgument
	case core.Unknown:
		return codes.NotFound
	case core.Denied:
		return codes.PermissionDenied
	case core.NotReady, core.Over:
		return codes.FailedPrecondition
	case core.Replaced:
		return codes.Aborted
	case core.Exhausted:
		return codes.ResourceExhausted
	default:
		return codes.Internal
	}
}

// closing is what a stream ends with when its executor has stopped sending.
func closing(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return nil // the executor closed its side: io.EOF
}
