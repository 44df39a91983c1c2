// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package allocator

import (
	"time"

	"github.com/tepui/tepui/master/core"
)

// record is a grant of an agent as it was made.
type record struct {
	at time.Time
}

// remember keeps what is known of a grant that is being made.
func (f *Fair) remember(a *agent, _ *client) {
	a.past = append(a.past[:0], record{})
}

// Explain implements core.Allocator.
func (f *Fair) Explain(time.Time, core.ExplainQuery) (core.Explanation, bool) {
	return core.Explanation{}, false
}
