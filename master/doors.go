// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package master

import (
	"context"
	"net"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/core"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
)

// schedulers is the door for frameworks.
type schedulers struct {
	link.UnimplementedSchedulersServer
	m *Master
}

// Connect implements link.SchedulersServer.
func (d schedulers) Connect(s grpc.BidiStreamingServer[scheduler.Call, scheduler.Event]) error {
	c := d.m.newConn(false)
	return serve(d.m, c, stream[*scheduler.Call, *scheduler.Event]{
		ctx:  s.Context(),
		recv: s.Recv,
		send: s.Send,
		input: func(call *scheduler.Call) core.Input {
			return core.Call{Conn: c.id, Call: call}
		},
	})
}

// agents is the door for agents.
type agents struct {
	link.UnimplementedAgentsServer
	m *Master
}

// Connect implements link.AgentsServer.
func (d agents) Connect(s grpc.BidiStreamingServer[link.FromAgent, link.FromMaster]) error {
	c := d.m.newConn(true)
	address := addressOf(s.Context())
	return serve(d.m, c, stream[*link.FromAgent, *link.FromMaster]{
		ctx:  s.Context(),
		recv: s.Recv,
		send: s.Send,
		input: func(msg *link.FromAgent) core.Input {
			return core.AgentMessage{Conn: c.id, Address: address, Message: msg}
		},
	})
}

// addressOf returns the IP from which a stream comes, or what its network has
// in place of one.
func addressOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	host, _, err := net.SplitHostPort(p.Addr.String())
	if err != nil {
		return p.Addr.String()
	}
	return host
}
