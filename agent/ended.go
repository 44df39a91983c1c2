// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import "github.com/tepui/tepui/agent/core"

// maxEnded is how many ended containers are remembered.
const maxEnded = 150

// record is a container with what its worker knows of it.
type record struct {
	core.Container
	worker *worker
}

// ended is the memory of the containers that ended last. The loop owns it.
type ended struct {
	ring []record
	next int // where the next goes, once the ring is full
}

func (e *ended) add(c core.Container, w *worker) {
	r := record{c, w}
	if len(e.ring) < maxEnded {
		e.ring = append(e.ring, r)
		return
	}
	e.ring[e.next] = r
	e.next = (e.next + 1) % maxEnded
}

// latestFirst returns what is remembered.
func (e *ended) latestFirst() []record {
	var out []record
	for i := range e.ring {
		out = append(out, e.ring[(e.next+len(e.ring)-1-i)%len(e.ring)])
	}
	return out
}
