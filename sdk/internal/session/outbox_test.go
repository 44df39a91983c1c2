// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"
)

// An Outbox behaves like a slice with a limit that is there only while it is open.
func TestOutboxAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 4).Draw(t, "limit")
		o := NewOutbox[int](limit)
		var model []int
		open, draining := false, false
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		t.Repeat(map[string]func(*rapid.T){
			"open":  func(*rapid.T) { o.Open(); open, draining = true, false },
			"drain": func(*rapid.T) { o.Drain(); draining = true },
			"close": func(t *rapid.T) {
				if diff := cmp.Diff(model, o.Close(), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("left: want -, got +:\n%s", diff)
				}
				model, open, draining = nil, false, false
			},
			"put": func(t *rapid.T) {
				v := rapid.Int().Draw(t, "value")
				err := o.Put(v)
				switch {
				case !open || draining:
					if !errors.Is(err, ErrClosed) {
						t.Fatalf("Put: %v, want ErrClosed", err)
					}
				case len(model) == limit:
					if !errors.Is(err, ErrFull) {
						t.Fatalf("Put: %v, want ErrFull", err)
					}
				default:
					if err != nil {
						t.Fatalf("Put: %v", err)
					}
					model = append(model, v)
				}
			},
			"next": func(t *rapid.T) {
				if len(model) == 0 {
					return // it would wait, or not: see the other tests
				}
				v, ok := o.Next(ended)
				if !ok || v != model[0] {
					t.Fatalf("Next = %d, %t; want %d", v, ok, model[0])
				}
				model = model[1:]
			},
		})
	})
}

func TestOutboxNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := NewOutbox[int](1)
		o.Open()
		got := make(chan int, 3)
		go func() {
			for {
				v, ok := o.Next(t.Context())
				if !ok {
					close(got)
					return
				}
				got <- v
			}
		}()
		for v := range 3 {
			synctest.Wait()
			if err := o.Put(v); err != nil {
				t.Fatal(err)
			}
		}
		o.Drain()
		var all []int
		for v := range got {
			all = append(all, v)
		}
		if diff := cmp.Diff([]int{0, 1, 2}, all); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
	})
}

func TestOutboxPutWait(t *testing.T) {
	cause := errors.New("conversation over")
	tests := map[string]struct {
		free func(o *Outbox[int], cancel context.CancelCauseFunc)
		want error
	}{
		"until there is room":    {func(o *Outbox[int], _ context.CancelCauseFunc) { o.Next(context.Background()) }, nil},
		"until it is closed":     {func(o *Outbox[int], _ context.CancelCauseFunc) { o.Close() }, ErrClosed},
		"until its context ends": {func(_ *Outbox[int], cancel context.CancelCauseFunc) { cancel(cause) }, cause},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := NewOutbox[int](1)
				o.Open()
				if err := o.Put(1); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				begin := time.Now()
				go func() {
					time.Sleep(time.Second)
					tt.free(o, cancel)
				}()
				if err := o.PutWait(ctx, 2); !errors.Is(err, tt.want) {
					t.Errorf("PutWait: %v, want %v", err, tt.want)
				}
				if took := time.Since(begin); took != time.Second {
					t.Errorf("waited %v", took)
				}
			})
		})
	}
}

func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Backoff{Min: 100 * time.Millisecond, Max: time.Duration(rapid.IntRange(100, 60_000).Draw(t, "max")) * time.Millisecond}
		for ceiling := b.Min; ; ceiling = min(2*ceiling, b.Max) {
			if got := b.Next(); got < ceiling/2 || got > ceiling {
				t.Fatalf("wait %v, want %v to %v", got, ceiling/2, ceiling)
			}
			if ceiling == b.Max {
				break
			}
		}
		if got := b.Next(); got > b.Max {
			t.Fatalf("wait %v is beyond %v", got, b.Max)
		}
		b.Reset()
		if got := b.Next(); got > b.Min {
			t.Fatalf("wait %v after Reset, want at most %v", got, b.Min)
		}
	})
}

func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"no room":                   status.Error(codes.ResourceExhausted, "no room"),
		"it ended the conversation": io.EOF,
		"connection refused":        errors.New("connection refused"),
		"<nil>":                     nil,
	} {
		if got := Reason(err); got != want {
			t.Errorf("Reason(%v) = %q, want %q", err, got, want)
		}
	}
}
