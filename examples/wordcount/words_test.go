// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCount(t *testing.T) {
	tests := map[string]counts{
		"":                         {},
		" .,;1234\n":               {},
		"A rose is a rose":         {"a": 2, "rose": 2, "is": 1},
		"Ben`e*fi\"ci*a*ry":        {"ben": 1, "e": 1, "fi": 1, "ci": 1, "a": 1, "ry": 1},
		"Übermut, ÜBERMUT\nстол":   {"übermut": 2, "стол": 1},
		"broken \xff\xfe utf8\xc3": {"broken": 1, "utf": 1},
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, count([]byte(text))); diff != "" {
			t.Errorf("count(%q): want -, got +:\n%s", text, diff)
		}
	}
}

// texts are of a few runes, so that words repeat and cuts hit them.
func texts() *rapid.Generator[string] {
	return rapid.StringOf(rapid.SampledFrom([]rune("abAé \n.'1")))
}

func TestShardsCountTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(texts().Draw(t, "text"))
		n := rapid.IntRange(1, 20).Draw(t, "shards")
		shards := cut(text, n)
		if len(shards) != n {
			t.Fatalf("%d shards, want %d", len(shards), n)
		}
		if joined := bytes.Join(shards, nil); !bytes.Equal(joined, text) {
			t.Fatalf("the shards are %q together", joined)
		}
		total := counts{}
		for _, s := range shards {
			total.add(count(s))
		}
		if want := count(text); !maps.Equal(total, want) {
			t.Fatalf("shards %q count %v, want %v", shards, total, want)
		}
	})
}

func TestDecodeIsTheOppositeOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := count([]byte(texts().Draw(t, "text")))
		data, err := want.encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(data)
		if err != nil || !maps.Equal(got, want) {
			t.Fatalf("decode: %v, %v; want %v", got, err, want)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":             nil,
		"what is not gzip":    []byte("the 3\n"),
		"a word alone":        zipped("the\n"),
		"no word":             zipped(" 3\n"),
		"a number below one":  zipped("the 0\n"),
		"a number with words": zipped("the 3 of\n"),
		"what is cut off":     zipped(strings.Repeat("the 3\n", 100))[:30],
	} {
		if got, err := decode(data); err == nil {
			t.Errorf("decode of %s = %v", name, got)
		}
	}
}

func zipped(text string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(text)) // into memory
	_ = z.Close()
	return out.Bytes()
}

func TestReadText(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string][]byte{"plain.txt": []byte("some text"), "packed.dz": zipped("some text")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readText(path); err != nil || string(got) != "some text" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := readText(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that does not exist was read")
	}
}

func TestHead(t *testing.T) {
	for megabytes, want := range map[float64]string{0: "a rose is", 1e-6: "a", 3e-6: "a rose", 6e-6: "a rose", 7e-6: "a rose is", 1: "a rose is"} {
		if got := head([]byte("a rose is"), megabytes); string(got) != want {
			t.Errorf("head of %g MB is %q, want %q", megabytes, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
