// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/tepui/tepui/integration/vm/proto"
)

// session is a conversation with the guest's runner.
type session struct {
	conn    net.Conn
	proto   *proto.Conn
	welcome proto.Welcome
}

// openSession greets the guest at a socket and waits for its welcome.
func openSession(ctx context.Context, socket string, g proto.Greeting) (*session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, proto: proto.NewConn(conn)}
	if err := s.greet(ctx, g); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

func (s *session) greet(ctx context.Context, g proto.Greeting) error {
	defer s.endWith(ctx)()
	if err := s.proto.SendJSON(proto.Hello, g); err != nil {
		return err
	}
	for {
		f, err := s.proto.Receive()
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if f.Kind != proto.Ready {
			continue // of an earlier session that was cut short
		}
		if err := f.Decode(&s.welcome); err != nil {
			return err
		}
		if s.welcome.Session == g.Session {
			break
		}
	}
	if s.welcome.Error != "" {
		return fmt.Errorf("the guest: %s", s.welcome.Error)
	}
	return nil
}

// endWith makes reads and writes fail once ctx is done, until the function it
// returns is called.
func (s *session) endWith(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, func() {
		_ = s.conn.SetDeadline(time.Unix(1, 0)) // fails only on a closed connection, where nothing waits
	})
	return func() { stop() }
}
