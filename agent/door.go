// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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

// flushTimeout is how long a connection that ends tries to send what is queued.
const flushTimeout = 5 * time.Second

// door serves executors: link.Executors, over TCP and the unix socket.
type door struct {
	link.UnimplementedExecutorsServer
	secret *secret
	loop   *loop
	last   atomic.Uint64  // connection
	peers  sync.WaitGroup // goroutines that send and receive

	callers callers
}

// executorStream is an executor's stream, as the agent has it.
type executorStream = grpc.BidiStreamingServer[executor.Call, executor.Event]

// conn is one connection of an executor. Three goroutines serve it: one
// receives, one sends, and the one that gRPC started waits for the end. Only
// so can an executor be cut off that does not read: gRPC frees the other two
// when that one returns.
type conn struct {
	id        core.ConnID
	container core.ContainerID
	out       *queue[*executor.Event]

	once   sync.Once
	ending chan struct{} // closed by end
	result error         // what the stream ends with; set before ending is closed
	cut    bool          // what is queued is not to be sent; likewise
}

// end has the connection end, once what is in its queue was sent, or at once
// if it is to be cut. Of several calls the first counts.
func (c *conn) end(result error, cut bool) {
	c.once.Do(func() {
		c.result, c.cut = result, cut
		close(c.ending)
	})
}

// Connect carries one executor's calls and events.
func (d *door) Connect(stream executorStream) error {
	container, err := d.authenticate(stream.Context())
	if err != nil {
		return err
	}
	if !d.callers.enter(container) {
		return status.Errorf(codes.ResourceExhausted, "the executor has %d connections and gets no more", maxConnsPerContainer)
	}
	c := &conn{
		id:        core.ConnID(d.last.Add(1)),
		container: container,
		out:       newQueue(maxToExecutor, maxToExecutorBytes, func(e *executor.Event) int { return proto.Size(e) }),
		ending:    make(chan struct{}),
	}
	if !d.loop.post(post{before: func(l *loop) { l.conns[c.id] = c }}) {
		d.callers.leave(container)
		return errStopping()
	}
	return d.serve(stream, c)
}

func errStopping() error { return status.Error(codes.Unavailable, "the agent is stopping") }

// serve has a connection's other goroutines work until it ends.
func (d *door) serve(stream executorStream, c *conn) error {
	sent := make(chan struct{})
	d.peers.Go(func() { d.receive(stream, c) })
	d.peers.Go(func() { defer close(sent); send(stream, c) })
	select {
	case <-c.ending:
	case <-d.loop.done:
		c.end(errStopping(), false)
	case <-stream.Context().Done():
		c.end(status.FromContextError(stream.Context().Err()).Err(), true)
	}
	if c.cut {
		return c.result
	}
	timeout := time.NewTimer(flushTimeout)
	defer timeout.Stop()
	select {
	case <-sent:
	case <-timeout.C:
	}
	return c.result
}

// receive posts what the executor says, until it says no more, and then that.
func (d *door) receive(stream executorStream, c *conn) {
	defer d.callers.leave(c.container)
	defer d.loop.post(post{in: core.ConnClosed{Conn: c.id}, before: func(l *loop) { delete(l.conns, c.id) }})
	for {
		call, err := stream.Recv()
		if err != nil {
			c.end(nil, true) // it has closed its side, or is gone
			return
		}
		if err := executor.Validate(call); err != nil {
			c.end(status.Error(codes.InvalidArgument, err.Error()), false)
			return
		}
		in := core.ExecutorCall{Conn: c.id, Container: c.container, Call: call}
		if !d.loop.post(post{in: in, from: c}) {
			return
		}
	}
}

// send sends what is queued until the connection ends.
func send(stream executorStream, c *conn) {
	var batch []*executor.Event
	for ending := false; !ending; {
		select {
		case <-c.out.ready:
		case <-c.ending:
			if c.cut {
				return
			}
			ending = true
		}
		batch = c.out.take(batch)
		for _, event := range batch {
			if err := stream.Send(event); err != nil {
				c.end(err, true)
				return
			}
		}
	}
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
