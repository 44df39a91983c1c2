// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

// promises are what operators were told is done. It holds until they undo it, also
// for the masters that follow, as long as the registry is not lost.
type promises struct {
	w      *world
	gone   map[string]bool // agents that are never to register again
	closed map[string]bool // agents that are not to be offered
	down   map[string]bool // hosts whose agents are not to register
}

func newPromises(w *world) *promises {
	p := &promises{w: w}
	p.forget()
	return p
}

// forget is the loss of the registry.
func (p *promises) forget() {
	p.gone, p.closed, p.down = make(map[string]bool), make(map[string]bool), make(map[string]bool)
}

// registered checks an agent that the master takes.
func (p *promises) registered(host, id string) {
	if p.gone[id] {
		p.w.fail("L7: an agent that is gone registers", "%s on %s", id, host)
	}
	if p.down[host] {
		p.w.fail("L7: an agent registers from a machine that is down", "%s on %s", id, host)
	}
}

// offered checks an offer.
func (p *promises) offered(agent string) {
	if p.closed[agent] {
		p.w.fail("L7: an agent is offered that is drained or deactivated", "%s", agent)
	}
}
