// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tepui/tepui/api/link"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/scheduler"
	"github.com/tepui/tepui/master/allocator"
	"github.com/tepui/tepui/master/core"
)

// master is the process of the master, with what it would keep on a disk.
type master struct {
	w     *world
	up    bool
	life  int // counts its starts
	core  *core.Core
	alloc core.Allocator
	conns map[core.ConnID]*conn
	bad   map[core.ConnID]bool // those of peers that are not well-behaved
	disk  map[diskKey]core.Record
	order []diskKey // of disk

	requests core.RequestID
	asked    map[core.RequestID]asked

	offset  time.Duration // of its clock
	latest  time.Time     // that the core was told
	tickAt  instant       // of the next tick; 0: none
	waiting bool          // a Ready is due
	dying   dying
	changed bool // since the last check
	checks  int
}

// fullCheck is how many checks of the master look at what has changed, for one
// that looks at everything.
const fullCheck = 50

type diskKey struct {
	kind core.RecordKind
	key  string
}

// dying is the moment at which a master crashes.
type dying uint8

const (
	living dying = iota
	beforePersist
	afterPersist
)

func newMaster(w *world) *master {
	return &master{w: w, disk: make(map[diskKey]core.Record)}
}

// start begins another life with what the disk has.
func (m *master) start() {
	m.life++
	m.conns, m.bad = make(map[core.ConnID]*conn), make(map[core.ConnID]bool)
	m.asked = make(map[core.RequestID]asked)
	m.alloc = m.allocator()
	records := make([]core.Record, 0, len(m.order))
	for _, k := range m.order {
		if r, ok := m.disk[k]; ok {
			r.Value = proto.Clone(r.Value)
			records = append(records, r)
		}
	}
	c, err := core.New(core.Config{
		Master:                 &mesos.MasterInfo{Id: new(fmt.Sprintf("m%d", m.life)), Ip: new(uint32(1)), Hostname: new("master")},
		Allocator:              m.alloc,
		AgentReregisterTimeout: m.w.prof.reregister,
		OfferTimeout:           m.w.prof.offerTimeout,
		AgentRemovalRate:       m.w.prof.removals,
		OptimisticOffers:       m.w.prof.optimistic,
		Remembered:             records,
	})
	if err != nil {
		m.w.fail("L7: a master does not start with what was remembered", "%v", err)
	}
	m.core, m.up, m.dying, m.waiting, m.tickAt, m.changed = c, true, living, false, 0, true
	m.latest = time.Time{}
	m.w.line("master m%d starts with %d records", m.life, len(records))
	m.w.told.clear()
	m.step(core.Tick{})
}

func (m *master) allocator() core.Allocator {
	cfg := allocator.Config{Optimistic: m.w.prof.optimistic, Seed: m.w.opt.Seed + uint64(m.life)}
	if m.w.prof.lots {
		cfg.RoleSorter, cfg.FrameworkSorter = allocator.Random, allocator.Random
	}
	return allocator.New(cfg)
}

// crash ends the process; another starts some time later.
func (m *master) crash(draw *rand.Rand) {
	if !m.up {
		return
	}
	m.w.line("master crashes")
	m.w.count("master crashed")
	m.up, m.core, m.alloc = false, nil, nil
	for _, id := range sortedConns(m.conns) {
		m.conns[id].vanish(server)
	}
	m.conns = nil
	m.w.told.clear()
	m.w.in(instant(draw.Int64N(int64(5*second))), m.start)
}

// dial opens a connection to the master, if one can be opened now.
func (m *master) dial(name string, p peer) *conn {
	if !m.up {
		return nil
	}
	c := m.w.net.dial(name, p, m, false)
	m.conns[core.ConnID(c.id)] = c
	return c
}

func (m *master) now() time.Time { return m.w.now.time().Add(m.offset) }

// clock is the time as the core counts it, which does not run backwards.
func (m *master) clock() time.Time {
	if now := m.now(); now.After(m.latest) {
		m.latest = now
	}
	return m.latest
}

// receive is a message on a connection.
func (m *master) receive(c *conn, msg any) {
	id := core.ConnID(c.id)
	if m.conns[id] != c {
		return
	}
	var in, end core.Input
	switch msg := msg.(type) {
	case *scheduler.Call:
		m.w.told.called(c, msg)
		in, end = core.Call{Conn: id, Call: proto.CloneOf(msg)}, core.SchedulerClosed{Conn: id}
		m.w.mix(2, uint64(msg.GetType()))
	case *link.FromAgent:
		a, _ := c.peers[client].(*agent)
		in = core.AgentMessage{Conn: id, Address: a.address(), Message: proto.CloneOf(msg)}
		end = core.AgentClosed{Conn: id}
		m.w.mix(3, c.id)
	default:
		m.w.fail("simulator", "the master is sent a %T", msg)
	}
	if m.w.tracing() {
		m.w.line("%s -> master: %s", c.name, describe(msg))
	}
	if err := m.step(in); err != nil && m.up {
		m.refused(c, err, end)
	}
}

