// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package fetcher_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tepui/tepui/fetcher"
)

func TestDiskFull(t *testing.T) {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		err := &fetcher.Error{Step: `extract entry "a"`, Err: &fs.PathError{Op: "mkdirat", Path: "a", Err: full}}
		got := fetcher.Describe(t.Context(), "http://host/a.tgz", err)
		want := fmt.Sprintf(`fetching http://host/a.tgz: disk: extract entry "a": mkdirat a: %v; free some, or ask for more disk`, full)
		if got.Error() != want || !errors.Is(got, full) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// An error keeps its text and what callers ask about when it comes from the
// process that fetches.
func TestErrorsTravel(t *testing.T) {
	limit := &fetcher.LimitError{Limit: "Files", Value: "3 entries"}
	for name, err := range map[string]error{
		"plain":     &fetcher.Error{URI: "u", Step: "status 404", Err: errors.New("Not Found")},
		"limit":     &fetcher.Error{URI: "u", Step: fetcher.StepExtract, Err: fmt.Errorf("at x: %w", limit)},
		"cancelled": &fetcher.Error{URI: "u", Step: fetcher.StepOpen, Err: context.Canceled},
		"no URI":    &fetcher.Error{Step: fetcher.StepRequest, Err: errors.New("bad")},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := fetcher.Travel(err)
			if bad != nil {
				t.Fatal(bad)
			}
			if got.Error() != err.Error() {
				t.Errorf("text %q, want %q", got, err)
			}
			_, wasLimit := errors.AsType[*fetcher.LimitError](err)
			if l, ok := errors.AsType[*fetcher.LimitError](got); ok != wasLimit || ok && *l != *limit {
				t.Errorf("limit %v", l)
			}
			if errors.Is(got, context.Canceled) != errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %t", errors.Is(got, context.Canceled))
			}
		})
	}
	if got, bad := fetcher.Travel(nil); got != nil || bad != nil {
		t.Errorf("success became %v, %v", got, bad)
	}
	long := &fetcher.Error{Step: "s", Err: errors.New(strings.Repeat("x", 1<<20))}
	if got, _ := fetcher.Travel(long); got == nil || len(got.Error()) > 5000 {
		t.Error("a long cause was not cut")
	}
}

func TestExpansionStops(t *testing.T) {
	zeros, err := os.Open("/dev/zero")
	if err != nil {
		t.Skip(err)
	}
	defer zeros.Close()
	one := fetcher.Limits{ExtractedBytes: 1 << 20}
	if err := fetcher.Expand(t.Context(), one, zeros); err == nil || !strings.Contains(err.Error(), "ExtractedBytes") {
		t.Errorf("an endless file: %v, want an error about ExtractedBytes", err)
	}
	if err := fetcher.Expand(t.Context(), fetcher.Limits{}, zeros); err == nil || !strings.Contains(err.Error(), "Ratio") {
		t.Errorf("an endless file: %v, want an error about Ratio", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	vast := fetcher.Limits{ExtractedBytes: 1 << 60, Ratio: 1 << 60}
	if err := fetcher.Expand(ctx, vast, zeros); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless file: %v, want the end of the context", err)
	}
}

func TestZipDirectoryIsBounded(t *testing.T) {
	zeros, err := os.Open("/dev/zero")
	if err != nil {
		t.Skip(err)
	}
	defer zeros.Close()
	if err := fetcher.ReadZipDirectory(zeros, 1<<40); err == nil || !strings.Contains(err.Error(), "longer than 67108864 bytes") {
		t.Errorf("error %v, want one about the length of the list", err)
	}
	if err := fetcher.ReadZipDirectory(io.NewSectionReader(zeros, 0, 1<<20), 1<<20); err != nil {
		t.Error(err)
	}
}
