// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
)

// maxText bounds the text, which is kept in memory.
const maxText = 1 << 30

// readText returns the contents of the file at path, unpacked if it was
// compressed by gzip. (Dictzip is gzip with an index in the header.)
func readText(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		return raw, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("%s: unpacks to more than %d bytes", path, maxText)
	}
	return text, nil
}

// head returns the first megabytes of text, up to the end of a word; all for 0.
func head(text []byte, megabytes float64) []byte {
	end := megabytes * 1e6
	if end == 0 || end >= float64(len(text)) {
		return text
	}
	n := int(end)
	for n < len(text) && !space(text[n]) {
		n++
	}
	return text[:n]
}
