// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc/status"

	"github.com/tepui/tepui/agent/core"
	"github.com/tepui/tepui/api/link"
)

// maxBatch is how many inputs are stepped before what they bring about is
// carried out.
const maxBatch = 256

// post is something for the loop: an input for the core, something to do just
// before (which must not wait), or both.
type post struct {
	in     core.Input
	before func(l *loop)
	from   *conn // whose input it is: void once the connection is hung up, which an error does
}

// loop is the one goroutine that owns the core. Its other fields are its own
// too.
type loop struct {
	core  *core.Core
	log   *slog.Logger
	posts chan post
	done  chan struct{} // closed when the loop has ended: posts are void

	session *session // the link to the master, nil without one
	conns   map[core.ConnID]*conn
	workers map[core.ContainerID]*worker
	start   func(core.Launch) *worker // starts the worker of a new container
	ended   *ended
	volumes *volumes

	stopTimeout time.Duration
	warnings    throttle
}

// errStopTimeout is the cause of a stop that was given up.
var errStopTimeout = errors.New("agent: containers did not end in time")

// post hands a post to the loop, waiting for a place. It tells whether the
// loop was still there to take it.
func (l *loop) post(p post) bool {
	select {
	case l.posts <- p:
		return true
	case <-l.done:
		return false
	}
}

// over tells whether the loop has ended.
func (l *loop) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// input posts an input alone.
func (l *loop) input(in core.Input) bool { return l.post(post{in: in}) }

// run owns the core until it has stopped, which begins when ctx ends or the agent is
// declared gone. It returns an error if it is, or if containers are left that could not
// be ended in time.
func (l *loop) run(ctx context.Context) error {
	defer close(l.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stop := ctx.Done()
	var giveUp <-chan time.Time
	for !l.core.Stopped() {
		if at, ok := l.core.Deadline(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case p := <-l.posts:
			l.batch(p)
		case <-timer.C:
			l.step(post{in: core.Tick{}})
		case <-stop:
			stop = nil
			limit := time.NewTimer(l.stopTimeout)
			defer limit.Stop()
			giveUp = limit.C
			l.step(post{in: core.Stop{Grace: l.stopTimeout / 2}})
		case <-giveUp:
			return fmt.Errorf("%w: %s", errStopTimeout, strings.Join(l.leftovers(), ", "))
		}
		l.carryOut(l.core.Ready())
	}
	if message, gone := l.core.Gone(); gone {
		return &GoneError{Agent: l.core.AgentID(), Message: message}
	}
	return nil
}

// batch steps a post and those that wait behind it.
func (l *loop) batch(p post) {
	l.step(p)
	for range maxBatch - 1 {
		select {
		case p := <-l.posts:
			l.step(p)
		default:
			return
		}
	}
}

func (l *loop) step(p post) {
	if p.before != nil {
		p.before(l)
	}
	if p.in == nil {
		return
	}
	if p.from != nil && l.conns[p.from.id] != p.from {
		return
	}
	err := l.core.Step(time.Now(), p.in)
	if err == nil {
		return
	}
	l.warn("input refused", "input", fmt.Sprintf("%T", p.in), "error", err)
	if p.from != nil {
		code := core.Invalid
		if refusal, ok := errors.AsType[*core.Refusal](err); ok {
			code = refusal.Code
		}
		l.hangup(p.from.id, code, err.Error())
	}
}

// leftovers names the containers that are there.
func (l *loop) leftovers() []string {
	var names []string
	for _, c := range l.core.Containers() {
		names = append(names, fmt.Sprintf("%s (%v)", c.ID, c.State))
	}
	return names
}

// carryOut does what the core wants, in its order, without waiting.
func (l *loop) carryOut(r core.Ready) {
	for _, m := range r.Send {
		l.send(m)
	}
	for _, a := range r.Do {
		l.do(a)
	}
	for _, n := range r.Notes {
		l.note(n)
	}
}

func (l *loop) send(m core.Message) {
	switch m := m.(type) {
	case core.ToMaster:
		l.tell(m.Message)
	case core.ToExecutor:
		if c := l.conns[m.Conn]; c != nil && !c.out.put(m.Event) {
			l.hangup(m.Conn, core.Exhausted, "the executor does not read its events fast enough")
		}
	case core.Hangup:
		l.hangup(m.Conn, m.Code, m.Reason)
	case core.Unlink:
		if l.session != nil {
			l.session.end(errors.New(m.Reason))
		}
	}
}

// tell queues a message for the master. What an executor says to its framework
// may get lost; of the rest a master must not miss one message and get the next.
func (l *loop) tell(m *link.FromAgent) {
	switch {
	case l.session == nil:
	case m.GetExecutorMessage() != nil:
		if !l.session.out.offer(m) {
			l.log.Debug("executor's message dropped: too many wait for the master",
				"executor_id", m.GetExecutorMessage().GetExecutorId().GetValue())
		}
	case !l.session.out.put(m):
		l.session.end(errSlowMaster)
		l.session = nil
	}
}

// hangup ends a connection from this side.
func (l *loop) hangup(id core.ConnID, code core.Code, reason string) {
	if c := l.conns[id]; c != nil {
		delete(l.conns, id)
		// Who does not read would not read what is queued either.
		c.end(status.Error(grpcCode(code), reason), code == core.Exhausted)
	}
}

func (l *loop) do(a core.Action) {
	switch a := a.(type) {
	case core.Launch:
		l.workers[a.Container] = l.start(a)
	case core.Start:
		l.give(a.Container, a)
	case core.Update:
		l.give(a.Container, a)
	case core.Signal:
		l.give(a.Container, a)
	case core.Destroy:
		l.give(a.Container, a)
	case core.MakeVolumes, core.RemoveVolumes:
		if !l.volumes.give(a) {
			l.log.Error("action on volumes lost: too many wait", "action", fmt.Sprintf("%T", a))
		}
	case core.Forget:
		l.give(a.Container, a)
		if w := l.workers[a.Container]; w != nil {
			delete(l.workers, a.Container)
			l.ended.add(a.Last, w)
		}
	}
}

// give hands an action to the worker of its container.
func (l *loop) give(id core.ContainerID, a core.Action) {
	w := l.workers[id]
	if w == nil || !w.give(a) {
		// The core has at most a handful of actions under way per container.
		l.log.Error("action on a container lost", "container_id", id, "action", fmt.Sprintf("%T", a))
	}
}
