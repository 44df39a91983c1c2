// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"sync"

	"github.com/tepui/tepui/agent/core"
)

// maxConnsPerContainer is how many connections the executor of one container
// may have, of which one is in use and others are on their way out.
const maxConnsPerContainer = 8

// callers counts the connections of each container. The zero callers is ready.
type callers struct {
	mu sync.Mutex
	of map[core.ContainerID]*caller
}

// caller is a container with connections.
type caller struct {
	conns int
	gone  chan struct{} // closed with the last of them
}

// enter counts a connection of a container, unless it has too many.
func (c *callers) enter(id core.ContainerID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.of[id]
	if k == nil {
		k = &caller{gone: make(chan struct{})}
		if c.of == nil {
			c.of = map[core.ContainerID]*caller{}
		}
		c.of[id] = k
	}
	if k.conns >= maxConnsPerContainer {
		return false
	}
	k.conns++
	return true
}

// leave ends a connection that was counted.
func (c *callers) leave(id core.ContainerID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.of[id]
	if k.conns--; k.conns == 0 {
		delete(c.of, id)
		close(k.gone)
	}
}

// gone is closed when the last of a container's connections of now has ended,
// and all that came through them was posted.
func (c *callers) gone(id core.ContainerID) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k := c.of[id]; k != nil {
		return k.gone
	}
	none := make(chan struct{})
	close(none)
	return none
}
