// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"syscall"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// container is one on an agent, from Launch to Forget, and what runs in it.
type container struct {
	w      *world
	a      *agent
	id     core.ContainerID
	launch core.Launch
	rng    *rand.Rand

	fetching, starting, runs, updating bool
	started                            bool // Start was asked for
	destroying, over                   bool // it has ended; it was never there
	gone                               bool // forgotten, or its host has crashed

	// Of a custom executor.
	exec *execution
	conn *conn
}

// do carries out an action of the agent's core: now it begins, later it is done.
func (a *agent) do(action core.Action) {
	switch d := action.(type) {
	case core.Launch:
		a.launch(d)
	case core.MakeVolumes:
		a.changeVolumes(d.Operation)
	case core.RemoveVolumes:
		a.changeVolumes(d.Operation)
	case core.Start:
		b := a.container(d.Container, action)
		a.only(!b.fetching && !b.started && !b.over && !b.destroying, b, action)
		b.started, b.starting = true, true
		b.later(50*ms, b.start)
	case core.Update:
		b := a.container(d.Container, action)
		a.only((b.runs || b.over) && !b.updating && !b.destroying, b, action)
		b.updating = true
		b.later(5*ms, b.update)
	case core.Signal:
		b := a.container(d.Container, action)
		a.only((b.runs || b.over) && !b.destroying, b, action)
		b.signalled()
	case core.Destroy:
		b := a.container(d.Container, action)
		a.only(!b.destroying, b, action)
		b.destroying = true
		b.later(50*ms, b.destroy)
	case core.Forget:
		b := a.container(d.Container, action)
		a.only(!b.fetching && !b.starting && !b.runs && !b.destroying, b, action)
		a.forget(b)
	}
}

// changeVolumes makes or removes volumes, or cannot.
func (a *agent) changeVolumes(operation string) {
	life, in := a.life, core.VolumesChanged{Operation: operation}
	if !a.w.healed && a.w.rng.Float64() < a.w.prof.fetchFails {
		in.Problem = "EIO"
		a.w.count("volumes failed")
	}
	a.w.in(1+instant(a.w.rng.Int64N(int64(100*ms))), func() {
		if a.life == life && a.up {
			a.must(in)
		}
	})
}

func (a *agent) launch(d core.Launch) {
	if a.containers[d.Container] != nil {
		a.w.fail("L5: a container is launched twice", "%s: %s", a.name(), d.Container)
	}
	b := &container{
		w: a.w, a: a, id: d.Container, launch: d, fetching: true,
		rng: rand.New(rand.NewPCG(a.w.opt.Seed, hashOf(string(d.Framework)+"/"+string(d.Executor)+"/"+string(d.Container)))),
	}
	if d.Custom {
		b.exec = newExecution(b)
	}
	a.containers[b.id] = b
	a.order = append(a.order, b)
	a.w.count("container launched")
	b.later(100*ms, b.fetch)
}

func (a *agent) container(id core.ContainerID, action core.Action) *container {
	b := a.containers[id]
	if b == nil {
		a.w.fail("L5: an action on a container that is not there", "%s: %T %s", a.name(), action, id)
	}
	return b
}

func (a *agent) only(ok bool, b *container, action core.Action) {
	if !ok {
		a.w.fail("L5: an action on a container at the wrong time", "%s: %T on %s of %s", a.name(), action, b.id, b.launch.Executor)
	}
}

func (a *agent) forget(b *container) {
	delete(a.containers, b.id)
	for i, other := range a.order {
		if other == b {
			a.order = append(a.order[:i:i], a.order[i+1:]...)
			break
		}
	}
	if b.conn != nil && !b.conn.gone[server] {
		a.w.fail("L5: a connection of a container that is forgotten", "%s: %s", a.name(), b.id)
	}
	b.gone = true
	a.w.count("container forgotten")
}

// later does something with the container unless it is gone by then.
func (b *container) later(most instant, do func()) {
	b.w.in(1+instant(b.rng.Int64N(int64(most))), func() {
		if !b.gone && b.a.up {
			do()
		}
	})
}

func (b *container) fails() bool { return !b.w.healed && b.rng.Float64() < b.w.prof.fetchFails }

