// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tepui/tepui/fetcher"
)

// hostile is an archive that must be refused.
type hostile struct {
	file    string // its name
	content []byte
	want    failure
	limits  fetcher.Limits
	prepare func(w *world) // optional
}

func (h hostile) run(t *testing.T) {
	w := newWorld(t)
	if h.prepare != nil {
		h.prepare(w)
	}
	r := w.request(w.extractOf(h.file, h.content))
	r.Limits = h.limits
	w.mustRefuse(h.want, r)
}

// inEntry is the failure of one entry.
func inEntry(name, text string) failure {
	return failure{step: fmt.Sprintf("extract entry %q", name), text: text}
}

func TestHostileNamesAndLinks(t *testing.T) {
	good := regular("good", "extracted before the bad one")
	tarOf := func(headers ...tar.Header) []byte { return pack(t, append([]tar.Header{good}, headers...)...) }
	tests := map[string]hostile{
		"climbs":                    {content: tarOf(regular("../outside", "x")), want: inEntry("../outside", "\"..\"")},
		"climbs inside":             {content: tarOf(regular("a/../b", "x")), want: inEntry("a/../b", "\"..\"")},
		"climbs with a directory":   {content: tarOf(directory("../d/")), want: inEntry("../d/", "\"..\"")},
		"absolute":                  {content: tarOf(regular("/tmp/x", "x")), want: inEntry("/tmp/x", "absolute")},
		"replaces the sandbox":      {content: tarOf(symlink("./", "x")), want: inEntry("./", "the sandbox itself")},
		"symlink absolute":          {content: tarOf(symlink("l", "/etc/passwd")), want: inEntry("l", "absolute path")},
		"symlink climbs":            {content: tarOf(symlink("l", "../outside")), want: inEntry("l", "outside of the sandbox")},
		"symlink climbs from below": {content: tarOf(symlink("a/b/l", "../../../outside")), want: inEntry("a/b/l", "outside of the sandbox")},
		"symlink climbs late":       {content: tarOf(symlink("l", "a/b/../../../outside")), want: inEntry("l", "outside of the sandbox")},
		"symlink to nowhere":        {content: packEmptyLink(t), want: inEntry("l", "not a path")},
		"symlink climbs through another": {
			// deep/up leads to the top, so deep/up/.. leads above it, though
			// its text says "deep".
			content: tarOf(symlink("deep/up", ".."), symlink("l", "deep/up/..")),
			want:    inEntry("l", "cannot be followed inside"),
		},
		"symlink climbs through a later one": {
			content: tarOf(symlink("l", "deep/up/.."), symlink("deep/up", "..")),
			want:    inEntry("l", "cannot be followed inside"),
		},
		"hard link moves a symlink up": {
			content: tarOf(symlink("a/l", "../good"), hardlink("l", "a/l")),
			want:    inEntry("l", "cannot be followed inside"),
		},
		"symlink loop": {content: tarOf(symlink("a", "b"), symlink("b", "a")), want: inEntry("a", "cannot be followed inside")},
		"writes through a symlink out": {
			content: tarOf(symlink("l", ".."), regular("l/outside", "x")), want: inEntry("l", "outside of the sandbox"),
		},
		"writes through two symlinks": {
			content: tarOf(symlink("a/up", ".."), symlink("b", "a/up/.."), regular("b/outside", "x")),
			want:    inEntry("b/outside", "not a directory"),
		},
		"hard link out":               {content: tarOf(hardlink("l", "../../outside")), want: inEntry("l", "\"..\"")},
		"hard link absolute":          {content: tarOf(hardlink("l", "/etc/passwd")), want: inEntry("l", "absolute")},
		"hard link to what was there": {content: tarOf(hardlink("l", "before")), want: inEntry("l", "no earlier file")},
		"hard link to a later file":   {content: tarOf(hardlink("l", "x"), regular("x", "")), want: inEntry("l", "no earlier file")},
		"hard link to a directory":    {content: tarOf(directory("d/"), hardlink("l", "d")), want: inEntry("l", "no earlier file")},
		"hard link to itself alone":   {content: tarOf(hardlink("l", "l")), want: inEntry("l", "no such file")},
		"fifo":                        {content: tarOf(tar.Header{Typeflag: tar.TypeFifo, Name: "p"}), want: inEntry("p", "named pipe")},
		"character device":            {content: tarOf(tar.Header{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}), want: inEntry("null", "device")},
		"block device":                {content: tarOf(tar.Header{Typeflag: tar.TypeBlock, Name: "sda", Devmajor: 8}), want: inEntry("sda", "device")},
		"unknown kind":                {content: tarOf(tar.Header{Typeflag: 'Z', Name: "z"}), want: inEntry("z", "special file")},
		"file over directory":         {content: tarOf(directory("d/"), regular("d", "x")), want: inEntry("d", "is a directory")},
		"directory over file":         {content: tarOf(regular("d", "x"), directory("d/")), want: inEntry("d/", "not a directory")},
		"file below a file":           {content: tarOf(regular("good/x", "x")), want: inEntry("good/x", "not a directory")},
		"link over directory":         {content: tarOf(directory("d/"), symlink("d", "good")), want: inEntry("d", "is a directory")},
		"directory over what was there": {
			content: tarOf(directory("before/")), want: failure{step: fetcher.StepDisk, text: "already in the sandbox as a regular file"},
		},
		"file over directory that was there": {
			content: tarOf(regular("dir", "x")),
			prepare: func(w *world) { w.write("sandbox/dir/x", "x", 0o644) },
			want:    failure{step: fetcher.StepDisk, text: "already in the sandbox as a directory"},
		},
		"through a symlink that was there": {
			content: tarOf(regular("away/outside", "x")),
			prepare: func(w *world) { w.link("sandbox/away", "..") },
			want:    failure{step: fetcher.StepDisk, text: "already in the sandbox as a symbolic link"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.file = "a.tar"
			test.run(t)
		})
	}
}

