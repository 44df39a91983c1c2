// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tepui/tepui/fetcher"
)

// The user that tests as root switch to: anybody who is not root.
const other = 54321

// asRoot skips a test that needs to be root, and opens its directories so that
// another user can reach them.
func asRoot(t *testing.T) *world {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to switch to another user")
	}
	w := newWorld(t)
	for dir := w.top; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// requestFor returns a request for another user, who owns the sandbox.
func (w *world) requestFor(id int, uris ...fetcher.URI) fetcher.Request {
	w.t.Helper()
	if err := os.Chown(w.sandbox, id, id); err != nil {
		w.t.Fatal(err)
	}
	r := w.request(uris...)
	r.UID, r.GID = id, id
	return r
}

// strangers lists what in the sandbox is not owned by id.
func (w *world) strangers(id int) []string {
	w.t.Helper()
	var list []string
	err := filepath.WalkDir(w.sandbox, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "/before") {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if s := info.Sys().(*syscall.Stat_t); int(s.Uid) != id || int(s.Gid) != id {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// everything names one URI for each way in which a file comes to be.
func (w *world) everything() []fetcher.URI {
	w.write("home/plain", "plain", 0o644)
	return []fetcher.URI{
		{Value: "plain"},
		{Value: "plain", OutputFile: "new/dir/plain"},
		w.extractOf("a.tgz", gz(w.t, pack(w.t,
			regular("d/e/f", "1"), directory("listed/"), symlink("l", "d/e/f"), hardlink("h", "d/e/f")))),
	}
}

func TestFetchGivesAway(t *testing.T) {
	w := asRoot(t)
	if err := fetcher.Fetch(t.Context(), w.requestFor(other, w.everything()...)); err != nil {
		t.Fatal(err)
	}
	if got := w.strangers(other); got != nil {
		t.Errorf("not owned by the user: %q", got)
	}
}

func TestSpawnSwitchesUser(t *testing.T) {
	w := asRoot(t)
	if err := w.spawn("fetch", w.requestFor(other, w.everything()...)); err != nil {
		t.Fatal(err)
	}
	if got := w.strangers(other); got != nil {
		t.Errorf("not owned by the user: %q", got)
	}
}

func TestSpawnedChildIsTheUser(t *testing.T) {
	w := asRoot(t)
	w.mustFail(failure{step: "test", text: "env=0 uid=54321 gid=54321 groups=0 dir=/ leader=true"}, func() error {
		return w.spawn("environment", w.requestFor(other))
	})
}

// A file that only root may read cannot be had by naming it.
func TestSpawnReadsAsTheUser(t *testing.T) {
	w := asRoot(t)
	secret := w.write("home/secret", "x", 0o600)
	r := w.requestFor(other, fetcher.URI{Value: secret})
	w.mustFail(failure{step: fetcher.StepOpen, text: "permission denied; the file must"}, func() error { return w.spawn("fetch", r) })
}

func TestSpawnNeedsSandboxOfTheUser(t *testing.T) {
	w := asRoot(t)
	w.write("home/a", "x", 0o644)
	r := w.requestFor(0, fetcher.URI{Value: "a"})
	r.UID, r.GID = other, other
	w.mustFail(failure{step: fetcher.StepDisk, text: "must be writable for the user"}, func() error { return w.spawn("fetch", r) })
}

// Without root, files cannot be given away, and that is an error and not a
// file with the wrong owner.
func TestGivingAwayNeedsRoot(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("needs a user that is not root")
	}
	w := newWorld(t)
	w.write("home/a", "x", 0o644)
	r := w.request(fetcher.URI{Value: "a"})
	r.UID, r.GID = other, other
	w.mustRefuse(failure{step: fetcher.StepDisk, text: "fetch as that user or as root"}, r)
}
