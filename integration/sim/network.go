// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import "math/rand/v2"

// side is an end of a connection.
type side uint8

const (
	client side = iota // who dialled: an agent, a scheduler, an executor
	server
)

// peer is what stands at an end of a connection.
type peer interface {
	receive(c *conn, m any)
	closed(c *conn)
}

// conn is a connection: ordered in each direction, until it breaks.
type conn struct {
	net   *network
	id    uint64
	name  string
	peers [2]peer
	gone  [2]bool // the side has ended it, or has heard that it is over
	pipes [2]pipe // from the client, from the server
	rng   *rand.Rand
	local bool // within one host: fast, and breaks only with a process
}

// pipe is one direction of a connection.
type pipe struct {
	flight []any // under way, the next to arrive first
	last   instant
	cut    bool // nothing enters any more
}

// hangup, as a message, is the orderly end of a connection.
type hangup struct{}

// network makes connections.
type network struct {
	w    *world
	last uint64
}

func (n *network) dial(name string, c, s peer, local bool) *conn {
	n.last++
	return &conn{
		net: n, id: n.last, name: name, peers: [2]peer{c, s}, local: local,
		rng: rand.New(rand.NewPCG(n.w.opt.Seed, n.last)),
	}
}

// delay draws how long a message takes.
func (c *conn) delay() instant {
	p := c.net.w.prof
	most := p.delay
	switch {
	case c.net.w.healed:
		most = ms
	case c.local:
		most = min(most, 5*ms)
	case p.slow > 0 && c.rng.Float64() < p.slow:
		most = p.slowDelay
	}
	return 1 + instant(c.rng.Int64N(int64(most)))
}

// send puts a message on its way, or loses it if the connection is broken.
func (c *conn) send(from side, m any) {
	p := &c.pipes[from]
	if c.gone[from] || p.cut {
		c.net.w.count("message lost")
		return
	}
	p.flight = append(p.flight, m)
	p.last = max(p.last, c.net.w.now+c.delay())
	c.net.w.at(p.last, func() { c.arrive(from) })
}

// arrive hands over the next message, if the connection still had it.
func (c *conn) arrive(from side) {
	p, to := &c.pipes[from], 1-from
	if len(p.flight) == 0 {
		return
	}
	m := p.flight[0]
	p.flight[0] = nil
	p.flight = p.flight[1:]
	if c.gone[to] {
		return
	}
	if _, end := m.(hangup); end {
		c.gone[to] = true
		c.peers[to].closed(c)
		return
	}
	c.peers[to].receive(c, m)
}

// hangUp ends the connection from one side, after all that it has sent.
func (c *conn) hangUp(by side) {
	c.send(by, hangup{})
	c.gone[by] = true
	c.pipes[1-by].cut = true
}

// sever breaks the connection. Of what is under way, a part still arrives; then
// each side notices.
func (c *conn) sever() {
	for from := client; from <= server; from++ {
		c.lose(from)
		c.notice(1 - from)
	}
}

// vanish is the end of the process at one side: the other notices.
func (c *conn) vanish(which side) {
	c.gone[which] = true
	c.lose(which)
	c.pipes[1-which].cut = true
	c.notice(1 - which)
}

// lose ends a direction, with some of what is under way.
func (c *conn) lose(from side) {
	p := &c.pipes[from]
	p.cut = true
	if n := len(p.flight); n > 0 {
		c.net.w.count("message lost in flight")
		p.flight = p.flight[:c.rng.IntN(n+1)]
	}
}

// notice has a side hear, some time after the last that it receives, that the
// connection is over.
func (c *conn) notice(who side) {
	late := instant(1)
	if most := c.net.w.prof.notice; !c.local && !c.net.w.healed && most > 0 {
		late += instant(c.rng.Int64N(int64(most)))
	}
	at := max(c.pipes[1-who].last, c.net.w.now) + late
	c.net.w.at(at, func() {
		if !c.gone[who] {
			c.gone[who] = true
			c.peers[who].closed(c)
		}
	})
}
