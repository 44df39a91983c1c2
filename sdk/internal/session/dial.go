// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	connectTimeout = 5 * time.Second
	// maxEvent bounds what one event may take: an offer for each of ten thousand
	// agents fits.
	maxEvent = 64 << 20
)

// Dialer makes the connection below a conversation.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// DialTCP is the Dialer for host:port.
func DialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

// DialUnix is the Dialer for the path of a unix socket.
func DialUnix(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// connection is gRPC over one connection that was made by us: gRPC itself would
// dial again on its own terms, and tell less of why it failed.
type connection struct {
	*grpc.ClientConn
	raw net.Conn
}

func connect(ctx context.Context, address string, dial Dialer) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	raw, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	var used atomic.Bool
	client, err := grpc.NewClient("passthrough:///peer",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
			if used.Swap(true) {
				return nil, errors.New("connection lost")
			}
			return raw, nil
		}),
		grpc.WithNoProxy(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxEvent)),
	)
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &connection{ClientConn: client, raw: raw}, nil
}

func (c *connection) close() {
	_ = c.ClientConn.Close() // fails only if closed before
	_ = c.raw.Close()        // mostly closed by gRPC by now; not if it was never used
}
