// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
	"github.com/tepui/tepui/resource"
)

// agent is a host: the process of an agent, its containers, and the executors in
// them.
type agent struct {
	w       *world
	index   int
	present bool
	total   resource.Resources
	info    *mesos.AgentInfo

	up   bool
	life int
	core *core.Core

	link    *conn     // to the master; nil without one
	cutOff  bool      // no link can be opened
	redials int       // without success
	taken   []instant // when masters took it in this life of its process

	containers map[core.ContainerID]*container
	order      []*container // in the order of their launches
	callers    map[core.ConnID]*container

	offset  time.Duration
	tickAt  instant
	waiting bool
	changed bool
}

func newAgent(w *world, i int) *agent {
	rng := rand.New(rand.NewPCG(w.opt.Seed, 1<<32+uint64(i)))
	text := fmt.Sprintf("cpus:%d;mem:%d;disk:%d;ports:[31000-31%03d]",
		1+rng.IntN(16), 512<<rng.IntN(5), 1000*(1+rng.IntN(9)), 10+rng.IntN(90))
	if rng.IntN(5) == 0 {
		text += fmt.Sprintf(";cpus(eng):%d;mem(eng):%d", 1+rng.IntN(4), 256+rng.IntN(1024))
	}
	return &agent{
		w: w, index: i, total: resource.MustParse(text),
		info: &mesos.AgentInfo{
			Hostname: new(fmt.Sprintf("host%d", i)),
			Port:     new(int32(5051)),
			Attributes: []*mesos.Attribute{{
				Name: new("rack"), Type: mesos.Value_TEXT.Enum(), Text: &mesos.Value_Text{Value: new(fmt.Sprintf("r%d", i%5))},
			}},
		},
	}
}

func (a *agent) address() string { return fmt.Sprintf("10.0.0.%d", a.index) }
func (a *agent) name() string    { return fmt.Sprintf("agent %d", a.index) }

// id is the one that the master gave; empty before.
func (a *agent) id() string {
	if a.core == nil {
		return ""
	}
	return a.core.AgentID()
}

// start begins a life of the process, with no memory of one before.
func (a *agent) start() {
	a.life++
	var nonce, updates [8]byte
	binary.BigEndian.PutUint64(nonce[:], uint64(a.index)<<32|uint64(a.life))
	binary.BigEndian.PutUint64(updates[:], 1<<62|uint64(a.index)<<32|uint64(a.life))
	c, err := core.New(core.Config{
		Agent: proto.CloneOf(a.info), Total: a.total, Version: "sim",
		Nonce: nonce, UpdateNonce: updates,
		RegistrationTimeout: time.Minute,
		ShutdownGrace:       5 * time.Second,
		KillGrace:           3 * time.Second,
		MaxGrace:            10 * time.Minute,
	})
	if err != nil {
		a.w.fail("simulator", "an agent does not start: %v", err)
	}
	a.taken = nil
	a.core, a.up, a.waiting, a.tickAt, a.changed = c, true, false, 0, true
	a.containers, a.order, a.callers = make(map[core.ContainerID]*container), nil, make(map[core.ConnID]*container)
	a.w.line("%s starts", a.name())
	a.connect()
}

// crash ends the process and all its containers; it starts again later.
func (a *agent) crash(draw *rand.Rand) {
	if !a.up {
		return
	}
	a.w.line("%s crashes", a.name())
	a.w.count("agent crashed")
	a.end()
	a.w.in(instant(draw.Int64N(int64(20*second))), a.start)
}

func (a *agent) end() {
	a.up, a.core = false, nil
	if a.link != nil {
		a.link.vanish(client)
		a.link = nil
	}
	for _, b := range a.order {
		b.vanish()
	}
	a.containers, a.order, a.callers = nil, nil, nil
}

// connect opens a link to the master, or tries again later.
func (a *agent) connect() {
	if !a.up || a.link != nil {
		return
	}
	if !a.cutOff || a.w.healed {
		a.link = a.w.master.dial(a.name(), a)
	}
	if a.link == nil {
		a.redial()
		return
	}
	life, up := a.life, a.link
	a.w.in(10*second, func() {
		if a.life == life && a.link == up {
			a.redials = 0
		}
	})
	a.must(core.LinkUp{})
}

func (a *agent) redial() {
	wait := min(100*ms<<min(a.redials, 10), 15*second)
	a.redials++
	life := a.life
	a.w.in(wait/2+instant(a.w.rng.Int64N(int64(wait/2))), func() {
		if a.life == life {
			a.connect()
		}
	})
}

func (a *agent) now() time.Time { return a.w.now.time().Add(a.offset) }

// receive is a message of the master, or a call of an executor.
func (a *agent) receive(c *conn, msg any) {
	if !a.up {
		return
	}
	switch msg := msg.(type) {
	case *link.FromMaster:
		if a.link != c {
			return
		}
		if a.w.tracing() {
			a.w.line("master -> %s: %s", a.name(), describe(msg))
		}
		a.w.mix(4, uint64(a.index))
		if err := a.step(core.FromMaster{Message: proto.CloneOf(msg)}); err != nil && !tolerated(err) {
			a.w.fail("L6: an agent refuses a good message", "%s: %v", a.name(), err)
		}
	case *executor.Call:
		a.called(c, msg)
	}
}

