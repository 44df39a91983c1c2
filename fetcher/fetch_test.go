// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tepui/tepui/fetcher"
)

func TestPlaces(t *testing.T) {
	tests := map[string]struct {
		value func(w *world) string
		name  string
	}{
		"file URL":              {func(w *world) string { return "file://" + w.home + "/dir/plain" }, "plain"},
		"file URL of localhost": {func(w *world) string { return "file://localhost" + w.home + "/dir/plain" }, "plain"},
		"file URL in capitals":  {func(w *world) string { return "FILE://" + w.home + "/dir/plain" }, "plain"},
		"file URL, escaped":     {func(w *world) string { return "file://" + w.home + "/a%20b%3F" }, "a b?"},
		"absolute path":         {func(w *world) string { return w.home + "/dir/plain" }, "plain"},
		"absolute, not escaped": {func(w *world) string { return w.home + "/a b?" }, "a b?"},
		"relative path":         {func(*world) string { return "dir/plain" }, "plain"},
		"relative, odd":         {func(*world) string { return "./dir//../dir/plain" }, "plain"},
		"spaces in front":       {func(*world) string { return " \t\n dir/plain" }, "plain"},
		"through a link":        {func(*world) string { return "link/plain" }, "plain"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("home/dir/plain", "hello", 0o600)
			w.write("home/a b?", "hello", 0o600)
			w.link("home/link", "dir")
			w.fetch(fetcher.URI{Value: test.value(w)})
			w.wantTree("-rw-r--r-- " + test.name + " = hello")
		})
	}
}

func TestModes(t *testing.T) {
	w := newWorld(t)
	w.write("home/script", "", 0o755)
	w.write("home/plain", "", 0o600)
	if err := os.Chmod(w.write("home/su", "", 0o755), 0o4777); err != nil {
		t.Fatal(err)
	}
	w.fetch(
		fetcher.URI{Value: "script"}, fetcher.URI{Value: "plain"}, fetcher.URI{Value: "su"},
		fetcher.URI{Value: "plain", Executable: true, OutputFile: "made/executable"},
	)
	w.wantTree(
		"drwxr-xr-x made",
		"-rwxr-xr-x made/executable = ",
		"-rw-r--r-- plain = ",
		"-rwxr-xr-x script = ",
		"-rwxr-xr-x su = ",
	)
}

func TestOutputFile(t *testing.T) {
	w := newWorld(t)
	w.write("home/a", "new", 0o644)
	w.fetch(
		fetcher.URI{Value: "a", OutputFile: "b"},
		fetcher.URI{Value: "a", OutputFile: "./x//y/./z"},
		fetcher.URI{Value: "a", OutputFile: "x/w"},
	)
	w.wantTree("-rw-r--r-- b = new", "drwxr-xr-x x", "-rw-r--r-- x/w = new", "drwxr-xr-x x/y", "-rw-r--r-- x/y/z = new")
}

// A file that is there already is replaced, and what a link leads to is not.
func TestReplace(t *testing.T) {
	w := newWorld(t)
	w.write("home/a", "new", 0o644)
	w.write("sandbox/a", "old and longer", 0o600)
	w.link("sandbox/out", "../outside")
	w.fetch(fetcher.URI{Value: "a"}, fetcher.URI{Value: "a", OutputFile: "out"})
	w.wantTree("-rw-r--r-- a = new", "-rw-r--r-- out = new")
	if got, _ := os.ReadFile(w.outside); string(got) != "secret" {
		t.Errorf("the file outside is now %q", got)
	}
}

