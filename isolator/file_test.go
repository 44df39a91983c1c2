// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package isolator

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSetWritesAndReadsBack(t *testing.T) {
	g := fakeGroup(t, map[string]string{"memory.max": "max\n"})
	if err := g.set("memory.max", "4096"); err != nil {
		t.Fatal(err)
	}
	if got := holds(t, g, "memory.max")["memory.max"]; got != "4096" {
		t.Errorf("memory.max holds %q", got)
	}
}

func TestLimitErrorSaysWhatIs(t *testing.T) {
	g := fakeGroup(t, map[string]string{"cpu.weight": "100\n"})
	for _, c := range []struct {
		name string
		err  error
		want LimitError
		text string
	}{
		{
			"the kernel made something else of it", g.verify("cpu.weight", "50"),
			LimitError{File: g.path + "/cpu.weight", Want: "50", Got: "100"},
			"limit " + g.path + "/cpu.weight: want 50, is 100",
		},
		{
			"no such file", g.set("cpu.max", "50000 100000"),
			LimitError{File: g.path + "/cpu.max", Want: "50000 100000", Err: syscall.ENOENT},
			"limit " + g.path + "/cpu.max: want 50000 100000: no such file or directory",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got *LimitError
			if !errors.As(c.err, &got) {
				t.Fatalf("got %v", c.err)
			}
			if diff := cmp.Diff(c.want, *got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.Error() != c.text {
				t.Errorf("got %q, want %q", got.Error(), c.text)
			}
		})
	}
}

// A name never leads out of the group, whatever it is and whatever it points to.
func TestAccessStaysInTheGroup(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	g := fakeGroup(t, map[string]string{"inside": "1"})
	for name, to := range map[string]string{"absolute": outside, "relative": "../" + filepath.Base(filepath.Dir(outside)), "local": "inside"} {
		if err := os.Symlink(to, filepath.Join(g.path, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"absolute", "relative", "local", "../x", outside, "/"} {
		if text, err := g.read(name); err == nil {
			t.Errorf("read %q gives %q", name, text)
		}
		if err := g.write(name, "x"); err == nil {
			t.Errorf("write %q succeeds", name)
		}
		if child, err := g.child(name); err == nil {
			t.Errorf("child %q is %s", name, child.path)
		}
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "secret" {
		t.Errorf("outside holds %q, %v", b, err)
	}
}

func TestReadIsBounded(t *testing.T) {
	g := fakeGroup(t, map[string]string{"most": strings.Repeat("x", maxFile-1), "more": strings.Repeat("x", maxFile)})
	if text, err := g.read("most"); err != nil || len(text) != maxFile-1 {
		t.Errorf("most: %d bytes, %v", len(text), err)
	}
	if _, err := g.read("more"); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("more: %v", err)
	}
}

func TestGroupsAreMadeOnceAndRemovedFromTheBottom(t *testing.T) {
	g := fakeGroup(t, nil)
	a, err := g.make("a")
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	for _, name := range []string{"b", "c"} {
		b, err := a.make(name)
		if err != nil {
			t.Fatal(err)
		}
		defer b.close()
	}
	if _, err := g.make("a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if err := g.remove("a"); !errors.Is(err, syscall.ENOTEMPTY) {
		t.Errorf("removed with children: %v", err)
	}
	if err := g.removeBelow(); err != nil {
		t.Error(err)
	}
	if names, err := g.children(); err != nil || len(names) > 0 {
		t.Errorf("left: %v, %v", names, err)
	}
}

func TestAClosedGroupIsNoOther(t *testing.T) {
	g, err := openGroup(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.read("x"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}
