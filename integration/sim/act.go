// Copyright 2026 The Tepui Authors
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"math/rand/v2"
	"time"

	"github.com/tepui/tepui/agent/core"
	mesos "github.com/tepui/tepui/api/v1"
	"github.com/tepui/tepui/api/v1/executor"
)

// act does one action. What it is about may not be there: then nothing happens.
func (w *world) act(a action) {
	draw := a.draw()
	w.mix(7, uint64(a.kind))
	switch a.kind {
	case wait:
		return
	case launch, decline, kill, reconcile, suppress, revive, message, shutdownExecutor, teardown, staleAccept,
		request, updateFramework, schedulerDrop, schedulerCrash, schedulerFailover, schedulerCut:
		if s := w.scheds[a.who%len(w.scheds)]; s.present {
			w.did(a, s.name())
			s.act(a, draw)
		}
	case taskEnd, taskUpdate, executorExit, executorDrop, executorMessage, preempt, agentCrash, agentCut, agentHang, agentStop:
		if h := w.agents[a.who%len(w.agents)]; h.present && h.up {
			w.did(a, h.name())
			h.act(a, draw)
		}
	case partition:
		w.did(a, "")
		w.partition(draw)
	case heal:
		w.did(a, "")
		w.reconnect()
	case masterCrash:
		w.did(a, "")
		w.crashMaster(draw)
	case clockStep:
		w.did(a, "")
		w.stepClock(a, draw)
	case drain, deactivate, reactivate, markGone, scheduleMaintenance, startMaintenance, stopMaintenance:
		w.operatorActs(a, draw)
	case weights, quotas:
		w.operatorShares(a, draw)
	case look:
		w.look(a, draw)
	case byzantine:
		w.did(a, "")
		w.byzantine(draw)
	}
}

func (w *world) did(a action, who string) {
	w.counts["action: "+a.kind.String()]++
	w.line("== %v %s", a.kind, who)
}

// act does what an action asks of a host.
func (a *agent) act(what action, draw *rand.Rand) {
	switch what.kind {
	case agentCrash:
		a.crash(draw)
	case agentStop:
		a.must(core.Stop{Grace: time.Duration(draw.Int64N(int64(10 * second)))})
	case agentCut:
		if a.link != nil {
			a.link.sever()
		}
	case agentHang:
		a.cutOff = !a.cutOff
		if a.cutOff && a.link != nil {
			a.link.sever()
		}
	default:
		if b := a.someContainer(draw, what.kind == executorDrop || what.kind == executorMessage || what.kind == taskUpdate); b != nil {
			b.act(what, draw)
		}
	}
}

func (a *agent) someContainer(draw *rand.Rand, custom bool) *container {
	list := a.order
	if custom {
		list = nil
		for _, b := range a.order {
			if b.exec != nil {
				list = append(list, b)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[draw.IntN(len(list))]
}

// act does what an action asks of what runs in a container.
func (b *container) act(what action, draw *rand.Rand) {
	switch {
	case !b.runs:
	case what.kind == executorExit, what.kind == taskEnd && b.exec == nil:
		x := core.Exit{Status: exitStatus(draw)}
		switch draw.IntN(10) {
		case 0:
			x = core.Exit{Unknown: "the host was reset"}
		case 1:
			x = core.Exit{Status: 9, OOM: &core.OOM{Limit: 64 << 20, Peak: 64 << 20, Kills: 1, Outside: draw.IntN(3) == 0}}
		}
		b.exit(x)
	case what.kind == preempt:
		b.a.must(core.Preempt{Container: b.id})
	case b.exec == nil:
	case what.kind == executorDrop:
		b.exec.drop()
		b.killSoon(draw)
	case what.kind == executorMessage:
		b.exec.call(&executor.Call{Type: executor.Call_MESSAGE.Enum(), Message: &executor.Call_Message{Data: []byte("hello")}})
	case len(b.exec.tasks) > 0:
		t := b.exec.tasks[draw.IntN(len(b.exec.tasks))]
		if what.kind == taskUpdate && t.state == mesos.TaskState_TASK_RUNNING {
			for range 1 + draw.IntN(3) {
				b.exec.update(t, mesos.TaskState_TASK_RUNNING)
			}
			return
		}
		if what.kind == taskEnd {
			b.exec.finish(t, [...]mesos.TaskState{mesos.TaskState_TASK_FINISHED, mesos.TaskState_TASK_FAILED}[draw.IntN(2)])
		}
	}
}

// killSoon has a task of the container killed, sometimes, while its executor may
// not be connected.
func (b *container) killSoon(draw *rand.Rand) {
	ids := b.live()
	if len(ids) == 0 || draw.IntN(2) == 0 {
		return
	}
	if t := b.w.tasks.byID[ids[draw.IntN(len(ids))]]; t != nil {
		b.w.in(instant(draw.Int64N(int64(2*second))), func() {
			if b.w.tasks.byID[t.id] == t {
				t.owner.kill(t, true)
			}
		})
	}
}

// partition cuts some hosts and schedulers off from the master.
func (w *world) partition(draw *rand.Rand) {
	part := draw.Float64()
	for _, a := range w.agents {
		if draw.Float64() < part {
			a.cutOff = true
			if a.link != nil {
				a.link.sever()
			}
		}
	}
	for _, s := range w.scheds {
		if draw.Float64() < part {
			s.cutOff = true
			if s.conn != nil {
				s.conn.sever()
			}
		}
	}
}

// reconnect ends all partitions.
func (w *world) reconnect() {
	for _, a := range w.agents {
		a.cutOff = false
	}
	for _, s := range w.scheds {
		s.cutOff = false
	}
}

// crashMaster crashes the master now, or in the midst of its next step.
func (w *world) crashMaster(draw *rand.Rand) {
	if w.prof.amnesia && draw.IntN(2) == 0 {
		w.count("registry lost")
		clear(w.master.disk)
		w.master.order = nil
		w.promises.forget()
	}
	switch draw.IntN(3) {
	case 0:
		w.master.dying = beforePersist
	case 1:
		w.master.dying = afterPersist
	default:
		w.master.crash(draw)
	}
}

// stepClock has a clock jump: forward, as after a suspension of its machine, and
// a little backward.
func (w *world) stepClock(a action, draw *rand.Rand) {
	d := time.Duration(draw.ExpFloat64() * float64(10*time.Second))
	if draw.IntN(3) == 0 {
		d = -d / 4
	}
	if n := a.who % (len(w.agents) + 1); n < len(w.agents) {
		h := w.agents[n]
		h.offset += d
		if h.up {
			h.arm()
		}
		return
	}
	w.master.offset += d
	if w.master.up {
		w.master.arm()
	}
}