// refused does with a connection what the shell does after an error.
func (m *master) refused(c *conn, err error, end core.Input) {
	e, ok := errors.AsType[*core.Error](err)
	if !ok || !m.bad[core.ConnID(c.id)] {
		m.w.fail("L6: the master refuses a good input", "%s: %v", c.name, err)
	}
	m.w.count("master refused: kind " + fmt.Sprint(e.Kind))
	delete(m.conns, core.ConnID(c.id))
	c.hangUp(server)
	_ = m.step(end) // the end of a connection is never an error
}

// closed is the end of a connection, as the master hears of it.
func (m *master) closed(c *conn) {
	id := core.ConnID(c.id)
	if !m.up || m.conns[id] != c {
		return
	}
	delete(m.conns, id)
	m.w.line("master hears that %s is gone", c.name)
	if _, ok := c.peers[client].(*agent); ok {
		_ = m.step(core.AgentClosed{Conn: id})
		return
	}
	m.w.told.gone(c)
	_ = m.step(core.SchedulerClosed{Conn: id})
}

// cutOff ends the connection of a scheduler that does not read.
func (m *master) cutOff(c *conn) {
	id := core.ConnID(c.id)
	if !m.up || m.conns[id] != c {
		return
	}
	m.w.line("master cuts off %s", c.name)
	m.w.count("scheduler cut off")
	delete(m.conns, id)
	m.w.told.gone(c)
	c.sever()
	c.gone[server] = true
	_ = m.step(core.SchedulerClosed{Conn: id, Cut: true}) // the end of a connection is never an error
}

// step gives the core an input, and takes what it wants now or a little later.
func (m *master) step(in core.Input) error {
	err := m.core.Step(m.clock(), in)
	m.changed = true
	if m.waiting {
		m.w.inputs++
		return err
	}
	if !m.w.healed && m.w.prof.batch > 0 && m.dying == living && m.w.rng.Float64() < m.w.prof.batch {
		m.waiting = true
		life := m.life
		m.w.in(instant(m.w.rng.Int64N(int64(2*ms))), func() {
			if m.life == life && m.up && m.waiting {
				m.waiting = false
				m.release()
			}
		})
		m.w.inputs++
		return err
	}
	m.release()
	return err
}

// release carries out a Ready.
func (m *master) release() {
	out := m.core.Ready()
	if m.dying == beforePersist {
		m.crash(m.w.rng)
		return
	}
	for _, r := range out.Persist {
		m.persist(r)
	}
	if m.dying == afterPersist {
		m.crash(m.w.rng)
		return
	}
	for i := range out.Send {
		m.send(&out.Send[i])
	}
	for _, r := range out.Replies {
		m.answer(r)
	}
	for i := range out.Notes {
		m.w.counts["master: "+out.Notes[i].Event]++
		if m.w.tracing() {
			n := &out.Notes[i]
			m.w.line("master notes: %s %s %s %s %s", n.Event, n.Framework, n.Agent, n.Task, n.Detail)
		}
	}
	m.arm()
	m.w.touched()
}

func (m *master) persist(r core.Record) {
	k := diskKey{r.Kind, r.Key}
	m.w.count("record " + string(r.Kind))
	if r.Value == nil {
		delete(m.disk, k)
		m.order = slices.DeleteFunc(m.order, func(o diskKey) bool { return o == k })
		return
	}
	if _, ok := m.disk[k]; !ok {
		m.order = append(m.order, k)
	}
	r.Value = proto.Clone(r.Value)
	m.disk[k] = r
}

func (m *master) send(msg *core.Message) {
	c := m.conns[msg.Conn]
	if c == nil {
		return
	}
	switch {
	case msg.Close != core.CloseNot:
		delete(m.conns, msg.Conn)
		m.w.told.gone(c)
		c.hangUp(server)
	case msg.Event != nil:
		m.w.told.event(c, msg.Event)
		if msg.Event.GetType() != scheduler.Event_HEARTBEAT {
			c.send(server, msg.Event)
		}
	case msg.Down != nil:
		if r := msg.Down.GetRegistered(); r != nil {
			m.w.told.refused.anew(r.GetAgentId().GetValue())
			if a, ok := c.peers[client].(*agent); ok {
				a.taken = append(a.taken, m.w.now)
				m.w.promises.registered(a.info.GetHostname(), r.GetAgentId().GetValue())
			}
		}
		c.send(server, msg.Down)
	}
}

// arm has a tick happen when the core wants one.
func (m *master) arm() {
	at, ok := m.core.Deadline()
	if !ok {
		m.tickAt = 0
		return
	}
	due := max(m.w.now, instant(at.Add(-m.offset).Sub(epoch)))
	if due == m.tickAt {
		return
	}
	m.tickAt = due
	life := m.life
	m.w.at(due, func() {
		if m.life != life || !m.up || m.tickAt != due {
			return
		}
		m.tickAt = 0
		m.w.mix(1, 0)
		_ = m.step(core.Tick{}) // a tick is never an error
	})
}

func (m *master) check() {
	if !m.changed || !m.up {
		return
	}
	m.changed = false
	check := m.core.CheckChanged
	if m.checks++; m.checks%fullCheck == 0 || m.w.opt.Careful {
		check = m.core.Check
	}
	if err := check(); err != nil {
		m.w.fail("L1: the master's books", "%v", err)
	}
}
