// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/tepui/tepui/agent"
	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	"github.com/tepui/tepui/resource"
)

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// logged is a log that can be read while it is written.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestOverTCP is one task over real connections, with what is usually left out.
func TestOverTCP(t *testing.T) {
	log := &logged{}
	masterAt, agentAt := listenTCP(t), listenTCP(t)
	master := newFakeMaster()
	server := grpc.NewServer()
	link.RegisterAgentsServer(server, master)
	go func() { _ = server.Serve(masterAt) }() // until Stop
	defer master.server.Stop()
	defer server.Stop()
	fakes, runtimeDir := newFakes(), t.TempDir()
	a, err := agent.New(agent.Config{
		Master: masterAt.Addr().String(), Hostname: "host", WorkDir: t.TempDir(), RuntimeDir: runtimeDir,
		Resources: resource.MustParse("cpus:1;mem:100"), Isolator: fakes, SwitchUser: true,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- a.Serve(ctx, agentAt) }()
	m := (&host{t: t, master: master}).register()
	task := custom("t1", "e")
	task.Executor.Command.User = new(strconv.Itoa(os.Getuid())) // only root may give a sandbox to somebody else
	m.run(task)
	c := <-fakes.started
	env := environment(c)
	if want := agentAt.Addr().String(); env["MESOS_AGENT_ENDPOINT"] != want || netip.MustParseAddrPort(want).Port() == 0 {
		t.Errorf("MESOS_AGENT_ENDPOINT is %s, the agent is at %s", env["MESOS_AGENT_ENDPOINT"], want)
	}
	socket := filepath.Join(runtimeDir, agent.SocketName)
	if info, err := os.Stat(socket); env["MESOS_DOMAIN_SOCKET"] != socket || err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("MESOS_DOMAIN_SOCKET is %s, the socket is %v, %v", env["MESOS_DOMAIN_SOCKET"], info, err)
	}
	c.end(core.Exit{})
	m.update(t, "t1", taskLost)
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is left")
	}
	for _, want := range []string{
		`msg="registered with master"`, `msg="executor changed state"`, "container_id=" + c.id, "to=TASK_LOST",
		`msg="work directory is not open to all users`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not have %s:\n%s", want, log)
		}
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	h := newHost(t)
	h.register()
	if err := h.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := next(h.t, h.served); err == nil {
		t.Error("an agent that nobody can reach goes on")
	}
	h.served <- nil
}

func TestServeOnce(t *testing.T) {
	a, err := agent.New(agent.Config{Master: "m:1", Hostname: "h", WorkDir: t.TempDir(), Isolator: newFakes()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Serve(ctx, listenTCP(t)); err != nil {
		t.Errorf("an agent that is stopped at once: %v", err)
	}
	if err := a.Serve(ctx, listenTCP(t)); err == nil {
		t.Error("an agent serves twice")
	}
}

func TestServeWithoutARuntimeDir(t *testing.T) {
	a, err := agent.New(agent.Config{
		Master: "m:1", Hostname: "h", WorkDir: t.TempDir(), Isolator: newFakes(), RuntimeDir: "/no/such/dir",
	})
	if err != nil {
		t.Fatal(err)
	}
	l := listenTCP(t)
	if err := a.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "/no/such/dir") {
		t.Errorf("error %v", err)
	}
	if c, err := l.Accept(); err == nil {
		t.Errorf("the listener is open: %v", c)
	}
}

// TestAnAgentThatIsDeclaredGoneEnds: its executors end first, it does not register
// again, and Serve says what it was and what to do.
func TestAnAgentThatIsDeclaredGoneEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		m := h.register()
		m.run(command("t1"))
		c := next(t, h.containers.started)
		m.update(t, "t1", taskRunning)
		began := time.Now()
		m.send(&link.FromMaster{Message: &link.FromMaster_Shutdown{Shutdown: &link.Shutdown{
			Message: new("an operator marked it gone"), Gone: new(true),
		}}})
		if sig := next(t, c.signals); sig != syscall.SIGTERM {
			t.Errorf("signal %v", sig)
		}
		close(m.close) // as a master does; it dials again, and has nothing to say
		err := next(t, h.served)
		if took := time.Since(began); took != agent.DefaultKillGrace || !c.isDestroyed() {
			t.Errorf("it ended after %v, its container destroyed: %v", took, c.isDestroyed())
		}
		gone, ok := errors.AsType[*agent.GoneError](err)
		if !ok || gone.Agent != agentID || gone.Message != "an operator marked it gone" {
			t.Fatalf("Serve: %#v", err)
		}
		for _, word := range []string{agentID, gone.Message, "start it again", "another agent"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("error %q does not say %q", err, word)
			}
		}
		for len(h.master.links) > 0 {
			select {
			case msg := <-(<-h.master.links).received:
				t.Errorf("it came back and said %v", msg)
			default:
			}
		}
		h.served <- nil // for stop
	})
}