// tolerated tells whether an agent may say so of what the master sends: it
// crossed with something.
func tolerated(err error) bool {
	for _, words := range []string{
		"kill: framework", // it has gone meanwhile
		"before Registered",
	} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// called is a call of an executor.
func (a *agent) called(c *conn, call *executor.Call) {
	id := core.ConnID(c.id)
	b := a.callers[id]
	if b == nil {
		return
	}
	if a.w.tracing() {
		a.w.line("%s -> %s: %s", c.name, a.name(), describe(call))
	}
	err := a.step(core.ExecutorCall{Conn: id, Container: b.id, Call: proto.CloneOf(call)})
	if err == nil {
		return
	}
	r, ok := errors.AsType[*core.Refusal](err)
	if !ok || r.Code == core.Invalid || r.Code == core.Denied || r.Code == core.Exhausted {
		a.w.fail("L6: an agent refuses a good executor", "%s: %v", c.name, err)
	}
	a.w.count("executor refused: code " + fmt.Sprint(r.Code))
	delete(a.callers, id)
	c.hangUp(server)
	a.must(core.ConnClosed{Conn: id})
}

// closed is the end of a connection, as the agent hears of it.
func (a *agent) closed(c *conn) {
	if !a.up {
		return
	}
	id := core.ConnID(c.id)
	switch {
	case c == a.link:
		a.link = nil
		a.w.line("%s hears that its link is gone", a.name())
		a.must(core.LinkDown{})
		a.redial()
	case a.callers[id] != nil:
		delete(a.callers, id)
		a.must(core.ConnClosed{Conn: id})
	}
}

// must gives the core an input that cannot be refused.
func (a *agent) must(in core.Input) {
	if !a.up {
		return
	}
	if err := a.step(in); err != nil {
		a.w.fail("L6: an agent refuses what happened", "%s: %T: %v", a.name(), in, err)
	}
}

// step gives the core an input, and takes what it wants now or a little later.
func (a *agent) step(in core.Input) error {
	err := a.core.Step(a.now(), in)
	a.changed = true
	if a.waiting {
		a.w.inputs++
		return err
	}
	if !a.w.healed && a.w.prof.batch > 0 && a.w.rng.Float64() < a.w.prof.batch {
		a.waiting = true
		life := a.life
		a.w.in(instant(a.w.rng.Int64N(int64(2*ms))), func() {
			if a.life == life && a.up && a.waiting {
				a.waiting = false
				a.release()
			}
		})
		a.w.inputs++
		return err
	}
	a.release()
	return err
}

// release carries out a Ready.
func (a *agent) release() {
	life, out := a.life, a.core.Ready()
	for _, m := range out.Send {
		a.send(m)
	}
	for _, d := range out.Do {
		if a.life != life || !a.up {
			return
		}
		a.do(d)
	}
	for i := range out.Notes {
		a.w.counts["agent: "+out.Notes[i].Kind.String()]++
		if a.w.tracing() {
			n := &out.Notes[i]
			a.w.line("%s notes: %v %s %s %s %s->%s %s", a.name(), n.Kind, n.Framework, n.Executor, n.Task, n.From, n.To, n.Text)
		}
	}
	a.arm()
	a.w.touched()
	if a.up && a.core.Stopped() {
		a.w.count("agent stopped")
		a.w.line("%s has stopped", a.name())
		a.end()
		a.w.in(5*second, a.start)
	}
}

func (a *agent) send(m core.Message) {
	switch m := m.(type) {
	case core.ToMaster:
		if a.link == nil {
			a.w.fail("simulator", "%s sends without a link", a.name())
		}
		a.link.send(client, m.Message)
	case core.ToExecutor:
		if b := a.callers[m.Conn]; b != nil && b.conn != nil && b.conn.id == uint64(m.Conn) {
			b.conn.send(server, m.Event)
		}
	case core.Hangup:
		if b := a.callers[m.Conn]; b != nil {
			delete(a.callers, m.Conn)
			if b.conn != nil && b.conn.id == uint64(m.Conn) {
				b.conn.hangUp(server)
			}
		}
	case core.Unlink:
		a.unlink()
	}
}

// unlink ends the link in good order, and opens another.
func (a *agent) unlink() {
	if a.link == nil {
		return
	}
	a.w.line("%s unlinks", a.name())
	a.link.hangUp(client)
	a.link = nil
	life := a.life
	a.w.in(1, func() {
		if a.life == life && a.up && a.link == nil {
			a.must(core.LinkDown{})
			a.redial()
		}
	})
}

// arm has a tick happen when the core wants one.
func (a *agent) arm() {
	at, ok := a.core.Deadline()
	if !ok {
		a.tickAt = 0
		return
	}
	due := max(a.w.now, instant(at.Add(-a.offset).Sub(epoch)))
	if due == a.tickAt {
		return
	}
	a.tickAt = due
	life := a.life
	a.w.at(due, func() {
		if a.life != life || !a.up || a.tickAt != due {
			return
		}
		a.tickAt = 0
		a.w.mix(5, uint64(a.index))
		a.must(core.Tick{})
	})
}

func (a *agent) check() {
	if !a.changed || !a.up {
		return
	}
	a.changed = false
	a.w.told.dirty[a.id()] = true
	if err := a.core.Check(); err != nil {
		a.w.fail("L1: an agent's books", "%s: %v", a.name(), err)
	}
}
