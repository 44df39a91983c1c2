// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// What the fields of [Limits] mean when they are zero.
const (
	DefaultBytes          = 8 << 30
	DefaultExtractedBytes = 32 << 30
	DefaultFiles          = 500_000
	DefaultRatio          = 200
	DefaultPathLength     = 1024
	DefaultRedirects      = 10
	DefaultTime           = time.Hour
	DefaultStall          = time.Minute
)

// RatioFloor is how many bytes an archive may always expand to, whatever its
// ratio: small archives of very regular files are not bombs.
const RatioFloor = 16 << 20

// Limits bound what a fetch may use. A zero field means its default; there is
// no "unlimited".
type Limits struct {
	// Bytes is the most that one URI may bring.
	Bytes int64 `json:"bytes,omitempty"`
	// ExtractedBytes is the most that all archives of a request together may
	// expand to.
	ExtractedBytes int64 `json:"extracted_bytes,omitempty"`
	// Files is the most entries (files, directories, links) that all archives
	// of a request together may have.
	Files int `json:"files,omitempty"`
	// Ratio is the most that an archive may expand, as a multiple of its own
	// size, once it has passed RatioFloor.
	Ratio int64 `json:"ratio,omitempty"`
	// PathLength is the longest name of an archive's entry, in bytes.
	PathLength int `json:"path_length,omitempty"`
	// Redirects is the most redirects that are followed for one URI; -1
	// follows none.
	Redirects int `json:"redirects,omitempty"`
	// Time is the longest that the whole request may take.
	Time time.Duration `json:"time,omitempty"`
	// Stall is the longest that a source may go without sending a byte.
	Stall time.Duration `json:"stall,omitempty"`
}

// LimitError says that a fetch ran into one of its [Limits].
type LimitError struct {
	// Limit is the name of the field of [Limits].
	Limit string `json:"limit"`
	// Value is what it was set to, with its unit: "1024 bytes".
	Value string `json:"value"`
}

// Error names the limit, its value, and what to do.
func (e *LimitError) Error() string {
	return fmt.Sprintf("over the limit %s of %s; ship less, or have the limit raised", e.Limit, e.Value)
}

func (l Limits) overBytes() error {
	return &LimitError{"Bytes", strconv.FormatInt(l.Bytes, 10) + " bytes"}
}

func (l Limits) overExtractedBytes() error {
	return &LimitError{"ExtractedBytes", strconv.FormatInt(l.ExtractedBytes, 10) + " bytes"}
}

func (l Limits) overFiles() error {
	return &LimitError{"Files", strconv.Itoa(l.Files) + " entries"}
}

func (l Limits) overRatio() error {
	return &LimitError{"Ratio", strconv.FormatInt(l.Ratio, 10) + " times the size of the archive"}
}

func (l Limits) overPathLength() error {
	return &LimitError{"PathLength", strconv.Itoa(l.PathLength) + " bytes"}
}

func (l Limits) overRedirects() error {
	return &LimitError{"Redirects", strconv.Itoa(max(l.Redirects, 0)) + " redirects"}
}

func (l Limits) overTime() error { return &LimitError{"Time", l.Time.String()} }

func (l Limits) overStall() error { return &LimitError{"Stall", l.Stall.String() + " without a byte"} }

// deadline bounds ctx by Limits.Time.
func (l Limits) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, l.Time, l.overTime())
}

// withDefaults returns l with its zero fields filled in, or what is wrong
// with it.
func (l Limits) withDefaults() (Limits, error) {
	var bad error
	orDefault(&bad, "Bytes", &l.Bytes, DefaultBytes)
	orDefault(&bad, "ExtractedBytes", &l.ExtractedBytes, DefaultExtractedBytes)
	orDefault(&bad, "Files", &l.Files, DefaultFiles)
	orDefault(&bad, "Ratio", &l.Ratio, DefaultRatio)
	orDefault(&bad, "PathLength", &l.PathLength, DefaultPathLength)
	if l.Redirects != -1 {
		orDefault(&bad, "Redirects", &l.Redirects, DefaultRedirects)
	}
	orDefault(&bad, "Time", &l.Time, DefaultTime)
	orDefault(&bad, "Stall", &l.Stall, DefaultStall)
	return l, bad
}

// orDefault replaces a zero *v by def, and reports a negative one in bad.
func orDefault[T int | int64 | time.Duration](bad *error, name string, v *T, def T) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0:
		*bad = fmt.Errorf("limit %s is %v; give a positive value, or 0 for the default of %v", name, *v, def)
	}
}
