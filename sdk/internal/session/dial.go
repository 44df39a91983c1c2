// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"net"
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

// Connect returns a connection to address that dials with dial when it is first
// used. Proxies of the environment are not used.
func Connect(address string, dial Dialer) (*grpc.ClientConn, error) {
	// The target is a URL, which the path of a socket need not be: so it is not in it.
	return grpc.NewClient("passthrough:///peer",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return dial(ctx, address)
		}),
		grpc.WithNoProxy(),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: connectTimeout}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxEvent)),
	)
}

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
