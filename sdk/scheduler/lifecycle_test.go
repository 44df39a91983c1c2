// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package scheduler_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	mesos "github.com/tepui/tepui/api/v1"
	wire "github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/sdk/scheduler"
	"google.golang.org/protobuf/proto"
)

func TestStart(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.registered()
		status, err := b.driver.Start() // once more does nothing
		ok(t, status, err)
	})
}

func TestStartOfAnInvalidFramework(t *testing.T) {
	tests := map[string]*mesos.FrameworkInfo{
		"framework is nil":    nil,
		"framework_info.name": {User: proto.String("nobody")},
	}
	for want, info := range tests {
		d := scheduler.NewDriver(scheduler.Callbacks{}, info, "master:5050")
		status, err := d.Start()
		if err == nil || !strings.Contains(err.Error(), want) || status != mesos.Status_DRIVER_NOT_STARTED {
			t.Errorf("Start = %v, %v; want %q", status, err, want)
		}
	}
}

func TestStartWithoutAnAddress(t *testing.T) {
	for _, master := range []string{
		"", "10.0.0.1", "master", ":5050", "master:", "master:mesos", "master:0", "master:65536", "master:+5",
		"zk://h:2181/mesos", "h1:5050,h2:5050", "http://h:5050", "::1:5050",
	} {
		status, err := scheduler.NewDriver(scheduler.Callbacks{}, framework(), master).Start()
		if status != mesos.Status_DRIVER_NOT_STARTED || err == nil {
			t.Errorf("Start with master %q = %v, %v", master, status, err)
			continue
		}
		for _, want := range []string{strconv.Quote(master), "host:port", "zk://"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Start with master %q: %v: want %q in it", master, err, want)
			}
		}
	}
	for _, master := range []string{"10.0.0.1:5050", "[::1]:5050", "master.example:1"} {
		inBubble(t, func(b *bench) {
			d := scheduler.NewDriver(b.heard, framework(), master, scheduler.WithDialer(b.master.Dial))
			status, err := d.Start()
			ok(t, status, err)
			d.Abort()
			d.Join()
		})
	}
}

// Without WithLogger a master that is not there is told of on standard error, once.
func TestDefaultLogger(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stderr := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = stderr }()
	inBubble(t, func(b *bench) {
		b.master.SetDown(true)
		b.driver.Start()
		time.Sleep(time.Minute) // virtual
	})
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 1 || !strings.Contains(string(text), "level=WARN") || !strings.Contains(string(text), "master:5050") {
		t.Errorf("on standard error are %d lines, want one warning that names the master:\n%s", n, text)
	}
}

func TestStop(t *testing.T) {
	t.Run("ends the framework after earlier calls", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.driver.KillTask(taskID("T1"))
			if s := b.driver.Stop(false); s != mesos.Status_DRIVER_STOPPED {
				t.Errorf("Stop = %v", s)
			}
			if call := p.Next(); call.GetType() != wire.Call_KILL {
				t.Errorf("first call %v, want KILL", call)
			}
			same(t, p.Next(), &wire.Call{Type: wire.Call_TEARDOWN.Enum(), FrameworkId: frameworkID()})
			p.Closed()
			p.Hangup(nil)
			if s, err := b.driver.Join(); s != mesos.Status_DRIVER_STOPPED || err != nil {
				t.Errorf("Join = %v, %v", s, err)
			}
		})
	})
	t.Run("with failover leaves it alive", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			p := b.registered()
			b.driver.Stop(true)
			p.Closed()
			p.Hangup(nil)
			if s, err := b.driver.Join(); s != mesos.Status_DRIVER_STOPPED || err != nil {
				t.Errorf("Join = %v, %v", s, err)
			}
		})
	})
	t.Run("does not wait for ever for the master", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.registered()
			begin := time.Now()
			b.driver.Stop(false)
			b.driver.Join()
			if took := time.Since(begin); took != 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("ends attempts to reach the master at once", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			b.master.SetDown(true)
			b.driver.Start()
			time.Sleep(time.Minute)
			begin := time.Now()
			b.driver.Stop(false)
			b.driver.Join()
			if took := time.Since(begin); took != 0 {
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("before Start does nothing", func(t *testing.T) {
		d := scheduler.NewDriver(scheduler.Callbacks{}, framework(), "master:5050")
		if s := d.Stop(false); s != mesos.Status_DRIVER_NOT_STARTED {
			t.Errorf("Stop = %v", s)
		}
	})
}

func TestAbort(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		if s := b.driver.Abort(); s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Abort = %v", s)
		}
		p.Closed() // no teardown
		if s, err := b.driver.Join(); s != mesos.Status_DRIVER_ABORTED || err != nil {
			t.Errorf("Join = %v, %v", s, err)
		}
		if s, err := b.driver.KillTask(taskID("T1")); s != mesos.Status_DRIVER_ABORTED || err != nil {
			t.Errorf("KillTask = %v, %v", s, err)
		}
		if s := b.driver.Stop(false); s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Stop = %v, want DRIVER_ABORTED for the last time", s)
		}
		if s := b.driver.Stop(false); s != mesos.Status_DRIVER_STOPPED {
			t.Errorf("Stop = %v", s)
		}
	})
}

// After Abort no callback begins, though events are there.
func TestAbortEndsCallbacks(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := b.registered()
		b.heard.when("ResourceOffers", func(d scheduler.Driver) {
			p.Send(offers("O2"))
			time.Sleep(time.Second)
			d.Abort()
		})
		p.Send(offers("O1"))
		b.expect("ResourceOffers [O1]")
		b.driver.Join()
	})
}

func TestJoin(t *testing.T) {
	inBubble(t, func(b *bench) {
		if s, err := b.driver.Join(); s != mesos.Status_DRIVER_NOT_STARTED || err != nil {
			t.Errorf("Join before Start = %v, %v", s, err)
		}
		p := b.registered()
		joined := make(chan mesos.Status)
		go func() {
			s, _ := b.driver.Join()
			joined <- s
		}()
		select {
		case s := <-joined:
			t.Fatalf("Join returned %v while running", s)
		case <-time.After(time.Hour):
			// heartbeats stayed away meanwhile
		}
		_ = p
		b.expect("Disconnected")
		b.driver.Abort()
		if s := <-joined; s != mesos.Status_DRIVER_ABORTED {
			t.Errorf("Join = %v", s)
		}
	})
}

func TestRun(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.heard.when("Registered", func(d scheduler.Driver) { d.Stop(true) })
		ran := make(chan mesos.Status)
		go func() {
			s, _ := b.driver.Run()
			ran <- s
		}()
		p := b.accept("")
		b.expect("Registered F1 by M1")
		p.Closed()
		p.Hangup(nil)
		if s := <-ran; s != mesos.Status_DRIVER_STOPPED {
			t.Errorf("Run = %v", s)
		}
	})
}
