// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/sdk/internal/session"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// conversation is one stream to the agent, from SUBSCRIBE to its end.
type conversation struct {
	*session.Stream[wire.Call, wire.Event]

	subscribed bool
}

// loop owns all callbacks.
func (d *MesosDriver) loop() {
	defer close(d.done)
	if d.speak() {
		d.deliver()
	}
}

// speak speaks with the agent, and again when that ends and the agent may still
// come back, until the driver no longer runs. It tells whether the agent might
// still listen.
func (d *MesosDriver) speak() bool {
	wait := d.backoff()
	known := false // the agent has accepted the executor before
	lost := time.Now()
	for d.running() {
		subscribed, err := d.converse(known)
		if fatal(err) {
			d.die(fmt.Sprintf("agent at %s: %s", d.address(), session.Reason(err)))
			return false
		}
		if !d.running() {
			return true
		}
		if subscribed {
			known, lost = true, time.Now()
			wait.Reset()
			d.executor.Disconnected(d)
		}
		pause := wait.Next()
		if time.Since(lost)+pause > d.patience(known) {
			d.abandon(err)
			return false
		}
		d.log.Warn("agent not connected, trying again", "agent", d.address(), "error", session.Reason(err), "wait", pause)
		d.rest(pause)
	}
	return true
}

func (d *MesosDriver) backoff() session.Backoff {
	return session.Backoff{Min: min(firstBackoff, d.config.BackoffMax), Max: d.config.BackoffMax}
}

// patience is for how long the agent may stay away: as long as its framework
// checkpoints, the recovery timeout; else it is not awaited once it was there.
func (d *MesosDriver) patience(known bool) time.Duration {
	switch {
	case d.config.Checkpoint:
		return d.config.RecoveryTimeout
	case known:
		return 0
	}
	return registration
}

// converse holds one conversation with the agent and tells why it ended, and
// whether the executor had been subscribed. The error is nil when the driver
// was stopped or aborted.
func (d *MesosDriver) converse(known bool) (subscribed bool, err error) {
	c := d.open()
	defer c.Close() // what was not sent is in the ledger, or best effort
	for {
		select {
		case <-d.halt:
			d.finish(c)
			return c.subscribed, nil
		case event, ok := <-c.Events():
			if !ok {
				return c.subscribed, c.Err()
			}
			if !d.running() { // stopped: no more callbacks, but finish counts acknowledgements
				d.acknowledged(event.GetAcknowledged())
				continue
			}
			d.handle(c, event, known)
		}
	}
}

func (d *MesosDriver) open() *conversation {
	return &conversation{Stream: session.Open(d.peer(), d.subscription(), d.out, subscribeTimeout)}
}

func (d *MesosDriver) peer() session.Peer[wire.Call, wire.Event] {
	return session.Peer[wire.Call, wire.Event]{
		Address: d.address(),
		Dial:    d.dialer(),
		Stream: func(ctx context.Context, conn grpc.ClientConnInterface) (grpc.BidiStreamingClient[wire.Call, wire.Event], error) {
			if d.config.Token != "" {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+d.config.Token)
			}
			return link.NewExecutorsClient(conn).Connect(ctx)
		},
	}
}

func (d *MesosDriver) address() string {
	if d.config.Socket != "" {
		return d.config.Socket
	}
	return d.config.Agent
}

func (d *MesosDriver) dialer() session.Dialer {
	switch {
	case d.opts.dial != nil:
		return d.opts.dial
	case d.config.Socket != "":
		return session.DialUnix
	}
	return session.DialTCP
}

func (d *MesosDriver) subscription() *wire.Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	call := d.call(wire.Call_SUBSCRIBE)
	call.Subscribe = d.ledger.subscription(maxCall - entry(call))
	return call
}

// rest waits between conversations.
func (d *MesosDriver) rest(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.halt:
	}
}

// die aborts the driver for good, and only then calls Error.
func (d *MesosDriver) die(message string) {
	if d.end(message) {
		d.executor.Error(d, message)
	}
}

// end aborts a running driver with message as the cause.
func (d *MesosDriver) end(message string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.status != mesos.Status_DRIVER_RUNNING {
		return false
	}
	d.abort(fmt.Errorf("%w: %s", ErrAborted, message))
	return true
}

// fatal tells whether an end of the stream means that trying again is in vain.
// ABORTED is how the agent tells that another process took this one's place.
func fatal(err error) bool {
	if err == nil || errors.Is(err, io.EOF) {
		return false
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented, codes.Aborted:
		return true
	}
	return false
}
