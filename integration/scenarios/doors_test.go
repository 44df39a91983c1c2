// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/integration/cluster"
	"github.com/tepui/tepui/integration/framework"

	mesos "github.com/tepui/tepui/api/v1"
)

// door is a place where a daemon listens.
type door struct{ network, address string }

func (d door) String() string { return d.network + " " + d.address }

func (d door) grpcTarget() string {
	if d.network == "unix" {
		return "unix:" + d.address
	}
	return "passthrough:///" + d.address
}

func doors(c *cluster.Cluster) []door {
	a := c.Agents[0]
	return []door{{"tcp", c.Address}, {"tcp", a.Address}, {"unix", filepath.Join(a.RuntimeDir, "agent.sock")}}
}

// noise is what a stranger may say to a port.
func noise(t *testing.T) map[string][]byte {
	t.Helper()
	random := make([]byte, 64<<10)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	return map[string][]byte{
		"nothing":              {},
		"random bytes":         random,
		"zeros":                make([]byte, 1<<20),
		"HTTP/1 request":       []byte("GET / HTTP/1.1\r\nHost: tepui\r\n\r\n"),
		"half a request":       []byte("POST /api/v1/scheduler HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{"),
		"TLS hello":            append([]byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3}, random[:500]...),
		"HTTP/2, then noise":   append([]byte(preface), random...),
		"HTTP/2, a vast frame": append([]byte(preface), 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1),
	}
}

// rawCodec sends bytes as they are in the place of a message.
type rawCodec struct{}

func (rawCodec) Name() string                       { return "proto" }
func (rawCodec) Marshal(v any) ([]byte, error)      { return v.([]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }

// speak sends bytes as the first message of a method's stream and returns how it ends.
func speak(ctx context.Context, d door, method string, message []byte) error {
	conn, err := grpc.NewClient(d.grpcTarget(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodec(rawCodec{}))
	if err != nil {
		return err
	}
	if err := stream.SendMsg(message); err != nil && err != io.EOF {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil {
			return err
		}
	}
}

func TestNoiseAtEveryDoorHarmsNobody(t *testing.T) {
	ctx, c, f := begin(t, cluster.Options{})
	launch(t, ctx, f, framework.Command("before", "exec sleep 3600", 0.1, 16))
	await(t, ctx, f, "before", mesos.TaskState_TASK_RUNNING)
	for _, d := range doors(c) {
		for name, bytes := range noise(t) {
			if err := blurt(d, bytes); err != nil {
				t.Errorf("%s at %s: %v", name, d, err)
			}
		}
		for _, method := range []string{
			link.Schedulers_Connect_FullMethodName, link.Agents_Connect_FullMethodName,
			link.Executors_Connect_FullMethodName, link.Containers_List_FullMethodName, "/no.such/Method",
		} {
			wantRefusal(t, ctx, d, method)
		}
	}
	launch(t, ctx, f, framework.Command("after", "true", 0.1, 16))
	await(t, ctx, f, "after", mesos.TaskState_TASK_FINISHED)
	if got := f.Updates("before"); len(got) != 1 {
		t.Errorf("the task from before the noise had updates %v, want RUNNING alone", got)
	}
}

// wantRefusal sends messages that are none; the stream must end with an error,
// in good time.
func wantRefusal(t *testing.T, ctx context.Context, d door, method string) {
	t.Helper()
	for _, message := range [][]byte{{0xff, 0xff, 0xff}, {}, {0x08, 0x80}} {
		ctx, cancel := context.WithTimeout(ctx, patience)
		err := speak(ctx, d, method, message)
		cancel()
		harmless := method == link.Containers_List_FullMethodName && len(message) == 0 // a whole request, by chance
		if code := status.Code(err); code == codes.DeadlineExceeded || (err == io.EOF) != harmless && code == codes.OK {
			t.Errorf("%s at %s, message %x: ended with %v", method, d, message, err)
		}
	}
}

// blurt says something to a door and hangs up, whatever it answers.
func blurt(d door, bytes []byte) error {
	conn, err := net.Dial(d.network, d.address)
	if err != nil {
		return fmt.Errorf("the door is closed: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	// The daemon may hang up first: that is its right.
	if _, err := conn.Write(bytes); err == nil {
		_, _ = io.CopyN(io.Discard, conn, 1)
	}
	return nil
}
