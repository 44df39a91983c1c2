// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package proto_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vm/proto"
)

func TestFramesComeBackAsTheyWereSent(t *testing.T) {
	var wire bytes.Buffer
	out := proto.NewConn(&wire)
	want := []proto.Frame{
		{Kind: proto.Stdout, Payload: []byte("a line\n")},
		{Kind: proto.PowerOff, Payload: []byte{}},
		{Kind: proto.Archive, Payload: bytes.Repeat([]byte{7}, proto.MaxPayload)},
	}
	for _, f := range want {
		if err := out.Send(f.Kind, f.Payload); err != nil {
			t.Fatal(err)
		}
	}
	in := proto.NewConn(struct {
		io.Reader
		io.Writer
	}{iotest.HalfReader(&wire), io.Discard})
	for _, f := range want {
		got, err := in.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got); d != "" {
			t.Errorf("-sent +received\n%s", d)
		}
	}
	if _, err := in.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v, want EOF", err)
	}
}

func TestStreamCutsLongWrites(t *testing.T) {
	var wire bytes.Buffer
	c := proto.NewConn(&wire)
	text := strings.Repeat("0123456789", 30_000)
	if n, err := io.WriteString(c.Stream(proto.Stderr), text); n != len(text) || err != nil {
		t.Fatalf("wrote %d bytes, %v", n, err)
	}
	var got strings.Builder
	frames := 0
	for ; wire.Len() > 0; frames++ {
		f, err := c.Receive()
		if err != nil || f.Kind != proto.Stderr {
			t.Fatalf("got frame %q, %v", f.Kind, err)
		}
		got.Write(f.Payload)
	}
	if got.String() != text || frames < 2 {
		t.Errorf("%d bytes in %d frames, want the %d bytes of the text in several", got.Len(), frames, len(text))
	}
}

func TestFramesAreBounded(t *testing.T) {
	c := proto.NewConn(&bytes.Buffer{})
	if err := c.Send(proto.Stdout, make([]byte, proto.MaxPayload+1)); err == nil {
		t.Error("a frame too long was sent")
	}
	c = proto.NewConn(bytes.NewBuffer([]byte{'O', 0xff, 0xff, 0xff, 0xff}))
	if _, err := c.Receive(); err == nil || !strings.Contains(err.Error(), "4294967295") {
		t.Errorf("got %v, want the length that was announced", err)
	}
}

func TestReceiveTellsACutFrameFromAnEnd(t *testing.T) {
	c := proto.NewConn(bytes.NewBuffer([]byte{'O', 0, 0, 0, 9, 'x'}))
	if _, err := c.Receive(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected EOF", err)
	}
}

func TestMessagesAreJSON(t *testing.T) {
	var wire bytes.Buffer
	c := proto.NewConn(&wire)
	want := proto.Request{Args: []string{"sh", "-c", "exit 3"}, Env: []string{"A=b"}, Fetch: []string{"/run/out"}}
	if err := c.SendJSON(proto.Run, want); err != nil {
		t.Fatal(err)
	}
	f, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	var got proto.Request
	if err := f.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-sent +received\n%s", d)
	}
	if err := (proto.Frame{Kind: proto.Done, Payload: []byte("{")}).Decode(&got); err == nil {
		t.Error("half a message was decoded")
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{'O', 0, 0, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := proto.NewConn(bytes.NewBuffer(b))
		for {
			fr, err := c.Receive()
			if err != nil {
				return
			}
			if len(fr.Payload) > proto.MaxPayload {
				t.Fatalf("a payload of %d bytes", len(fr.Payload))
			}
		}
	})
}
