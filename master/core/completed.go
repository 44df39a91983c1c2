// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package core

// maxHistory is how many completed frameworks are kept for people to look at, with
// what is known of their tasks.
const maxHistory = 50

// history is the last frameworks that were removed, oldest first.
type history []*framework

// add enters a framework and, where the history is full, forgets the oldest.
func (h *history) add(f *framework) {
	*h = append(*h, f)
	if n := len(*h) - maxHistory; n > 0 {
		clear((*h)[:n]) // nothing holds them any more
		*h = (*h)[n:]
	}
}

// retire makes the id of a framework one that is refused from now on.
func (c *Core) retire(f *framework) {
	oldest, forgotten := c.completed.add(f.id)
	if forgotten {
		c.remember(RecordFramework, string(oldest), nil)
	}
	c.rememberFramework(f)
}