func TestBadRequests(t *testing.T) {
	request := func(value, text string) refusal {
		return refusal{uri: fetcher.URI{Value: value}, want: failure{step: fetcher.StepRequest, text: text}}
	}
	output := func(name, text string) refusal {
		return refusal{uri: fetcher.URI{Value: "a", OutputFile: name}, want: failure{step: fetcher.StepRequest, text: text}}
	}
	tests := map[string]refusal{
		"empty":                  request("", "empty"),
		"spaces":                 request("  ", "empty"),
		"backslash":              request(`a\b`, "not allowed"),
		"quote":                  request("a'b", "not allowed"),
		"zero byte":              request("a\x00b", "not allowed"),
		"newline":                request("a\nb", "not allowed"),
		"too long":               request(strings.Repeat("x", 9000), "9000 bytes; the most is 8192"),
		"unknown scheme":         request("ftp://host/a", `"ftp" is not supported; use http://, https://, file:///`),
		"HDFS":                   request("HDFS://host/a", `"hdfs" is not supported`),
		"forced getter":          request("git::https://host/a", `"git::https" is not supported`),
		"no scheme":              request("://host/a", `"" is not supported`),
		"no host":                request("http:///a", "no host"),
		"no host but a port":     request("http://:80/a", "no host"),
		"bad escape":             request("http://host/%zz", "must be written as %XX"),
		"bad port":               request("http://host:port/a", "its port must be a number"),
		"no name":                request("http://host/dir/", `ends in ""`),
		"no path":                request("http://host", `ends in ""`),
		"dot":                    request("http://host/.", `ends in "."`),
		"dots":                   request("http://host/a/..", `ends in ".."`),
		"escaped dots":           request("http://host/%2e%2e", `ends in ".."`),
		"escaped zero byte":      request("http://host/a%00b", "control character"),
		"name too long":          request("http://host/"+strings.Repeat("x", 300), "255"),
		"file URL with a host":   request("file://host/a", "names no host"),
		"file URL and query":     request("file:///a?b", "%3F"),
		"file URL and hash":      request("file:///a#b", "%23"),
		"file URL without path":  request("file://", "absolute path"),
		"climbs":                 request("../outside", "climbs out"),
		"climbs late":            request("a/../../outside", "climbs out"),
		"output climbs":          output("../a", "inside the sandbox"),
		"output climbs late":     output("x/../../a", "inside the sandbox"),
		"output is absolute":     output("/tmp/a", "inside the sandbox"),
		"output is a directory":  output("x/", "empty"),
		"output is the sandbox":  output(".", "directory"),
		"output has a zero byte": output("a\x00", "control character"),
		"output is too long":     output(strings.Repeat("x/", 600)+"a", "1201 bytes; the most is 1024"),
	}
	for name, test := range tests {
		t.Run(name, test.run)
	}
}

// refusal is a URI that must be refused.
type refusal struct {
	uri  fetcher.URI
	want failure
}

func (r refusal) run(t *testing.T) {
	w := newWorld(t)
	w.write("home/a", "a", 0o644)
	// The first URI is good: nothing at all is fetched if a later one is bad.
	w.mustRefuse(r.want, w.request(fetcher.URI{Value: "a", OutputFile: "first"}, r.uri))
}

func TestBadSettings(t *testing.T) {
	tests := map[string]struct {
		change func(*fetcher.Request)
		step   string
		text   string
	}{
		"no frameworks home":       {func(r *fetcher.Request) { r.FrameworksHome = "" }, fetcher.StepRequest, "needs a frameworks home"},
		"relative frameworks home": {func(r *fetcher.Request) { r.FrameworksHome = "x" }, fetcher.StepRequest, "not an absolute path"},
		"no sandbox":               {func(r *fetcher.Request) { r.Sandbox = "" }, fetcher.StepDisk, "not an absolute path"},
		"relative sandbox":         {func(r *fetcher.Request) { r.Sandbox = "x" }, fetcher.StepDisk, "not an absolute path"},
		"missing sandbox":          {func(r *fetcher.Request) { r.Sandbox += "/x" }, fetcher.StepDisk, "no such file"},
		"sandbox is a file":        {func(r *fetcher.Request) { r.Sandbox += "/before" }, fetcher.StepDisk, "not a directory"},
		"user without group":       {func(r *fetcher.Request) { r.UID = 1 }, fetcher.StepRequest, "give both"},
		"negative user":            {func(r *fetcher.Request) { r.UID, r.GID = -2, 0 }, fetcher.StepRequest, "uid -2"},
		"huge user":                {func(r *fetcher.Request) { r.UID, r.GID = 1<<32, 0 }, fetcher.StepRequest, "uid 4294967296"},
		"negative limit":           {func(r *fetcher.Request) { r.Limits.Files = -1 }, fetcher.StepRequest, "limit Files is -1"},
		"negative redirects":       {func(r *fetcher.Request) { r.Limits.Redirects = -2 }, fetcher.StepRequest, "limit Redirects is -2"},
		"proxy is not http":        {func(r *fetcher.Request) { r.Proxy = "socks5://u:secret@h:1" }, fetcher.StepRequest, "socks5://xxxxx@h:1 cannot be used"},
		"missing CA file":          {func(r *fetcher.Request) { r.CAFile = "/missing" }, fetcher.StepRequest, "no such file"},
		"CA file is not PEM":       {func(r *fetcher.Request) { r.CAFile = r.Sandbox + "/before" }, fetcher.StepRequest, "no certificate"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("home/a", "a", 0o644)
			r := w.request(fetcher.URI{Value: "a"})
			test.change(&r)
			w.mustRefuse(failure{step: test.step, text: test.text}, r)
		})
	}
}

