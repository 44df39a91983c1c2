// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/fetcher"
)

// self runs this test binary in one of the roles of TestMain.
func self(role string) []string { return []string{"/proc/self/exe", role} }

func (w *world) spawn(role string, r fetcher.Request) error {
	return fetcher.Spawn(w.t.Context(), self(role), r)
}

func TestSpawnFetches(t *testing.T) {
	w := newWorld(t)
	r := w.request(w.extractOf("a.tgz", gz(t, pack(t, regular("bin/a", "a")))))
	if err := w.spawn("fetch", r); err != nil {
		t.Fatal(err)
	}
	w.wantTree("drwxr-xr-x bin", "-rw-r--r-- bin/a = a")
}

func TestSpawnFails(t *testing.T) {
	w := newWorld(t)
	s := serve(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotFound) })
	uri := strings.Replace(s.URL, "://", "://u:secret@", 1) + "/f?hush"
	e := w.mustFail(failure{step: "status 404", text: "/f?...: status 404: Not Found; there is no such file"}, func() error {
		return w.spawn("fetch", w.request(fetcher.URI{Value: uri}))
	})
	if strings.Contains(e.Error(), "secret") || strings.Contains(e.Error(), "hush") {
		t.Errorf("the error shows a secret: %q", e)
	}
}

// A limit is recognised across processes.
func TestSpawnHitsLimit(t *testing.T) {
	w := newWorld(t)
	w.write("home/a", "four", 0o644)
	r := w.request(fetcher.URI{Value: "a"})
	r.Limits.Bytes = 3
	w.mustFail(failure{step: fetcher.StepDownload, text: "over the limit Bytes of 3 bytes", limit: "Bytes"}, func() error {
		return w.spawn("fetch", r)
	})
}

func TestSpawnedChildIsBare(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	w := newWorld(t)
	r := w.request()
	want := fmt.Sprintf("env=0 uid=%d gid=%d", os.Getuid(), os.Getgid())
	w.mustFail(failure{step: "test", text: want}, func() error { return w.spawn("environment", r) })
	w.mustFail(failure{step: "test", text: "dir=/ leader=true"}, func() error { return w.spawn("environment", r) })
}

func TestSpawnBadChildren(t *testing.T) {
	start := func(text string) failure { return failure{step: fetcher.StepStart, text: text} }
	tests := map[string]struct {
		exe  []string
		want failure
	}{
		"no command":    {nil, start("no command")},
		"missing":       {[]string{"/missing"}, start("/missing: no such file")},
		"not a program": {[]string{"/etc/passwd"}, start("permission denied")},
		"crashes":       {self("crash"), start("exit status 7; it said: something broke !!!!")},
		"lies":          {self("liar"), start("exit status 1")},
		"babbles":       {self("babble"), start("said nothing")},
		"is silent":     {self("silent"), start("said nothing")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := w.mustFail(test.want, func() error { return fetcher.Spawn(t.Context(), test.exe, w.request()) })
			if len(e.Error()) > 4096 {
				t.Errorf("the error has %d bytes", len(e.Error()))
			}
		})
	}
}

// hang returns a server that never answers, and a channel that is closed when
// it has been asked.
func hang(t *testing.T) (url string, asked chan struct{}) {
	asked = make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	return s.URL + "/f", asked
}

func TestSpawnCancelled(t *testing.T) {
	url, asked := hang(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the task was killed")
	go func() {
		<-asked
		cancel(gone)
	}()
	w := newWorld(t)
	e := w.mustFail(failure{step: fetcher.StepOpen, text: url + ": open: the task was killed"}, func() error {
		return fetcher.Spawn(ctx, self("fetch"), w.request(fetcher.URI{Value: url}))
	})
	if !errors.Is(e, gone) {
		t.Errorf("%v does not wrap the cause", e)
	}
}

// A child that does not listen is killed, and what it left is removed.
func TestSpawnKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	w := newWorld(t)
	w.mustFail(failure{step: fetcher.StepStart, text: "deadline exceeded"}, func() error {
		return fetcher.SpawnWithGrace(ctx, self("stubborn"), w.request(), 50*time.Millisecond)
	})
}

func TestSpawnSweepsAfterKill(t *testing.T) {
	url, asked := hang(t)
	w := newWorld(t)
	go func() {
		<-asked
		w.killChildren()
	}()
	w.mustFail(failure{step: fetcher.StepStart, text: "signal: killed"}, func() error {
		return fetcher.Spawn(t.Context(), self("fetch"), w.request(fetcher.URI{Value: url}))
	})
}

// killChildren kills the children of this process, of which the test that
// calls it has one.
func (w *world) killChildren() {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		pids, _ := os.ReadFile(task)
		for _, pid := range strings.Fields(string(pids)) {
			n, err := strconv.Atoi(pid)
			if err == nil {
				err = syscall.Kill(n, syscall.SIGKILL)
			}
			if err != nil {
				w.t.Error(err)
			}
		}
	}
}

// The process that asks for a fetch is killed: the fetch stops by itself.
func TestMainStopsWithoutParent(t *testing.T) {
	url, asked := hang(t)
	w := newWorld(t)
	stdin, parent := io.Pipe()
	go func() {
		fmt.Fprintf(parent, `{"sandbox":%q, "uid":-1, "gid":-1, "tethered":true, "uris":[{"value":%q}]}`, w.sandbox, url)
		<-asked
		parent.Close()
	}()
	var out strings.Builder
	before := tree(t, w.top)
	if code := fetcher.Main(stdin, &out); code != fetcher.ExitFailed || !strings.Contains(out.String(), "is gone") {
		t.Errorf("exit %d, output %s", code, &out)
	}
	if got := tree(t, w.top); strings.Join(got, "\n") != strings.Join(before, "\n") {
		t.Errorf("left behind: %q", got)
	}
}

func TestMainBadInput(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"nothing":       {"", "EOF"},
		"not JSON":      {"sandbox=/", "invalid character"},
		"unknown field": {`{"sandbox":"/x","user":"root"}`, "unknown field"},
		"wrong type":    {`{"uris":"x"}`, "cannot unmarshal"},
		"too large":     {`{"sandbox":"` + strings.Repeat("x", 5<<20) + `"}`, "unexpected EOF"},
		"no sandbox":    {`{}`, "not an absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			code := fetcher.Main(strings.NewReader(test.in), &out)
			if code != fetcher.ExitFailed || !strings.Contains(out.String(), test.want) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("exit %d, output %q; want exit 1 and one line with %q", code, &out, test.want)
			}
		})
	}
	if code := fetcher.Main(strings.NewReader(""), brokenWriter{}); code != fetcher.ExitMute {
		t.Errorf("exit %d when the result cannot be written, want %d", code, fetcher.ExitMute)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, fs.ErrClosed }
