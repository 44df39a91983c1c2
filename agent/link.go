// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
)

// How long to wait before the master is dialled again: twice as long after
// each failure, minus a random part of up to a half, so that the agents of a
// cluster do not come all at once.
const (
	redialMin = 100 * time.Millisecond
	redialMax = 15 * time.Second
)

// A master that reads nothing for a while, or the wire to it, is given up.
const (
	maxToMaster      = 1 << 17 // messages: more than one update for each of very many tasks
	maxToMasterBytes = 256 << 20
	maxFromMaster    = 40 << 20         // bytes of one message: a task and its framework may have come in 16 MiB each
	pingAfter        = 15 * time.Second // of silence
	pingTimeout      = 15 * time.Second // until a master that answers nothing is given up
)

// farewellTime is how long a stopped agent waits for its last words to arrive.
const farewellTime = 2 * time.Second

var errSlowMaster = errors.New("the master does not read what it is sent")

// session is one connection to the master.
type session struct {
	out *queue[*link.FromAgent]
	end context.CancelCauseFunc
}

// linker keeps a session with the master.
type linker struct {
	master string
	dial   func(ctx context.Context, addr string) (net.Conn, error)
	loop   *loop
	log    *slog.Logger
}

// farewell ends the linker, which is done when ended is closed, after the loop: what
// the loop has said last goes out first, if there is a session and its master reads.
func (k *linker) farewell(ended <-chan struct{}, cancel context.CancelFunc) {
	defer cancel()
	if k.loop.session == nil {
		return
	}
	limit := time.NewTimer(farewellTime)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
		k.log.Warn("master did not take leave in time", "master", k.master, "waited", farewellTime)
	}
}

// run dials again and again until ctx or the loop ends.
func (k *linker) run(ctx context.Context) {
	wait := redialMin
	for ctx.Err() == nil {
		welcome, err := k.once(ctx)
		if ctx.Err() != nil || k.loop.over() {
			return
		}
		if welcome {
			wait = redialMin
		}
		pause := wait - rand.N(wait/2)
		k.log.Warn("no link to master", "master", k.master, "retry_in", pause, "error", err)
		wait = min(2*wait, redialMax)
		select {
		case <-ctx.Done():
		case <-k.loop.done:
			return
		case <-time.After(pause):
		}
	}
}

// once has one session with the master, until it ends. It tells whether the
// master has registered the agent: one that sends it away is left alone for longer
// each time.
func (k *linker) once(ctx context.Context) (welcome bool, err error) {
	conn, err := grpc.NewClient("passthrough:///"+k.master,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(k.dial),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxFromMaster)))
	if err != nil {
		return false, err
	}
	defer conn.Close()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	stream, err := link.NewAgentsClient(conn).Connect(ctx)
	if err != nil {
		return false, err
	}
	s := &session{out: newQueue(maxToMaster, maxToMasterBytes, func(m *link.FromAgent) int { return proto.Size(m) }), end: end}
	up := post{in: core.LinkUp{}, before: func(l *loop) { l.session = s }}
	if !k.loop.post(up) {
		return false, nil
	}
	defer k.loop.post(post{in: core.LinkDown{}, before: func(l *loop) { l.session = nil }})

	var g errgroup.Group
	g.Go(func() error {
		err := k.write(ctx, stream, s)
		if err != nil {
			end(err)
		}
		return err
	})
	welcome, err = k.read(stream)
	end(err)
	_ = g.Wait() // the first error is the cause of ctx
	return welcome, context.Cause(ctx)
}

// read hands what comes to the loop. When that has ended, it waits for the master to
// end the stream.
func (k *linker) read(stream grpc.BidiStreamingClient[link.FromAgent, link.FromMaster]) (welcome bool, err error) {
	for {
		m, err := stream.Recv()
		if err != nil {
			return welcome, err
		}
		welcome = welcome || m.GetRegistered() != nil
		k.loop.input(core.FromMaster{Message: m})
	}
}

// write sends what is queued until ctx ends, or the loop: then it ends this side of
// the stream after the last of it.
func (k *linker) write(ctx context.Context, stream grpc.BidiStreamingClient[link.FromAgent, link.FromMaster], s *session) error {
	var batch []*link.FromAgent
	for last := false; !last; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.out.ready:
		case <-k.loop.done:
			last = true
		}
		batch = s.out.take(batch)
		for _, m := range batch {
			if err := stream.Send(m); err != nil {
				return err
			}
		}
	}
	return stream.CloseSend()
}

func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", addr)
}