func TestBadFiles(t *testing.T) {
	w := newWorld(t)
	if err := syscall.Mkfifo(filepath.Join(w.home, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.write("home/long", "1234", 0o644)
	w.write("home/dir/x", "", 0o644)
	for value, want := range map[string]failure{
		"missing":   {step: fetcher.StepOpen, text: "no such file"},
		"dir":       {step: fetcher.StepOpen, text: "directory, not a regular file"},
		"fifo":      {step: fetcher.StepOpen, text: "named pipe, not a regular file"},
		"/dev/zero": {step: fetcher.StepOpen, text: "device, not a regular file"},
		"long":      {step: fetcher.StepDownload, text: "3 bytes", limit: "Bytes"},
		// A file of the kernel has a size of 0, and more to read.
		"/proc/self/maps": {step: fetcher.StepDownload, text: "3 bytes", limit: "Bytes"},
	} {
		t.Run(value, func(t *testing.T) {
			r := w.request(fetcher.URI{Value: value})
			r.Limits.Bytes = 3
			w.mustRefuse(want, r)
		})
	}
}

// Names that the sandbox needs cannot be had in any way.
func TestKeep(t *testing.T) {
	w := newWorld(t)
	w.write("home/stdout", "x", 0o644)
	for name, uri := range map[string]fetcher.URI{
		"by name":        {Value: "stdout"},
		"by output file": {Value: "stdout", OutputFile: "./stderr"},
		"as a directory": {Value: "stdout", OutputFile: "stderr/x"},
		"in an archive":  w.extractOf("a.tar", pack(t, regular("ok", ""), regular("stdout", "x"))),
		"as a link":      w.extractOf("b.tar", pack(t, symlink("stdout", "before"))),
		"as a tree":      w.extractOf("c.tar", pack(t, regular("stderr/x", ""))),
	} {
		t.Run(name, func(t *testing.T) {
			r := w.request(uri)
			r.Keep = []string{"stdout", "stderr"}
			w.mustRefuse(failure{step: fetcher.StepDisk, text: "needs for itself"}, r)
		})
	}
	r := w.request(fetcher.URI{Value: "stdout", OutputFile: "dir/stdout"})
	r.Keep = []string{"stdout"}
	if err := fetcher.Fetch(t.Context(), r); err != nil {
		t.Errorf("a name further down is refused too: %v", err)
	}
}

// What cannot be published in full is not published in part, and what was
// replaced on the way is there again.
func TestPublicationIsUndone(t *testing.T) {
	w := newWorld(t)
	w.write("sandbox/a/old", "old", 0o600)
	w.write("sandbox/z/dir/x", "in the way", 0o644)
	r := w.request(w.extractOf("a.tar", pack(t,
		regular("a/new", "new"), regular("a/old", "new"), regular("b/new", "new"), regular("z/dir", "new"))))
	w.mustRefuse(failure{step: fetcher.StepDisk, text: `"z/dir" is already in the sandbox as a directory`}, r)
}

// A failure leaves what earlier URIs brought.
func TestInOrder(t *testing.T) {
	w := newWorld(t)
	w.write("home/a", "a", 0o644)
	err := fetcher.Fetch(t.Context(), w.request(
		fetcher.URI{Value: "a", OutputFile: "1"}, fetcher.URI{Value: "missing"}, fetcher.URI{Value: "a", OutputFile: "2"}))
	if e, ok := errors.AsType[*fetcher.Error](err); !ok || e.URI != "missing" {
		t.Errorf("error %v, want one about the URI missing", err)
	}
	w.wantTree("-rw-r--r-- 1 = a")
}

func TestCancel(t *testing.T) {
	began := make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the task was killed")
	go func() {
		<-began
		cancel(gone)
	}()
	w := newWorld(t)
	e := w.mustFail(failure{step: fetcher.StepOpen, text: "the task was killed"}, func() error {
		return fetcher.Fetch(ctx, w.request(fetcher.URI{Value: s.URL + "/f"}))
	})
	if !errors.Is(e, gone) {
		t.Errorf("%v does not wrap the cause", e)
	}
}

func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := newWorld(t)
	w.write("home/a", "a", 0o644)
	w.mustFail(failure{step: fetcher.StepDownload, text: "canceled"}, func() error {
		return fetcher.Fetch(ctx, w.request(fetcher.URI{Value: "a"}))
	})
}

func TestNothingToFetch(t *testing.T) {
	w := newWorld(t)
	w.fetch()
	w.wantTree()
}
