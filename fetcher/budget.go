// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"io"
)

// budget is what is left of the limits that all archives of a request share.
type budget struct {
	limits Limits
	bytes  int64
	files  int
}

func newBudget(l Limits) *budget {
	return &budget{limits: l, bytes: l.ExtractedBytes, files: l.Files}
}

// entry takes one entry.
func (b *budget) entry() error {
	if b.files == 0 {
		return b.limits.overFiles()
	}
	b.files--
	return nil
}

// take takes n bytes.
func (b *budget) take(n int64) error {
	if n > b.bytes {
		return b.limits.overExtractedBytes()
	}
	b.bytes -= n
	return nil
}

// meter counts what one archive expands to. There are two ways to expand, and
// it counts both: the stream that a decompressor makes, of which a tar's
// headers are a part that may be large, and the bytes that are written, of
// which the holes of a sparse file are a part that is not in the stream.
type meter struct {
	ctx      context.Context
	budget   *budget
	most     int64 // by Ratio
	streamed int64
	written  int64
}

func newMeter(ctx context.Context, b *budget, archiveSize int64) *meter {
	return &meter{ctx: ctx, budget: b, most: b.limits.expansion(archiveSize)}
}

// expansion returns how many bytes an archive may expand to by its ratio.
func (l Limits) expansion(archiveSize int64) int64 {
	if archiveSize > l.ExtractedBytes/l.Ratio {
		return l.ExtractedBytes // the tighter bound; and no overflow
	}
	return max(RatioFloor, archiveSize*l.Ratio)
}

// fits says whether size more bytes may be written, before any is.
func (m *meter) fits(size int64) error {
	switch {
	case size > m.budget.bytes:
		return m.budget.limits.overExtractedBytes()
	case size > m.most-m.written:
		return m.budget.limits.overRatio()
	}
	return nil
}

// stream returns r, the output of a decompressor, counted. It does not take
// from the budget, so that no byte is taken twice.
func (m *meter) stream(r io.Reader) io.Reader {
	return &meteredReader{m: m, r: r, count: &m.streamed, take: func(int64) error { return nil }}
}

// content returns r, the content of one file, counted.
func (m *meter) content(r io.Reader) io.Reader {
	return &meteredReader{m: m, r: r, count: &m.written, take: m.budget.take}
}

// meteredReader hands out only bytes that are within the limits.
type meteredReader struct {
	m     *meter
	r     io.Reader
	count *int64
	take  func(int64) error
}

func (r *meteredReader) Read(p []byte) (int, error) {
	if r.m.ctx.Err() != nil {
		return 0, context.Cause(r.m.ctx)
	}
	n, err := r.r.Read(p)
	*r.count += int64(n)
	limits := r.m.budget.limits
	switch {
	case *r.count-streamSlack > limits.ExtractedBytes:
		return 0, limits.overExtractedBytes()
	case *r.count-streamSlack > r.m.most:
		return 0, limits.overRatio()
	}
	if bad := r.take(int64(n)); bad != nil {
		return 0, bad
	}
	return n, err
}

// streamSlack is what the headers and padding of an archive may add to its
// content before they count.
const streamSlack = 1 << 20
