// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package qmp

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Client is a connection to one QEMU; one goroutine uses it.
type Client struct {
	conn *net.UnixConn
	dec  *json.Decoder
}

// Error is QEMU's refusal of a command.
type Error struct {
	Command string // its name
	Class   string // e.g. GenericError, CommandNotFound
	Desc    string // for people
}

func (e *Error) Error() string { return fmt.Sprintf("qmp: %s: %s (%s)", e.Command, e.Desc, e.Class) }

// Dial connects to the monitor at a unix socket and leaves negotiation mode.
// Every wait ends with ctx.
func Dial(ctx context.Context, socket string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, fmt.Errorf("qmp: %w", err)
	}
	c := &Client{conn: conn.(*net.UnixConn), dec: json.NewDecoder(conn)} // "unix" gives a UnixConn
	if err := c.negotiate(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) negotiate(ctx context.Context) error {
	defer c.endWith(ctx)()
	var greeting struct{ QMP *json.RawMessage }
	if err := c.dec.Decode(&greeting); err != nil {
		return fmt.Errorf("qmp: read the greeting: %w", err)
	}
	if greeting.QMP == nil {
		return fmt.Errorf("qmp: what answers at %s is not a QEMU monitor", c.conn.RemoteAddr())
	}
	return c.Execute(ctx, "qmp_capabilities", nil, nil)
}

// Close ends the connection; QEMU goes on.
func (c *Client) Close() error { return c.conn.Close() }

// Execute runs one command with its arguments, nil if it has none, and decodes
// what it returns into result, unless that is nil. A refusal is an [*Error].
func (c *Client) Execute(ctx context.Context, command string, arguments, result any) error {
	return c.execute(ctx, command, arguments, result, nil)
}

// SendFile gives QEMU a file, by which commands can name it: "fd:NAME" is a
// place to migrate to.
func (c *Client) SendFile(ctx context.Context, name string, f *os.File) error {
	return c.execute(ctx, "getfd", map[string]string{"fdname": name}, nil, f)
}

func (c *Client) execute(ctx context.Context, command string, arguments, result any, f *os.File) error {
	defer c.endWith(ctx)()
	req, err := json.Marshal(struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
	}{command, arguments})
	if err != nil {
		return fmt.Errorf("qmp: %s: %w", command, err)
	}
	var rights []byte
	if f != nil {
		rights = unix.UnixRights(int(f.Fd()))
	}
	if _, _, err := c.conn.WriteMsgUnix(append(req, '\n'), rights, nil); err != nil {
		return fmt.Errorf("qmp: %s: %w", command, err)
	}
	return c.answer(command, result)
}

// answer reads up to the answer of the command, past any events.
func (c *Client) answer(command string, result any) error {
	for {
		var msg struct {
			Return json.RawMessage
			Error  *struct{ Class, Desc string }
			Event  string
		}
		if err := c.dec.Decode(&msg); err != nil {
			return fmt.Errorf("qmp: %s: read the answer: %w", command, err)
		}
		switch {
		case msg.Event != "":
		case msg.Error != nil:
			return &Error{command, msg.Error.Class, msg.Error.Desc}
		case result == nil:
			return nil
		default:
			if err := json.Unmarshal(msg.Return, result); err != nil {
				return fmt.Errorf("qmp: %s: decode the answer: %w", command, err)
			}
			return nil
		}
	}
}

// endWith makes reads and writes fail once ctx is done, until the function it
// returns is called.
func (c *Client) endWith(ctx context.Context) func() {
	stop := context.AfterFunc(ctx, func() {
		_ = c.conn.SetDeadline(time.Unix(1, 0)) // fails only on a closed connection, where nothing waits
	})
	return func() { stop() }
}