func (b *container) fetch() {
	if !b.fetching {
		return
	}
	b.fetching = false
	if b.fails() {
		b.over = true
		b.w.count("fetch failed")
		b.a.must(core.FetchFailed{Container: b.id, Message: "404"})
		return
	}
	b.a.must(core.Fetched{Container: b.id})
}

func (b *container) start() {
	if !b.starting {
		return
	}
	b.starting = false
	if b.fails() {
		b.over = true
		b.w.count("start failed")
		b.a.must(core.StartFailed{Container: b.id, Message: "no such program"})
		return
	}
	b.runs = true
	b.w.line("%s: %s/%s runs", b.a.name(), b.launch.Framework, b.launch.Executor)
	b.a.must(core.Started{Container: b.id, Pid: 7})
	switch {
	case b.gone || !b.runs:
	case b.exec != nil:
		b.exec.begin()
	case b.rng.IntN(3) == 0:
		b.later(2*minute, func() { b.exit(core.Exit{Status: exitStatus(b.rng)}) })
	}
}

func (b *container) update() {
	if !b.updating {
		return
	}
	b.updating = false
	in := core.LimitsUpdated{Container: b.id}
	if b.fails() {
		in.Problem = "EBUSY"
		b.w.count("limits failed")
	}
	b.a.must(in)
}

// signalled is SIGTERM: most commands end.
func (b *container) signalled() {
	if b.runs && b.rng.Float64() >= b.w.prof.stubborn {
		b.later(second, func() { b.exit(core.Exit{Status: syscall.WaitStatus(syscall.SIGTERM)}) })
	}
}

// exit is the end of PID 1.
func (b *container) exit(x core.Exit) {
	if !b.runs {
		return
	}
	b.runs, b.over = false, true
	b.w.line("%s: %s/%s exits %v", b.a.name(), b.launch.Framework, b.launch.Executor, x.Code())
	b.w.count("container exited")
	if b.exec != nil {
		b.exec.die()
	}
	b.a.must(core.Exited{Container: b.id, Exit: x})
}

// destroy is the end of the container. What was under way is answered or not.
func (b *container) destroy() {
	if b.runs {
		b.exit(core.Exit{Status: syscall.WaitStatus(syscall.SIGKILL)})
	}
	answer := b.rng.IntN(2) == 0
	if b.fetching && answer {
		b.a.must(core.FetchFailed{Container: b.id, Message: "destroyed"})
	}
	if b.starting && answer {
		b.a.must(core.StartFailed{Container: b.id, Message: "destroyed"})
	}
	b.fetching, b.starting, b.updating, b.over, b.destroying = false, false, false, true, false
	b.a.must(core.Destroyed{Container: b.id})
}

// vanish is the crash of the host.
func (b *container) vanish() {
	b.gone, b.runs = true, false
	if b.conn != nil {
		b.conn.gone = [2]bool{true, true}
		b.conn = nil
	}
}

// receive is an event of the agent for the executor.
func (b *container) receive(c *conn, msg any) {
	if e, ok := msg.(*executor.Event); ok && !b.gone && b.runs && c == b.conn {
		if b.w.tracing() {
			b.w.line("%s -> %s: %s", b.a.name(), c.name, describe(e))
		}
		b.exec.event(e)
	}
}

// closed is the end of the connection, as the executor hears of it.
func (b *container) closed(c *conn) {
	if !b.gone && b.runs && c == b.conn {
		b.conn = nil
		b.exec.lost()
	}
}

func exitStatus(rng *rand.Rand) syscall.WaitStatus {
	return [...]syscall.WaitStatus{0, 0, 0, 256, syscall.WaitStatus(syscall.SIGKILL)}[rng.IntN(5)]
}

// live tells whether a task runs in the container, as its host would see it.
func (b *container) live() []string {
	switch {
	case !b.runs:
		return nil
	case b.exec == nil:
		return []string{string(b.launch.Executor)}
	}
	var ids []string
	for _, t := range b.exec.tasks {
		if !mesos.Terminal(t.state) {
			ids = append(ids, t.id)
		}
	}
	return ids
}
