// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// counts is how often each word occurs.
type counts map[string]int

// count counts the words of text: runs of letters, without regard to case.
func count(text []byte) counts {
	words := counts{}
	for len(text) > 0 {
		text = text[skip(text, false):]
		end := skip(text, true)
		if end > 0 {
			words[string(bytes.ToLower(text[:end]))]++
		}
		text = text[end:]
	}
	return words
}

// skip returns the length of the longest prefix of text of which each rune is a
// letter, or none is.
func skip(text []byte, letters bool) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if unicode.IsLetter(r) != letters {
			break
		}
		n += size
	}
	return n
}

// cut cuts text into n shards of about the same size. It cuts at spaces only, so
// that no word is cut. Shards at the end are empty when there is too little text.
func cut(text []byte, n int) [][]byte {
	shards := make([][]byte, 0, n)
	for left := n; left > 0; left-- {
		end := len(text) / left
		for end < len(text) && !space(text[end]) {
			end++
		}
		shards = append(shards, text[:end])
		text = text[end:]
	}
	return shards
}

func space(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// add adds what another shard counted.
func (c counts) add(o counts) {
	for word, n := range o {
		c[word] += n
	}
}

// sum is the number of words, repeated ones included.
func (c counts) sum() int {
	sum := 0
	for _, n := range c {
		sum += n
	}
	return sum
}

type entry struct {
	word string
	n    int
}

// sorted returns the words, the most frequent first, equally frequent ones by
// alphabet.
func (c counts) sorted() []entry {
	entries := make([]entry, 0, len(c))
	for word, n := range c {
		entries = append(entries, entry{word, n})
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.word, b.word))
	})
	return entries
}

// encode makes of counts what fits into a status update: sorted lines,
// compressed.
func (c counts) encode() ([]byte, error) {
	lines := make([]string, 0, len(c))
	for word, n := range c {
		lines = append(lines, fmt.Sprintf("%s %d\n", word, n))
	}
	slices.Sort(lines)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	for _, line := range lines {
		if _, err := io.WriteString(z, line); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

// maxEncoded bounds what decode unpacks, in bytes.
const maxEncoded = 256 << 20

// decode is the opposite of encode.
func decode(data []byte) (counts, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	words := counts{}
	lines := bufio.NewScanner(io.LimitReader(z, maxEncoded))
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(number)
		if err != nil || word == "" || n < 1 {
			return nil, fmt.Errorf("counts: line %q: must be a word and a number", lines.Text())
		}
		words[word] = n
	}
	return words, lines.Err()
}