func (w *world) link(name, target string) {
	w.t.Helper()
	if err := os.Symlink(target, filepath.Join(w.top, name)); err != nil {
		w.t.Fatal(err)
	}
}

// packEmptyLink returns an archive with a link to nothing, which the writer of
// archives does not write.
func packEmptyLink(t *testing.T) []byte {
	t.Helper()
	return pack(t, tar.Header{Typeflag: tar.TypeSymlink, Name: "l"})
}

func TestHostileZips(t *testing.T) {
	link := func(name, target string) zipped {
		return zipped{name: name, content: target, mode: fs.ModeSymlink | 0o777}
	}
	good := zipped{name: "good", content: "extracted before the bad one"}
	tests := map[string]hostile{
		"climbs":           {content: packZip(t, good, zipped{name: "../outside"}), want: inEntry("../outside", "\"..\"")},
		"absolute":         {content: packZip(t, good, zipped{name: "/x"}), want: inEntry("/x", "absolute")},
		"symlink out":      {content: packZip(t, good, link("l", "../outside")), want: inEntry("l", "outside of the sandbox")},
		"symlink absolute": {content: packZip(t, good, link("l", "/etc")), want: inEntry("l", "absolute path")},
		"symlink too long": {content: packZip(t, good, link("l", strings.Repeat("x", 5000))), want: inEntry("l", "not a path")},
		"zero byte":        {content: packZip(t, good, zipped{name: "a\x00b"}), want: inEntry("a\x00b", "zero byte")},
		"no name":          {content: packZip(t, good, zipped{name: ""}), want: inEntry("", "name is empty")},
		"backslash":        {content: packZip(t, good, zipped{name: `..\x`}), want: inEntry(`..\x`, "backslash")},
		"encrypted":        {content: packZip(t, good, zipped{name: "a", flags: 1}), want: inEntry("a", "encrypted")},
		"fifo":             {content: packZip(t, good, zipped{name: "p", mode: fs.ModeNamedPipe | 0o644}), want: inEntry("p", "named pipe")},
		"device":           {content: packZip(t, good, zipped{name: "d", mode: fs.ModeDevice | 0o644}), want: inEntry("d", "device")},
		"bad checksum":     {content: corrupt(packZip(t, zipped{name: "a", content: "hello"})), want: inEntry("a", "")},
		"unknown method":   {content: otherMethod(packZip(t, zipped{name: "a", content: "hello"})), want: inEntry("a", "unsupported compression")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.file = "a.zip"
			test.run(t)
		})
	}
}

// corrupt changes a byte of the first entry's content.
func corrupt(archive []byte) []byte {
	archive[30+1] ^= 0xff // after the header of 30 bytes and the name of one
	return archive
}

