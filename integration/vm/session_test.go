// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package vm

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/integration/vm/proto"
)

// fakeGuest answers at a machine's port, in this process, and stops with the
// test.
func fakeGuest(t *testing.T, act func(c *proto.Conn, req proto.Request)) *Machine {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, portFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, consoleFile), []byte("Kernel panic - not syncing\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		serveFake(proto.NewConn(conn), act)
	}()
	m := &Machine{dir: dir}
	t.Cleanup(func() {
		if err := errors.Join(m.Hang(), l.Close()); err != nil {
			t.Error(err)
		}
		<-done
	})
	return m
}

func serveFake(c *proto.Conn, act func(*proto.Conn, proto.Request)) {
	for {
		f, err := c.Receive()
		if err != nil {
			return
		}
		switch f.Kind {
		case proto.Hello:
			var g proto.Greeting
			if f.Decode(&g) != nil {
				return
			}
			c.Send(proto.Stdout, []byte("of a session that was cut short"))
			c.SendJSON(proto.Ready, proto.Welcome{Session: "another"})
			c.SendJSON(proto.Ready, proto.Welcome{Session: g.Session, Kernel: "6.1"})
		case proto.Run:
			var r proto.Request
			if f.Decode(&r) != nil || act == nil {
				return
			}
			act(c, r)
		}
	}
}

func greeted(t *testing.T, act func(*proto.Conn, proto.Request)) *Machine {
	t.Helper()
	m := fakeGuest(t, act)
	if err := m.Greet(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGreetSkipsAnotherSessionsFrames(t *testing.T) {
	m := greeted(t, nil)
	if release, _ := m.Kernel(); release != "6.1" {
		t.Errorf("kernel %q", release)
	}
}

func TestGreetGivesUpAndShowsTheConsole(t *testing.T) {
	m := &Machine{dir: t.TempDir()}
	l, err := net.Listen("unix", filepath.Join(m.dir, portFile)) // and never answer
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(filepath.Join(m.dir, consoleFile), []byte("Kernel panic\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("no answer within a blink"))
	defer cancel()
	err = m.Greet(ctx, true)
	if err == nil || !strings.Contains(err.Error(), "Kernel panic") || !strings.Contains(err.Error(), "no answer within a blink") {
		t.Errorf("got %v", err)
	}
}

func TestExecPassesOutputFilesAndResult(t *testing.T) {
	var asked proto.Request
	m := greeted(t, func(c *proto.Conn, r proto.Request) {
		asked = r
		io.WriteString(c.Stream(proto.Stdout), "to stdout")
		io.WriteString(c.Stream(proto.Stderr), "to stderr")
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		for name, text := range map[string]string{"0": "profile", "1/deep/a": "A"} {
			tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))})
			io.WriteString(tw, text)
		}
		tw.Close()
		c.Stream(proto.Archive).Write(b.Bytes())
		c.SendJSON(proto.Done, proto.Result{Code: 7})
	})
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	res, err := m.Exec(t.Context(), Command{
		Args: []string{"x"}, Env: []string{"A=1"}, Input: []byte("in"), Stdout: &stdout, Stderr: &stderr,
		Fetch: []Fetch{{"/g/p", filepath.Join(out, "p")}, {"/g/d", filepath.Join(out, "d")}},
	})
	if err != nil || res.Code != 7 || stdout.String() != "to stdout" || stderr.String() != "to stderr" {
		t.Errorf("code %d, %v, stdout %q, stderr %q", res.Code, err, &stdout, &stderr)
	}
	want := proto.Request{Args: []string{"x"}, Env: []string{"A=1"}, Input: []byte("in"), Fetch: []string{"/g/p", "/g/d"}}
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("the guest was asked: -want +got\n%s", d)
	}
	for name, text := range map[string]string{"p": "profile", "d/deep/a": "A"} {
		if b, err := os.ReadFile(filepath.Join(out, name)); string(b) != text || err != nil {
			t.Errorf("%s has %q, %v", name, b, err)
		}
	}
}

func TestExecKillsWhenTimeIsOver(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var got []syscall.Signal
	m := greeted(t, func(c *proto.Conn, _ proto.Request) {
		for range 2 {
			f, err := c.Receive()
			if err != nil {
				return
			}
			got = append(got, syscall.Signal(f.Payload[0]))
			cancel(errors.New("time is over")) // once the first signal is there
		}
		c.SendJSON(proto.Done, proto.Result{Code: -1, Signal: int(syscall.SIGKILL)})
	})
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGQUIT
	res, err := m.Exec(ctx, Command{Args: []string{"sleep"}, Signals: signals})
	if err == nil || !strings.Contains(err.Error(), "time is over") || res.Signal != int(syscall.SIGKILL) {
		t.Errorf("result %+v, %v", res, err)
	}
	if d := cmp.Diff([]syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL}, got); d != "" {
		t.Errorf("signals: -want +got\n%s", d)
	}
}

func TestExecTellsThatTheMachineIsGone(t *testing.T) {
	m := fakeGuest(t, nil)
	if err := m.Greet(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := m.session.conn.(*net.UnixConn).CloseRead(); err != nil {
		t.Fatal(err)
	}
	_, err := m.Exec(t.Context(), Command{Args: []string{"x"}})
	if err == nil || !strings.Contains(err.Error(), "Kernel panic") {
		t.Errorf("got %v, want the console's last lines", err)
	}
}

func TestExecRefusesTooMuchInput(t *testing.T) {
	m := greeted(t, nil)
	if _, err := m.Exec(t.Context(), Command{Args: []string{"cat"}, Input: make([]byte, maxInput+1)}); err == nil {
		t.Error("a stdin over the limit was accepted")
	}
}

func TestUnpackWritesNowhereElse(t *testing.T) {
	for _, name := range []string{"5", "-1", "x/y", "0/../../evil", "0//etc/evil"} {
		var b bytes.Buffer
		tw := tar.NewWriter(&b)
		tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 1})
		tw.Write([]byte("!"))
		tw.Close()
		dir := t.TempDir()
		if err := unpack(&b, []Fetch{{"/g", filepath.Join(dir, "in")}}); err == nil {
			t.Errorf("a file named %q was accepted", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
			t.Errorf("%q was written outside", name)
		}
	}
}
