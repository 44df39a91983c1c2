// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// MaxPayload bounds a frame's payload, in bytes.
const MaxPayload = 1 << 20

// chunk is the most that one frame of a stream carries: small enough that a
// signal does not wait long behind it.
const chunk = 64 << 10

// Kind says what a frame carries.
type Kind byte

// The kinds of frames, with the type of their payload and who sends them.
const (
	Hello    Kind = 'H' // Greeting, host
	Ready    Kind = 'W' // Welcome, guest
	Run      Kind = 'R' // Request, host
	Signal   Kind = 'K' // one byte, the signal's number, host
	Stdout   Kind = 'O' // bytes, guest
	Stderr   Kind = 'E' // bytes, guest
	Archive  Kind = 'A' // bytes of a tar, guest
	Done     Kind = 'D' // Result, guest
	PowerOff Kind = 'P' // nothing, host
)

// Frame is one message.
type Frame struct {
	Kind    Kind
	Payload []byte
}

// Decode reads the frame's payload, JSON, into v.
func (f Frame) Decode(v any) error {
	if err := json.Unmarshal(f.Payload, v); err != nil {
		return fmt.Errorf("proto: frame %q: %w", f.Kind, err)
	}
	return nil
}

// Conn sends and receives frames. Any number of goroutines may send; one
// receives.
type Conn struct {
	mu sync.Mutex // guards writing
	w  io.Writer
	r  io.Reader
}

// NewConn frames what is read from and written to rw.
func NewConn(rw io.ReadWriter) *Conn { return &Conn{w: rw, r: rw} }

// Send writes one frame. A payload over [MaxPayload] is refused.
func (c *Conn) Send(k Kind, payload []byte) error {
	if len(payload) > MaxPayload {
		return fmt.Errorf("proto: send frame %q: %d bytes, at most %d fit", k, len(payload), MaxPayload)
	}
	b := make([]byte, 0, 5+len(payload))
	b = append(b, byte(k))
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = append(b, payload...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.w.Write(b); err != nil {
		return fmt.Errorf("proto: send frame %q: %w", k, err)
	}
	return nil
}

// SendJSON sends v as the payload of a frame.
func (c *Conn) SendJSON(k Kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("proto: frame %q: %w", k, err)
	}
	return c.Send(k, b)
}

// Receive reads one frame. The error is io.EOF, unwrapped, if the other side
// closed between two frames.
func (c *Conn) Receive() (Frame, error) {
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return Frame{}, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > MaxPayload {
		return Frame{}, fmt.Errorf("proto: frame %q announces %d bytes, at most %d are allowed", head[0], n, MaxPayload)
	}
	f := Frame{Kind: Kind(head[0]), Payload: make([]byte, n)}
	if _, err := io.ReadFull(c.r, f.Payload); err != nil {
		return Frame{}, fmt.Errorf("proto: receive frame %q of %d bytes: %w", f.Kind, n, err)
	}
	return f, nil
}

// Stream is a writer whose bytes become frames of kind k.
func (c *Conn) Stream(k Kind) io.Writer { return stream{c, k} }

type stream struct {
	conn *Conn
	kind Kind
}

func (s stream) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		part := p[:min(len(p), chunk)]
		if err := s.conn.Send(s.kind, part); err != nil {
			return n, err
		}
		n += len(part)
		p = p[len(part):]
	}
	return n, nil
}