// otherMethod gives the first entry a compression that nobody knows.
func otherMethod(archive []byte) []byte {
	directory := bytes.Index(archive, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint16(archive[directory+10:], 77)
	return archive
}

func TestBadArchives(t *testing.T) {
	sound := pack(t, regular("a", noise(8000)), regular("b", "b"))
	packed := gz(t, sound)
	extract := func(text string) failure { return failure{step: fetcher.StepExtract, text: text} }
	tests := map[string]hostile{
		"empty tar":                   {file: "a.tar", want: extract("empty file")},
		"empty tgz":                   {file: "a.tgz", want: extract("empty file")},
		"empty zip":                   {file: "a.zip", want: extract("empty file")},
		"web page as tgz":             {file: "a.tgz", content: []byte("<html>Not found</html>"), want: extract("not a gzip file")},
		"web page as tar":             {file: "a.tar", content: []byte("<html>" + strings.Repeat(" ", 1000)), want: extract("not a tar archive")},
		"web page as zip":             {file: "a.zip", content: []byte("<html>"), want: extract("not a zip archive")},
		"tar as tgz":                  {file: "a.tgz", content: sound, want: extract("not a gzip file")},
		"gzip of something else":      {file: "a.tgz", content: gz(t, bytes.Repeat([]byte("text"), 500)), want: extract("not a tar archive")},
		"gzip of nothing":             {file: "a.tgz", content: gz(t, nil), want: extract("no entry")},
		"one byte":                    {file: "a.tar.gz", content: []byte{0x1f}, want: extract("unexpected EOF")},
		"tar cut in a header":         {file: "a.tar", content: sound[:300], want: extract("unexpected EOF")},
		"tar cut in a file":           {file: "a.tar", content: sound[:2000], want: inEntry("a", "unexpected EOF")},
		"tgz cut":                     {file: "a.tgz", content: packed[:len(packed)/2], want: inEntry("a", "unexpected EOF")},
		"tgz cut before its checksum": {file: "a.tgz", content: packed[:len(packed)-4], want: extract("unexpected EOF")},
		"tgz with a wrong checksum":   {file: "a.tgz", content: wrongSum(packed), want: extract("invalid checksum")},
		"tgz with garbage after it":   {file: "a.tgz", content: append(bytes.Clone(packed), "garbage"...), want: extract("reading to the end")},
		"zip cut":                     {file: "a.zip", content: packZip(t, zipped{name: "a"})[:40], want: extract("not a zip archive")},
	}
	for name, test := range tests {
		t.Run(name, test.run)
	}
}

// noise returns n bytes that do not compress, always the same.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b) // never fails
	return string(b)
}

func wrongSum(packed []byte) []byte {
	packed = bytes.Clone(packed)
	packed[len(packed)-8] ^= 1
	return packed
}

func TestBombs(t *testing.T) {
	zeros := string(make([]byte, 1<<20))
	many := make([]tar.Header, 100)
	for i := range many {
		many[i] = regular(fmt.Sprint(i), "")
	}
	extracted := fetcher.Limits{ExtractedBytes: 1 << 19}
	tests := map[string]hostile{
		"tar": {file: "a.tar", content: pack(t, regular("a", zeros)), limits: extracted, want: withLimit(inEntry("a", "524288 bytes"), "ExtractedBytes")},
		"tgz": {file: "a.tgz", content: gz(t, pack(t, regular("a", zeros))), limits: extracted, want: withLimit(inEntry("a", "524288 bytes"), "ExtractedBytes")},
		"zip": {file: "a.zip", content: packZip(t, zipped{name: "a", content: zeros}), limits: extracted, want: withLimit(inEntry("a", "524288 bytes"), "ExtractedBytes")},
		"many small files": {
			file: "a.tar", content: pack(t, regular("a", zeros[:1<<18]), regular("b", zeros[:1<<18]), regular("c", "x")),
			limits: extracted, want: withLimit(inEntry("c", "524288 bytes"), "ExtractedBytes"),
		},
		"entries in tar": {file: "a.tar", content: pack(t, many...), limits: fetcher.Limits{Files: 10}, want: withLimit(inEntry("10", "10 entries"), "Files")},
		"entries in zip": {
			file: "a.zip", content: packZip(t, zipped{name: "a"}, zipped{name: "b"}, zipped{name: "c"}),
			limits: fetcher.Limits{Files: 2}, want: withLimit(inEntry("c", "2 entries"), "Files"),
		},
		"directories that are not listed": {
			file: "a.tar", content: pack(t, regular(strings.Repeat("d/", 50)+"f", "")),
			limits: fetcher.Limits{Files: 20}, want: withLimit(inEntry(strings.Repeat("d/", 50)+"f", "20 entries"), "Files"),
		},
		"global headers": {
			file: "a.tar", content: pack(t, comment(), comment(), comment()),
			limits: fetcher.Limits{Files: 2}, want: withLimit(failure{step: fetcher.StepExtract, text: "2 entries"}, "Files"),
		},
		"long name": {
			file: "a.tar", content: pack(t, regular(strings.Repeat("x/", 600)+"f", "")),
			want: withLimit(inEntry(strings.Repeat("x/", 256)+"...", "1024 bytes"), "PathLength"),
		},
		"headers without end": {
			file: "a.tgz", content: endlessHeaders(t, 4<<20), limits: extracted,
			want: withLimit(failure{step: fetcher.StepExtract, text: "524288 bytes"}, "ExtractedBytes"),
		},
		"sparse": {
			file: "a.tar", content: sparse(8 << 30), limits: extracted,
			want: withLimit(inEntry("holes", "524288 bytes"), "ExtractedBytes"),
		},
		"padding after the end": {
			file: "a.tgz", content: gz(t, append(pack(t, regular("a", "")), make([]byte, 4<<20)...)), limits: extracted,
			want: withLimit(failure{step: fetcher.StepExtract, text: "524288 bytes"}, "ExtractedBytes"),
		},
	}
	for name, test := range tests {
		t.Run(name, test.run)
	}
}

