// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/fetcher"
)

// extractOf returns the URI of an archive in the frameworks home.
func (w *world) extractOf(name string, content []byte) fetcher.URI {
	w.t.Helper()
	w.write("home/"+name, string(content), 0o644)
	return fetcher.URI{Value: name, Extract: true}
}

func TestExtractEveryKind(t *testing.T) {
	files := []tar.Header{directory("bin/"), withMode(regular("bin/run", "#!/bin/sh\n"), 0o755), regular("README", "read me")}
	want := []string{"-rw-r--r-- README = read me", "drwxr-xr-x bin", "-rwxr-xr-x bin/run = #!/bin/sh\n"}
	for name, content := range map[string][]byte{
		"a.tar":    pack(t, files...),
		"a.tar.gz": gz(t, pack(t, files...)),
		"a.tgz":    gz(t, pack(t, files...)),
		"a.zip": packZip(t, zipped{name: "bin/", mode: fs.ModeDir | 0o755},
			zipped{name: "bin/run", content: "#!/bin/sh\n", mode: 0o755}, zipped{name: "README", content: "read me"}),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fetch(w.extractOf(name, content))
			w.wantTree(want...)
		})
	}
}

func TestExtractBzip2(t *testing.T) {
	packed := bz2(t, pack(t, withMode(regular("bin/run", "#!/bin/sh\n"), 0o755)))
	for _, name := range []string{"a.tar.bz2", "a.tbz2"} {
		w := newWorld(t)
		w.fetch(w.extractOf(name, packed))
		w.wantTree("drwxr-xr-x bin", "-rwxr-xr-x bin/run = #!/bin/sh\n")
	}
	t.Run("limits", func(t *testing.T) {
		w := newWorld(t)
		bomb := bz2(t, pack(t, regular("zeros", strings.Repeat("\x00", 8<<20))))
		r := w.request(w.extractOf("bomb.tbz2", bomb))
		r.Limits.ExtractedBytes = 4 << 20
		w.mustRefuse(failure{step: `extract entry "zeros"`, limit: "ExtractedBytes"}, r)
	})
	t.Run("damaged", func(t *testing.T) {
		w := newWorld(t)
		w.mustRefuse(failure{step: fetcher.StepExtract, text: "unexpected EOF"}, w.request(w.extractOf("a.tbz2", packed[:len(packed)-1])))
	})
}

// What was asked to be unpacked is never left packed in silence.
func TestXZIsRefused(t *testing.T) {
	for _, name := range []string{"a.tar.xz", "a.txz"} {
		w := newWorld(t)
		w.mustRefuse(failure{step: fetcher.StepRequest, text: "compressed by xz cannot be unpacked: pack it as .tar.gz"},
			w.request(w.extractOf(name, []byte("xz"))))
	}
	w := newWorld(t)
	w.write("home/a.txz", "packed", 0o644)
	w.fetch(fetcher.URI{Value: "a.txz"})
	w.wantTree("-rw-r--r-- a.txz = packed")
}

// The layouts of runtimes that are shipped as archives: links up and across,
// links to directories and into them, hard links, files that are read only.
func TestExtractRuntimeLayout(t *testing.T) {
	w := newWorld(t)
	w.fetch(w.extractOf("runtime.tgz", gz(t, pack(t,
		directory("./"),
		withMode(directory("./jdk/"), 0o555),
		withMode(regular("./jdk/bin/java", "elf"), 0o755),
		regular("./jdk/legal/base/LICENSE", "GPL"),
		symlink("./jdk/legal/xml/LICENSE", "../base/LICENSE"),
		symlink("./jdk/lib64", "lib"),
		withMode(regular("./jdk/lib/libjvm.so", "so"), 0o444),
		regular("./jdk/lib64/through", "through a link to a directory"),
		symlink("./current", "jdk"),
		hardlink("./jdk/bin/java2", "./jdk/bin/java"),
		symlink("./jdk/man", "share/man"), // to nothing
	))))
	w.wantTree(
		"link current -> jdk",
		"drwxr-xr-x jdk",
		"drwxr-xr-x jdk/bin",
		"-rwxr-xr-x jdk/bin/java = elf",
		"-rwxr-xr-x jdk/bin/java2 = elf",
		"drwxr-xr-x jdk/legal",
		"drwxr-xr-x jdk/legal/base",
		"-rw-r--r-- jdk/legal/base/LICENSE = GPL",
		"drwxr-xr-x jdk/legal/xml",
		"link jdk/legal/xml/LICENSE -> ../base/LICENSE",
		"drwxr-xr-x jdk/lib",
		"-r--r--r-- jdk/lib/libjvm.so = so",
		"-rw-r--r-- jdk/lib/through = through a link to a directory",
		"link jdk/lib64 -> lib",
		"link jdk/man -> share/man",
	)
	a, b := inode(t, w.sandbox, "jdk/bin/java"), inode(t, w.sandbox, "jdk/bin/java2")
	if a != b {
		t.Errorf("a hard link became a copy: inodes %d and %d", a, b)
	}
}

