// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"math/rand/v2"
	"time"
)

// Backoff yields the waits between attempts to connect: each is drawn evenly
// from between half of a ceiling and the ceiling, which doubles from Min to Max.
type Backoff struct {
	Min, Max time.Duration

	ceiling time.Duration
}

// Next returns the wait before the next attempt.
func (b *Backoff) Next() time.Duration {
	switch {
	case b.ceiling == 0:
		b.ceiling = b.Min
	case b.ceiling > b.Max/2:
		b.ceiling = b.Max
	default:
		b.ceiling *= 2
	}
	half := b.ceiling / 2
	return half + rand.N(b.ceiling-half+1)
}

// Reset starts again at Min: an attempt succeeded.
func (b *Backoff) Reset() { b.ceiling = 0 }
