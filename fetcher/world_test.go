// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/fetcher"
)

// world is a directory with a sandbox in it and things around that no fetch
// may touch.
type world struct {
	t       *testing.T
	top     string
	sandbox string
	home    string // a frameworks home
	outside string // a file beside the sandbox
}

func newWorld(t *testing.T) *world {
	t.Helper()
	top := t.TempDir()
	w := &world{
		t: t, top: top,
		sandbox: filepath.Join(top, "sandbox"),
		home:    filepath.Join(top, "home"),
		outside: filepath.Join(top, "outside"),
	}
	for _, dir := range []string{w.sandbox, w.home} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.write("outside", "secret", 0o644)
	w.write("sandbox/before", "was here", 0o644)
	return w
}

// write makes a file below top.
func (w *world) write(name, content string, mode fs.FileMode) string {
	w.t.Helper()
	path := filepath.Join(w.top, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// request returns a request for uris whose files stay with the caller.
func (w *world) request(uris ...fetcher.URI) fetcher.Request {
	return fetcher.Request{Sandbox: w.sandbox, FrameworksHome: w.home, UID: -1, GID: -1, URIs: uris}
}

// fetch fetches and expects success.
func (w *world) fetch(uris ...fetcher.URI) {
	w.t.Helper()
	if err := fetcher.Fetch(w.t.Context(), w.request(uris...)); err != nil {
		w.t.Fatal(err)
	}
}

// tree lists everything below dir as "mode path [-> target | = content]".
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		line := fmt.Sprintf("%v %s", info.Mode(), rel)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			line = fmt.Sprintf("link %s -> %s", rel, target)
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += " = " + shortened(string(content))
		}
		list = append(list, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func shortened(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%.20q... (%d bytes)", s, len(s))
	}
	return s
}

// wantTree compares the sandbox, less the file that was there before.
func (w *world) wantTree(want ...string) {
	w.t.Helper()
	var got []string
	for _, line := range tree(w.t, w.sandbox) {
		if line != "-rw-r--r-- before = was here" {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("sandbox (-want +got):\n%s", diff)
	}
}

// failure is what a failed fetch must say.
type failure struct {
	step  string // equal to Error.Step
	text  string // contained in the error's text
	limit string // equal to LimitError.Limit; empty: not a limit
}

// mustFail runs fetch, and checks that it fails in the way of want and changes
// nothing at all, inside the sandbox or outside.
func (w *world) mustFail(want failure, fetch func() error) *fetcher.Error {
	w.t.Helper()
	before := tree(w.t, w.top)
	err := fetch()
	if diff := cmp.Diff(before, tree(w.t, w.top)); diff != "" {
		w.t.Errorf("a failed fetch changed something (-before +after):\n%s", diff)
	}
	e, ok := errors.AsType[*fetcher.Error](err)
	if !ok {
		w.t.Fatalf("error is %T (%v), want a *fetcher.Error", err, err)
	}
	if e.Step != want.step || !strings.Contains(e.Error(), want.text) {
		w.t.Errorf("step %q, text %q; want step %q, text with %q", e.Step, e.Error(), want.step, want.text)
	}
	var name string
	if l, ok := errors.AsType[*fetcher.LimitError](err); ok {
		name = l.Limit
	}
	if name != want.limit {
		w.t.Errorf("limit %q in %q, want %q", name, e, want.limit)
	}
	return e
}

// mustRefuse is mustFail for the fetch of one request.
func (w *world) mustRefuse(want failure, r fetcher.Request) *fetcher.Error {
	w.t.Helper()
	return w.mustFail(want, func() error { return fetcher.Fetch(context.WithoutCancel(w.t.Context()), r) })
}
