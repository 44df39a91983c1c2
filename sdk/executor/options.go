// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/tepui/tepui/sdk/internal/session"
)

const (
	defaultQueue = 4096
	// subscribeTimeout is how long an agent may take to answer SUBSCRIBE.
	subscribeTimeout = 30 * time.Second
	// firstBackoff begins the doubling up to MESOS_SUBSCRIPTION_BACKOFF_MAX.
	firstBackoff = 50 * time.Millisecond
	// maxCall is the size in bytes that an agent takes of an executor.
	maxCall = 4 << 20
	// stopTimeout is how long Stop waits for acknowledgements, and for the agent.
	stopTimeout = 5 * time.Second
)

// Option changes a default of NewDriver.
type Option func(*options)

type options struct {
	log    *slog.Logger
	dial   session.Dialer // nil = as the environment says
	getenv func(string) string
	exit   func(code int)
	queue  int
}

func defaults() options {
	return options{
		log:    slog.New(slog.DiscardHandler),
		getenv: os.Getenv,
		exit:   os.Exit,
		queue:  defaultQueue,
	}
}

// WithLogger tells the driver where to log: Warn for an agent that cannot be
// reached, Debug for the rest. The default is nowhere.
func WithLogger(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}

// WithDialer makes connections with dial, for tests. The address is that of the
// unix socket or host:port.
func WithDialer(dial func(ctx context.Context, address string) (net.Conn, error)) Option {
	return func(o *options) { o.dial = dial }
}

// WithEnvironment reads the environment with getenv instead of os.Getenv.
func WithEnvironment(getenv func(string) string) Option {
	return func(o *options) { o.getenv = getenv }
}

// WithExit ends the process with exit instead of os.Exit, when a callback
// outlasts the shutdown grace period.
func WithExit(exit func(code int)) Option {
	return func(o *options) { o.exit = exit }
}

// WithQueue sets how many calls may wait to be sent, and how many updates to be
// acknowledged (4096). Further ones fail with ErrBusy.
func WithQueue(calls int) Option {
	return func(o *options) { o.queue = calls }
}
