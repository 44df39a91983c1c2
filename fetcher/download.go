// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"io"
	"os"
	"time"
)

// download is one URI on its way into a stage.
type download struct {
	limits Limits
	target target
	stage  *stage
	got    *blob // set by a run that succeeds
}

// run copies the target from src into a new file called name. It ends, at the
// latest, when no byte has come for Limits.Stall.
func (d *download) run(ctx context.Context, src source, name string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.limits.Stall, func() { cancel(d.limits.overStall()) })
	defer stall.Stop()

	in, err := src.open(ctx, d.target)
	if err != nil {
		return at(StepOpen, ended(ctx, err))
	}
	defer in.body.Close() // read to its end or given up: nothing to learn
	if in.size > d.limits.Bytes {
		return at(StepDownload, d.limits.overBytes())
	}
	out, err := d.stage.create(name)
	if err != nil {
		return at(StepDisk, err)
	}
	r := &boundedReader{
		ctx: ctx, r: in.body, left: d.limits.Bytes, over: d.limits.overBytes(),
		alive: func() { stall.Reset(d.limits.Stall) },
	}
	n, err := copyTo(out, r, make([]byte, copySize))
	if err != nil {
		return at(StepDownload, ended(ctx, err))
	}
	d.got = &blob{file: out, size: n, mode: in.mode & 0o111}
	return nil
}

// ended returns why ctx ended, if it did, and else err: the end of a context
// breaks reads and dials in ways that say nothing of their reason.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// copySize is the size of the pieces in which bytes are moved.
const copySize = 128 << 10

// copyTo copies all of r into f through buf. It is io.Copy without the shortcuts that
// would pass by a reader that counts, and it tells an error of the disk from
// one of the source.
func copyTo(f *os.File, r io.Reader, buf []byte) (int64, error) {
	return io.CopyBuffer(diskWriter{f}, readerOnly{r}, buf)
}

type readerOnly struct{ io.Reader }

// diskWriter is a file whose write errors say that they are about the disk.
type diskWriter struct{ f *os.File }

func (w diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, at(StepDisk, err)
}

// boundedReader reads r until ctx ends or more than left bytes have come.
type boundedReader struct {
	ctx   context.Context
	r     io.Reader
	left  int64
	over  error  // what to say when there is more
	alive func() // called after each read that brought something
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	n, err := b.r.Read(p)
	if n > 0 {
		b.alive()
	}
	if int64(n) > b.left {
		return int(b.left), b.over
	}
	b.left -= int64(n)
	return n, err
}
