// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"

	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/internal/session"
)

const (
	defaultQueue      = 4096
	defaultBackoffMin = 100 * time.Millisecond
	defaultBackoffMax = 15 * time.Second
	// subscribeTimeout is how long a master may take to answer SUBSCRIBE.
	subscribeTimeout = 30 * time.Second
	// missedHeartbeats is how many heartbeats must stay away for the master to be lost.
	missedHeartbeats = 5
	// maxCall is the size in bytes that a master takes: tens of thousands of tasks.
	maxCall = 16 << 20
	// stopTimeout is how long Stop waits for calls to leave and the master to hang up.
	stopTimeout = 5 * time.Second
)

// Option changes a default of NewDriver.
type Option func(*options)

type options struct {
	log        *slog.Logger
	dial       session.Dialer
	queue      int
	backoffMin time.Duration
	backoffMax time.Duration

	suppressed  []string
	constraints *wire.OfferConstraints
}

func defaults() options {
	return options{
		log:        slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		dial:       session.DialTCP,
		queue:      defaultQueue,
		backoffMin: defaultBackoffMin,
		backoffMax: defaultBackoffMax,
	}
}

// WithLogger tells the driver where to log: Warn, once, for a master that cannot
// be reached, Debug for the rest. The default is text on standard error, from Warn
// up.
func WithLogger(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}

// WithDialer makes connections with dial instead of TCP, for tests and tunnels.
func WithDialer(dial func(ctx context.Context, address string) (net.Conn, error)) Option {
	return func(o *options) { o.dial = dial }
}

// WithQueue sets how many calls may wait to be sent, and how many launches to be
// told as lost (4096). Further ones fail with ErrBusy.
func WithQueue(calls int) Option {
	return func(o *options) { o.queue = calls }
}

// WithBackoff sets the bounds of the wait between attempts to reach the master
// (100 ms, 15 s). It doubles with each attempt and is drawn from the upper half.
func WithBackoff(least, most time.Duration) Option {
	return func(o *options) { o.backoffMin, o.backoffMax = least, most }
}

// WithSuppressedRoles subscribes without wanting offers in these roles, until
// ReviveOffers.
func WithSuppressedRoles(roles ...string) Option {
	return func(o *options) { o.suppressed = slices.Clone(roles) }
}

// WithOfferConstraints subscribes with a wish for offers of certain agents only.
func WithOfferConstraints(c *wire.OfferConstraints) Option {
	return func(o *options) { o.constraints = c }
}