func withLimit(f failure, limit string) failure {
	f.limit = limit
	return f
}

// A ratio counts only from a size on at which it could hurt, so these two
// write some megabytes.
func TestRatio(t *testing.T) {
	zeros := string(make([]byte, fetcher.RatioFloor+1))
	want := withLimit(inEntry("a", "200 times"), "Ratio")
	t.Run("tgz", hostile{file: "a.tgz", content: gz(t, pack(t, regular("a", zeros))), want: want}.run)
	t.Run("zip", hostile{file: "a.zip", content: packZip(t, zipped{name: "a", content: zeros}), want: want}.run)
	t.Run("headers without end", hostile{
		file: "a.tgz", content: endlessHeaders(t, fetcher.RatioFloor+4<<20),
		want: withLimit(failure{step: fetcher.StepExtract, text: "200 times"}, "Ratio"),
	}.run)
	t.Run("below the floor", func(t *testing.T) {
		w := newWorld(t)
		w.fetch(w.extractOf("a.tgz", gz(t, pack(t, regular("a", zeros[:1<<20])))))
	})
	t.Run("raised", func(t *testing.T) {
		w := newWorld(t)
		r := w.request(w.extractOf("a.tgz", gz(t, pack(t, regular("a", zeros)))))
		r.Limits.Ratio = 2000
		if err := fetcher.Fetch(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
}

func TestLimitsSpanArchives(t *testing.T) {
	for limit, limits := range map[string]fetcher.Limits{"Files": {Files: 3}, "ExtractedBytes": {ExtractedBytes: 3}} {
		t.Run(limit, func(t *testing.T) {
			w := newWorld(t)
			a := w.extractOf("a.tar", pack(t, regular("a", "1"), regular("b", "2")))
			r := w.request(a, a)
			r.Limits = limits
			err := fetcher.Fetch(t.Context(), r)
			if err == nil || !strings.Contains(err.Error(), limit) {
				t.Errorf("error %v, want one about %s", err, limit)
			}
			w.wantTree("-rw-r--r-- a = 1", "-rw-r--r-- b = 2")
		})
	}
}

func comment() tar.Header {
	return tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}
}

// endlessHeaders returns a small file that expands to n bytes of headers, each
// of which only announces the next.
func endlessHeaders(t *testing.T, n int) []byte {
	t.Helper()
	one := pack(t, tar.Header{Typeflag: tar.TypeReg, Name: "x", PAXRecords: map[string]string{"TEPUI.x": "y"}})[:1024]
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	for range n / len(one) {
		if _, err := w.Write(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sparse returns an archive of some blocks with a file of the given size that
// is one hole.
func sparse(size int64) []byte {
	block := make([]byte, 512)
	copy(block, "holes")
	copy(block[100:], "0000644\x00")
	copy(block[108:], "0000000\x000000000\x00")
	copy(block[124:], "00000000000\x00")              // bytes in the archive
	copy(block[136:], "00000000000\x00")              // time
	block[156] = 'S'                                  // GNU sparse
	copy(block[257:], "ustar  \x00")                  // GNU
	copy(block[386:], fmt.Sprintf("%011o\x00", size)) // one empty piece, at the end
	copy(block[398:], "00000000000\x00")
	copy(block[483:], fmt.Sprintf("%011o\x00", size)) // real size
	copy(block[148:], "        ")
	sum := 0
	for _, b := range block {
		sum += int(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(block, make([]byte, 1024)...)
}