func inode(t *testing.T, dir, name string) uint64 {
	t.Helper()
	info, err := os.Lstat(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

func TestExtractZipLinksAndModes(t *testing.T) {
	w := newWorld(t)
	w.fetch(w.extractOf("a.zip", packZip(t,
		zipped{name: "lib/a.so.1", content: "so", mode: 0o755},
		zipped{name: "lib/a.so", content: "a.so.1", mode: fs.ModeSymlink | 0o777},
		zipped{name: "dos", content: "no mode", noMode: true},
		zipped{name: "shared", content: "", mode: 0o666},
	)))
	w.wantTree(
		"-rw-r--r-- dos = no mode",
		"drwxr-xr-x lib",
		"link lib/a.so -> a.so.1",
		"-rwxr-xr-x lib/a.so.1 = so",
		"-rw-r--r-- shared = ",
	)
}

func TestSetuidIsStripped(t *testing.T) {
	for name, content := range map[string][]byte{
		"a.tar": pack(t, withMode(regular("su", "x"), 0o7755), withMode(directory("tmp/"), 0o7777)),
		"a.zip": packZip(t, zipped{name: "su", content: "x", mode: fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky | 0o755},
			zipped{name: "tmp/", mode: fs.ModeDir | fs.ModeSticky | fs.ModeSetgid | 0o777}),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fetch(w.extractOf(name, content))
			w.wantTree("-rwxr-xr-x su = x", "drwxr-xr-x tmp")
		})
	}
}

func TestExtractKeepsTimes(t *testing.T) {
	w := newWorld(t)
	h := regular("a.py", "pass")
	h.ModTime = time.Date(2013, 4, 1, 12, 0, 0, 0, time.UTC)
	w.fetch(w.extractOf("a.tar", pack(t, h)))
	info, err := os.Stat(filepath.Join(w.sandbox, "a.py"))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(h.ModTime) {
		t.Errorf("modification time %v, want %v", info.ModTime(), h.ModTime)
	}
}

// Of two entries with one name the later counts, and is never written through
// the earlier.
func TestDuplicateNames(t *testing.T) {
	tests := map[string]struct {
		entries []tar.Header
		want    []string
	}{
		"file twice":        {[]tar.Header{regular("a", "1"), regular("a", "2")}, []string{"-rw-r--r-- a = 2"}},
		"directory twice":   {[]tar.Header{directory("a/"), withMode(directory("a/"), 0o700)}, []string{"drwx------ a"}},
		"file over symlink": {[]tar.Header{regular("b", "1"), symlink("a", "b"), regular("a", "2")}, []string{"-rw-r--r-- a = 2", "-rw-r--r-- b = 1"}},
		"file over hard link": {
			[]tar.Header{regular("b", "1"), hardlink("a", "b"), regular("a", "2")},
			[]string{"-rw-r--r-- a = 2", "-rw-r--r-- b = 1"},
		},
		"symlink over file":   {[]tar.Header{regular("b", "1"), regular("a", "2"), symlink("a", "b")}, []string{"link a -> b", "-rw-r--r-- b = 1"}},
		"hard link to itself": {[]tar.Header{regular("a", "1"), hardlink("a", "a")}, []string{"-rw-r--r-- a = 1"}},
		"same name spelt otherwise": {
			[]tar.Header{regular("d/a", "1"), regular("./d//a", "2")},
			[]string{"drwxr-xr-x d", "-rw-r--r-- d/a = 2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fetch(w.extractOf("a.tar", pack(t, test.entries...)))
			w.wantTree(test.want...)
		})
	}
}

func TestArchivesMerge(t *testing.T) {
	w := newWorld(t)
	w.fetch(
		w.extractOf("1.tar", pack(t, regular("bin/a", "1"), regular("bin/both", "1"), symlink("link", "bin/a"))),
		w.extractOf("2.tar", pack(t, regular("bin/b", "2"), regular("bin/both", "2"), regular("link", "2"))),
	)
	w.wantTree(
		"drwxr-xr-x bin",
		"-rw-r--r-- bin/a = 1",
		"-rw-r--r-- bin/b = 2",
		"-rw-r--r-- bin/both = 2",
		"-rw-r--r-- link = 2",
	)
}

func TestNotExtracted(t *testing.T) {
	tests := map[string]struct {
		uri  fetcher.URI
		want string
	}{
		"extract is off":             {fetcher.URI{Value: "a.tar"}, "-rw-r--r-- a.tar"},
		"executable":                 {fetcher.URI{Value: "a.tar", Extract: true, Executable: true}, "-rwxr-xr-x a.tar"},
		"output file without suffix": {fetcher.URI{Value: "a.tar", Extract: true, OutputFile: "a"}, "-rw-r--r-- a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("home/a.tar", "not looked at", 0o644)
			w.fetch(test.uri)
			w.wantTree(test.want + " = not looked at")
		})
	}
}
