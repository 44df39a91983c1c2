// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// conversation is one stream to the master, from SUBSCRIBE to its end.
type conversation struct {
	*session.Stream[wire.Call, wire.Event]

	subscribed bool
	version    uint64           // of the profile that was subscribed
	timeout    <-chan time.Time // see leave
	stuck      bool             // no room in the queue until timeout
}

// leave yields when the time that Stop may take is over; it begins with the
// first use.
func (c *conversation) leave() <-chan time.Time {
	if c.timeout == nil {
		c.timeout = time.After(stopTimeout)
	}
	return c.timeout
}

// loop owns all callbacks: it speaks with the master, and again when that ends,
// until the driver no longer runs.
func (d *MesosDriver) loop() {
	defer close(d.done)
	wait := session.Backoff{Min: d.opts.backoffMin, Max: d.opts.backoffMax}
	told := false // that the master is not there
	for d.running() {
		subscribed, err := d.converse()
		if !d.running() {
			return
		}
		if fatal(err) {
			d.die(fmt.Sprintf("master at %s: %s", d.master, session.Reason(err)))
			return
		}
		if subscribed {
			wait.Reset()
			told = false
			d.scheduler.Disconnected(d)
		}
		pause := wait.Next()
		d.logFailure(&told, err, pause)
		d.rest(pause)
	}
}

// logFailure warns once of a master that is not there.
func (d *MesosDriver) logFailure(told *bool, err error, pause time.Duration) {
	level := slog.LevelWarn
	if *told {
		level = slog.LevelDebug
	}
	*told = true
	d.log.Log(context.Background(), level, "master not connected, trying until it is",
		"master", d.master, "error", session.Reason(err), "wait", pause)
}

// converse holds one conversation with the master and tells why it ended, and
// whether the framework had been subscribed. The error is nil when the driver
// was stopped or aborted.
func (d *MesosDriver) converse() (subscribed bool, err error) {
	first, version := d.greeting()
	c := &conversation{Stream: session.Open(d.peer(), first, d.out, subscribeTimeout), version: version}
	defer func() { d.loseUnsent(c.Close()) }()
	for {
		select {
		case <-d.halt:
			d.finish(c)
			return c.subscribed, nil
		case <-d.wake:
			d.tellLost()
		case event, ok := <-c.Events():
			if !ok {
				return c.subscribed, c.Err()
			}
			if d.running() {
				d.handle(c, event)
			}
		}
	}
}

func (d *MesosDriver) peer() session.Peer[wire.Call, wire.Event] {
	return session.Peer[wire.Call, wire.Event]{
		Address: d.master,
		Dial:    d.opts.dial,
		Stream: func(ctx context.Context, conn grpc.ClientConnInterface) (grpc.BidiStreamingClient[wire.Call, wire.Event], error) {
			return link.NewSchedulersClient(conn).Connect(ctx)
		},
	}
}

// greeting is the SUBSCRIBE of the framework as it is known now, with the version
// of that.
func (d *MesosDriver) greeting() (*wire.Call, uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.subscription(), d.version
}

// subscription needs mu.
func (d *MesosDriver) subscription() *wire.Call {
	p := d.profile.clone()
	return &wire.Call{
		Type:        wire.Call_SUBSCRIBE.Enum(),
		FrameworkId: p.framework.Id,
		Subscribe: &wire.Call_Subscribe{
			FrameworkInfo: p.framework, SuppressedRoles: p.suppressed, OfferConstraints: p.constraints,
		},
	}
}

// finish lets calls that were made before Stop leave, the end of the framework
// last, and waits for the master to hang up. After Abort it does nothing.
func (d *MesosDriver) finish(c *conversation) {
	d.mu.Lock()
	aborted, failover := d.aborted, d.failover
	d.mu.Unlock()
	if aborted || !c.subscribed || c.stuck {
		return
	}
	if !failover {
		_, id := d.identity()
		err := d.put(c, &wire.Call{Type: wire.Call_TEARDOWN.Enum(), FrameworkId: id})
		if err != nil {
			d.log.Warn("framework not torn down: the call could not be sent", "error", err)
			return
		}
	}
	d.out.Drain()
	for {
		select {
		case _, ok := <-c.Events():
			if !ok {
				return
			}
		case <-c.leave():
			return
		}
	}
}

// put queues a call of the driver's own and waits for room: while the
// conversation lasts, not beyond Abort, and not beyond the time that Stop takes.
func (d *MesosDriver) put(c *conversation, call *wire.Call) error {
	if err := d.out.Put(call); !errors.Is(err, session.ErrFull) {
		return err
	}
	ctx, cancel := context.WithCancelCause(c.Context())
	var watch sync.WaitGroup
	watch.Go(func() {
		if d.over(ctx, c) {
			cancel(session.ErrFull)
		}
	})
	err := c.PutWait(ctx, call)
	cancel(nil)
	watch.Wait()
	c.stuck = errors.Is(err, session.ErrFull)
	return err
}

// over waits until the driver may wait no longer, and reports false when ctx
// ended first.
func (d *MesosDriver) over(ctx context.Context, c *conversation) bool {
	select {
	case <-d.halt:
	case <-ctx.Done():
		return false
	}
	if d.isAborted() {
		return true
	}
	select {
	case <-c.leave():
		return true
	case <-ctx.Done():
		return false
	}
}

// rest waits between conversations; launches made meanwhile are told as lost.
func (d *MesosDriver) rest(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return
		case <-d.halt:
			return
		case <-d.wake:
			d.tellLost()
		}
	}
}

// die aborts the driver for good, and only then calls Error.
func (d *MesosDriver) die(message string) {
	d.mu.Lock()
	before := d.status
	d.abort(fmt.Errorf("%w: %s", ErrAborted, message))
	d.mu.Unlock()
	if before == mesos.Status_DRIVER_RUNNING {
		d.scheduler.Error(d, message)
	}
}

// fatal tells whether an end of the stream means that trying again is in vain.
func fatal(err error) bool {
	if err == nil || errors.Is(err, io.EOF) {
		return false
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return true
	}
	return false
}
