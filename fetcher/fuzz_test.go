// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tepui/tepui/fetcher"
)

// fuzzLimits keep a single input cheap.
var fuzzLimits = fetcher.Limits{ExtractedBytes: 1 << 20, Files: 100, PathLength: 200}

// fuzzExtract checks that an archive of any content is extracted or refused
// with a named error, leaves no link that leads out, and touches nothing else.
func fuzzExtract(f *testing.F, name string) {
	f.Fuzz(func(t *testing.T, content []byte) {
		w := newWorld(t)
		r := w.request(w.extractOf(name, content))
		r.Limits = fuzzLimits
		before := tree(t, w.top)
		err := fetcher.Fetch(t.Context(), r)
		if err == nil {
			w.checkInside()
			if err := os.RemoveAll(w.sandbox); err != nil {
				t.Fatal(err)
			}
			before = without(before, "sandbox")
		} else if e, ok := errors.AsType[*fetcher.Error](err); !ok || e.Step == "" || e.URI != name {
			t.Errorf("error %#v does not say what failed", err)
		}
		if diff := cmp.Diff(before, tree(t, w.top)); diff != "" {
			t.Errorf("changed beside what was fetched (-before +after):\n%s", diff)
		}
	})
}

// checkInside fails if something in the sandbox leads out of it or has a mode
// that it must not have.
func (w *world) checkInside() {
	w.t.Helper()
	for _, line := range tree(w.t, w.sandbox) {
		mode, rest, _ := strings.Cut(line, " ")
		if link, _, isLink := strings.Cut(rest, " -> "); isLink && mode == "link" {
			real, err := filepath.EvalSymlinks(filepath.Join(w.sandbox, link))
			if err == nil && real != w.sandbox && !strings.HasPrefix(real, w.sandbox+"/") {
				w.t.Errorf("%s leads to %s", line, real)
			}
			continue
		}
		if strings.Trim(mode[1:], "rwx-") != "" || !strings.Contains("-d", mode[:1]) {
			w.t.Errorf("%s has a mode that is not allowed", line)
		}
	}
}

// without drops the lines about dir and what is in it.
func without(lines []string, dir string) []string {
	var list []string
	for _, line := range lines {
		if _, name, _ := strings.Cut(line, " "); name != dir && !strings.HasPrefix(name, dir+"/") {
			list = append(list, line)
		}
	}
	return list
}

func FuzzTar(f *testing.F) {
	f.Add(pack(f, directory("d/"), regular("d/a", "a"), symlink("d/l", "../d/a"), hardlink("h", "d/a")))
	f.Add(pack(f, symlink("a/up", ".."), symlink("b", "a/up/.."), regular("b/outside", "x")))
	f.Add(pack(f, regular("../outside", "x")))
	f.Add(sparse(1 << 40))
	fuzzExtract(f, "a.tar")
}

func FuzzTarGz(f *testing.F) {
	f.Add(gz(f, pack(f, regular("a", "a"))))
	f.Add(gz(f, nil))
	fuzzExtract(f, "a.tgz")
}

func FuzzZip(f *testing.F) {
	f.Add(packZip(f, zipped{name: "d/a", content: "a"}, zipped{name: "l", content: "d/a", mode: os.ModeSymlink | 0o777}))
	f.Add(packZip(f, zipped{name: "../outside", content: "a"}))
	fuzzExtract(f, "a.zip")
}

// FuzzURI checks that any URI is refused, or names a file inside the sandbox.
func FuzzURI(f *testing.F) {
	f.Add("a", "")
	f.Add("file:///../../etc/%70asswd", "x/../../y")
	f.Add("http://[::1", "b")
	f.Fuzz(func(t *testing.T, value, output string) {
		if strings.Contains(strings.ToLower(value), "http") {
			t.Skip("no network")
		}
		w := newWorld(t)
		w.write("home/a", "a", 0o644)
		before := without(tree(t, w.top), "sandbox")
		err := fetcher.Fetch(t.Context(), w.request(fetcher.URI{Value: value, OutputFile: output}))
		if e, ok := errors.AsType[*fetcher.Error](err); err != nil && (!ok || e.Step == "") {
			t.Errorf("error %#v does not say what failed", err)
		}
		w.checkInside()
		if diff := cmp.Diff(before, without(tree(t, w.top), "sandbox")); diff != "" {
			t.Errorf("changed outside of the sandbox (-before +after):\n%s", diff)
		}
	})
}
