// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vm/qmp"
	"golang.org/x/sys/unix"
)

// monitor is a QEMU that answers from a script and remembers what it was asked.
type monitor struct {
	socket  string
	asked   chan string
	answers map[string][]string // per command, one line or more each, used in turn
	file    chan *os.File       // received with getfd
}

func newMonitor(t *testing.T, greeting string, answers map[string][]string) *monitor {
	t.Helper()
	m := &monitor{filepath.Join(t.TempDir(), "qmp"), make(chan string, 64), answers, make(chan *os.File, 1)}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: m.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := l.AcceptUnix(); err == nil {
			m.serve(c, greeting)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return m
}

func (m *monitor) serve(c *net.UnixConn, greeting string) {
	defer c.Close()
	io.WriteString(c, greeting+"\n")
	buf, oob := make([]byte, 4096), make([]byte, 64)
	for {
		n, on, _, _, err := c.ReadMsgUnix(buf, oob)
		if n == 0 || err != nil {
			return
		}
		m.take(oob[:on])
		var req struct{ Execute string }
		if json.Unmarshal(buf[:n], &req) != nil {
			return
		}
		m.asked <- strings.TrimSpace(string(buf[:n]))
		io.WriteString(c, m.next(req.Execute)+"\n")
	}
}

func (m *monitor) take(oob []byte) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(msgs) == 0 {
		return
	}
	if fds, err := unix.ParseUnixRights(&msgs[0]); err == nil && len(fds) == 1 {
		m.file <- os.NewFile(uintptr(fds[0]), "received")
	}
}

func (m *monitor) next(command string) string {
	a := m.answers[command]
	if len(a) == 0 {
		return `{"return":{}}`
	}
	if len(a) > 1 {
		m.answers[command] = a[1:]
	}
	return a[0]
}

const greeting = `{"QMP":{"version":{},"capabilities":[]}}`

func dial(t *testing.T, m *monitor) *qmp.Client {
	t.Helper()
	c, err := qmp.Dial(t.Context(), m.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestExecuteSkipsEventsAndDecodes(t *testing.T) {
	m := newMonitor(t, greeting, map[string][]string{
		"query-status": {`{"event":"RESUME","timestamp":{}}` + "\n" + `{"return":{"status":"running"}}`},
	})
	c := dial(t, m)
	var got struct{ Status string }
	if err := c.Execute(t.Context(), "query-status", nil, &got); err != nil || got.Status != "running" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRefusalIsTyped(t *testing.T) {
	m := newMonitor(t, greeting, map[string][]string{"stop": {`{"error":{"class":"GenericError","desc":"no"}}`}})
	err := dial(t, m).Execute(t.Context(), "stop", nil, nil)
	var refused *qmp.Error
	if !errors.As(err, &refused) || *refused != (qmp.Error{Command: "stop", Class: "GenericError", Desc: "no"}) {
		t.Errorf("got %v", err)
	}
}

func TestDialRefusesWhatIsNotAMonitor(t *testing.T) {
	m := newMonitor(t, `{"hello":1}`, nil)
	if _, err := qmp.Dial(t.Context(), m.socket); err == nil || !strings.Contains(err.Error(), "not a QEMU monitor") {
		t.Errorf("got %v", err)
	}
}

func TestWaitsEndWithTheContext(t *testing.T) {
	m := newMonitor(t, "", nil) // no greeting ever
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := qmp.Dial(ctx, m.socket); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSaveHandsTheFileOverAndWaits(t *testing.T) {
	m := newMonitor(t, greeting, map[string][]string{
		"query-migrate": {`{"return":{"status":"active"}}`, `{"return":{"status":"completed"}}`},
	})
	f, err := os.Create(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := dial(t, m).Save(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	received := <-m.file
	defer received.Close()
	if _, err := received.WriteString("machine"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(f.Name()); err != nil || string(b) != "machine" {
		t.Errorf("the file has %q, %v: QEMU got another one", b, err)
	}
	close(m.asked)
	var got []string
	for line := range m.asked {
		got = append(got, line)
	}
	want := []string{
		`{"execute":"qmp_capabilities"}`,
		`{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":10000000000}}`,
		`{"execute":"getfd","arguments":{"fdname":"state"}}`,
		`{"execute":"migrate","arguments":{"uri":"fd:state"}}`,
		`{"execute":"query-migrate"}`,
		`{"execute":"query-migrate"}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +asked\n%s", d)
	}
}

func TestSaveTellsWhyItFailed(t *testing.T) {
	m := newMonitor(t, greeting, map[string][]string{
		"query-migrate": {`{"return":{"status":"failed","error-desc":"disk full"}}`},
	})
	f, err := os.Create(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := dial(t, m).Save(t.Context(), f); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}
